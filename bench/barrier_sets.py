"""Which PIPE_V barriers the patcher removed from a kernel, as a choice of library: an A/B is one command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flash_atten.config import KernelConfig
from flash_atten.launch_library import LibraryError, library_name

GU = "gu"
"""The shipped kernels: the recipe's pattern is removed."""

UNPATCHED = "none"
"""The same kernels as assembled, with all their barriers; //sim has them."""

SETS = {
    GU: GU,
    "trowexpandmul-tadd": GU,
    UNPATCHED: UNPATCHED,
    "off": UNPATCHED,
    "disable": UNPATCHED,
    "disabled": UNPATCHED,
}
"""Set of barriers by each of the patcher's names for it."""


def barrier_sets(names: Sequence[str]) -> list[str]:
    """Return the sets that `names` ask for. Raises ValueError for a set that no built library has."""
    for name in names:
        if name not in SETS:
            raise ValueError(
                f"--remove_barriers={name} is not built: use gu (the shipped kernels), none (all barriers kept), or "
                "both: gu,none. For another set declare an fa_library with remove_barriers = [...] and name its .so "
                "with --library"
            )
    return list(dict.fromkeys(SETS[name] for name in names))


def library_with(config: KernelConfig, barriers: str) -> Path | None:
    """Return the library for `config` with a set of barriers removed; None for the usual one.

    Raises LibraryError if it is not there.
    """
    if barriers == GU:
        return None
    path = Path(__file__).parents[1] / "sim" / f"{library_name(config)}_unpatched.so"
    if not path.exists():
        raise LibraryError(
            f"there is no {path.name}; start the benchmark with `bazel run //bench:fa`, which brings it along"
        )
    return path
