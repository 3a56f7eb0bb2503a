"""What open knobs take of the libraries that are there: a program brings along one, unless it is told to bring more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flash_atten.backend import cube_cores
from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.knobs import DEFAULT_ASKED, Asked, choose_config
from flash_atten.libraries import libraries_beside, library_name
from kernels.backend import Choice
from kernels.library import KernelLibrary, LibraryError


@dataclass(frozen=True)
class Served:
    """What a launch runs with."""

    config: KernelConfig
    notes: list[str] = field(default_factory=list)
    """What the user is to know if the rules would take another library."""


def serve_shape(asked: Asked, q_rows: int, s1: int, choice: Choice, library: Path | None) -> Served:
    """Return what one head of this shape runs with: `library` if the user names one, else what is built.

    Raises ValueError for what cannot run.
    """
    config = choose_config(asked, q_rows=q_rows, s1=s1, cores=lambda: cube_cores(choice, library), library=library)
    return Served(config) if library else serve(config, asked, LaunchShape(q_rows, s1))


def serve(by_rule: KernelConfig, asked: Asked, shape: LaunchShape, directory: Path | None = None) -> Served:
    """Return `by_rule`, what the rules make of `asked`, or the nearest configuration that a library in `directory` has.

    The latter only if the library of the former is not there, and another one is that has all knobs that the user gave
    and can run `shape`. `directory` is by default where Bazel's runfiles have the libraries.
    """
    there = list(_configs(libraries_beside(directory)))
    possible = [config for config in there if _may(config, by_rule, asked, shape)]
    # If nothing fits, whoever opens the library of the rules says that it is missing, and how to build it.
    if by_rule in there or not possible:
        return Served(by_rule)
    nearest = min(possible, key=lambda config: sum(config.knobs[name] != by_rule.knobs[name] for name in config.knobs))
    note = (
        f"{library_name(nearest)} runs what the rules for open knobs give to {library_name(by_rule)}, which is not "
        "built: `tools/bazel run --//flash_atten:kernels=auto ...` brings along all that they choose from"
    )
    return Served(nearest, [note])


def _configs(paths: list[Path]) -> Iterator[KernelConfig]:
    """Yield what the libraries say they are built for; one that cannot be asked is left to who opens it."""
    names = KernelConfig().knobs
    for path in paths:
        try:
            knobs = KernelLibrary(path).info.knobs
            yield KernelConfig(**{name: knobs[name] for name in names})  # type: ignore[arg-type]
        except (LibraryError, KeyError, ValueError):
            continue


def _may(config: KernelConfig, by_rule: KernelConfig, asked: Asked, shape: LaunchShape) -> bool:
    """Whether a configuration has what the user gave, and runs the shape."""
    # Never open: a kernel of heads takes other operands.
    given = ["heads", *(knob for knob, value in asdict(asked).items() if value != getattr(DEFAULT_ASKED, knob))]
    if any(config.knobs[name] != by_rule.knobs[name] for name in given):
        return False
    try:
        shape.check(config)
    except ValueError:
        return False
    return True
