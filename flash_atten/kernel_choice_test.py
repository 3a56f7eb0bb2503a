"""`attention` brings along what open knobs choose from, and nothing else: the rest would be built in vain.

Bazel builds the libraries; without it there are none, and this is skipped.
"""

import pytest

from flash_atten.config import S0
from flash_atten.knobs import DEFAULT_ASKED, choose_config
from flash_atten.libraries import libraries_beside, library_name

BUILT = libraries_beside()

SHAPES = [(blocks * S0, 2**power) for power in range(10, 18) for blocks in (1, 32, 128)]
CORES = (16, 20, 24)


@pytest.mark.skipif(not BUILT, reason="Bazel builds them: bazel test //flash_atten:kernel_choice_test")
def test_what_automatic_knobs_need_is_there_and_nothing_else() -> None:
    needed = {
        library_name(choose_config(DEFAULT_ASKED, q_rows=q_rows, s1=s1, cores=lambda: cores))
        for q_rows, s1 in SHAPES
        for cores in CORES
    }
    assert {path.stem for path in BUILT} == needed
