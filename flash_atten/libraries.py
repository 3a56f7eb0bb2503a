"""Which library serves which configuration, and where it lies."""

from __future__ import annotations

from pathlib import Path

from flash_atten.config import RECIPE, KernelConfig
from kernels.library import LibraryError

DEFAULT_QK_PRELOAD = 3
"""The preload that a target name leaves unsaid: `fa_s1tile256` has preload 3, `fa_s1tile256_preload4` says so."""


def library_name(config: KernelConfig) -> str:
    """Return the name of the Bazel target that builds this configuration, for example `fa_s1tile512_preload4`."""
    name = f"fa_s1tile{config.s1_tile}"
    if config.schedule != RECIPE:
        return f"{name}_{config.schedule}"  # its other knobs follow from the tile
    if config.qk_preload != DEFAULT_QK_PRELOAD:
        name += f"_preload{config.qk_preload}"
    if config.kv_split != 1:
        name += f"_kvsplit{config.kv_split}"
    if config.heads:
        name += "_heads"
    return name


def library_path(config: KernelConfig, directory: Path | None = None) -> Path:
    """Return the library for `config` in `directory` (default: beside this file, where Bazel's runfiles have it).

    Raises LibraryError if it is not there.
    """
    directory = directory or Path(__file__).parent
    path = directory / f"{library_name(config)}.so"
    if not path.exists():
        there = ", ".join(sorted(p.name for p in directory.glob("fa_*.so"))) or "none"
        raise LibraryError(
            f"there is no {path.name} in {directory} (libraries there: {there}); start this program with `tools/bazel "
            f"run --//flash_atten:kernels={path.stem}`, which brings it along, or build //flash_atten:{path.name} and "
            "name it with --library=PATH"
        )
    return path


def libraries_beside(directory: Path | None = None) -> list[Path]:
    """Return the libraries that compute in `directory` (default: beside this file, as in Bazel's runfiles)."""
    paths = sorted((directory or Path(__file__).parent).glob("fa_*.so"))
    return [path for path in paths if not path.name.endswith(".trace.so")]
