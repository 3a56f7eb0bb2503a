"""`attention` brings along what open knobs choose from, and nothing else: the rest would be built in vain."""

from pathlib import Path

from flash_atten.config import S0
from flash_atten.knobs import DEFAULT_ASKED, choose_config
from flash_atten.libraries import library_name

KERNELS = Path(__file__).parent
"""Where the libraries lie that Bazel built for a program."""

SHAPES = [(blocks * S0, 2**power) for power in range(10, 18) for blocks in (1, 32, 128)]
CORES = (16, 20, 24)


def test_what_automatic_knobs_need_is_there_and_nothing_else() -> None:
    needed = {
        library_name(choose_config(DEFAULT_ASKED, q_rows=q_rows, s1=s1, cores=lambda: cores))
        for q_rows, s1 in SHAPES
        for cores in CORES
    }
    assert {path.stem for path in KERNELS.glob("fa_*.so")} == needed
