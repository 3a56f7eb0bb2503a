"""Which PIPE_V barriers the patcher removed from a kernel, as a choice of library: an A/B is one command.

A set is `none` or some of the patcher's patterns joined by `+`. The build setting --//bench:remove_barriers says which
sets are built; barrier_sets.bzl writes down where their libraries are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flash_atten.config import KernelConfig
from flash_atten.libraries import library_name
from kernels.library import LibraryError
from patchers.errors import PatchError
from patchers.patterns import PROVED, select_patterns

GU = "gu"
"""The shipped kernels: the recipe's pattern is removed."""

NONE = "none"
"""The same kernels as assembled, with all their barriers."""

ROOT = Path(__file__).parents[1]
MANIFEST = Path(__file__).with_name("kernels.json")
"""Written by the target //bench:kernels; without it, only the shipped kernels are known."""


@dataclass(frozen=True)
class BuiltSets:
    """The sets that were built, and what is run if the user does not say."""

    default: tuple[str, ...] = (GU,)
    libraries: Mapping[str, Mapping[str, Path]] = field(default_factory=lambda: {GU: {}})
    """Library by set and kernel; the shipped kernels need not be listed."""

    def choose(self, names: Sequence[str]) -> list[str]:
        """Return the sets that `names` ask for, the default if there are none.

        Raises ValueError for what is no set, or was not built.
        """
        sets = list(dict.fromkeys(map(set_name, names))) or list(self.default)
        if missing := [name for name in sets if name not in self.libraries]:
            raise ValueError(
                f"the kernels with the barriers of {', '.join(missing)} removed are not built; built are "
                f"{', '.join(self.libraries)}. Say so to Bazel instead: tools/bazel run "
                f"--//bench:remove_barriers={','.join(sets)} //bench:fa -- and the other flags"
            )
        return sets

    def library(self, config: KernelConfig, barriers: str) -> Path | None:
        """Return the library for `config` with a set of barriers removed; None for the shipped one.

        Of other schedules than the recipe there is only the shipped one, with all its barriers.

        Raises LibraryError if it is not there.
        """
        if barriers == GU or (barriers == NONE and not config.by_recipe):
            return None
        path = self.libraries[barriers].get(library_name(config))
        if path is None or not path.exists():
            raise LibraryError(
                f"there is no {library_name(config)} with the barriers of {barriers} removed; start the benchmark with "
                f"`tools/bazel run --//bench:remove_barriers={barriers} "
                f"--//flash_atten:kernels={library_name(config)} //bench:fa`, which brings it along"
            )
        return path


def set_name(text: str) -> str:
    """Return the set that `text` names, patterns and aliases joined by +. Raises ValueError for anything else."""
    parts = [part.strip() for part in text.split("+")]
    try:
        if "" in parts:
            raise PatchError(f"{text!r} is no set of patterns.")
        patterns = [pattern.name for pattern in select_patterns(parts)]
    except PatchError as error:
        raise ValueError(
            f"--remove_barriers: {error} Join the patterns of a set by +, separate sets by commas"
        ) from error
    # Neither `proved` nor `none` is a pattern: the one is added again, the other is what nothing stands for.
    return "+".join(patterns + [PROVED] * (PROVED in parts)) or NONE


def built_sets(manifest: Path = MANIFEST) -> BuiltSets:
    """Return the sets that //bench:kernels has built."""
    if not manifest.exists():
        return BuiltSets()
    found = json.loads(manifest.read_text(encoding="utf-8"))
    libraries = {
        name: {kernel: ROOT / path for kernel, path in paths.items()} for name, paths in found["libraries"].items()
    }
    return BuiltSets(tuple(found["default"]), libraries)
