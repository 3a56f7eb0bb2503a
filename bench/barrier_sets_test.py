"""Names of barrier sets, and the libraries that have them."""

import pytest

from bench.barrier_sets import GU, UNPATCHED, barrier_sets, library_with
from flash_atten.config import KernelConfig
from flash_atten.launch_library import LibraryError


def test_aliases_are_one_set_in_the_order_asked_for() -> None:
    assert barrier_sets(["off", "trowexpandmul-tadd", "none"]) == [UNPATCHED, GU]


def test_a_set_that_is_not_built_is_refused_with_what_is() -> None:
    with pytest.raises(ValueError, match="--remove_barriers=all is not built: use gu"):
        barrier_sets(["all"])


def test_the_shipped_set_is_the_usual_library() -> None:
    assert library_with(KernelConfig(), GU) is None


def test_a_missing_library_is_named() -> None:
    with pytest.raises(LibraryError, match=r"fa_s1tile512_preload4_unpatched\.so"):
        library_with(KernelConfig(s1_tile=512, qk_preload=4), UNPATCHED)
