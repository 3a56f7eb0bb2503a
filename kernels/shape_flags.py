"""The flag of programs that launch any kernel: at which shape, in the kernel's own names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from absl import flags


def sizes_of(texts: Iterable[str], given: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return the sizes that are written as NAME=VALUE, and those that are `given` otherwise.

    Raises ValueError for what is no whole number, and for a size that is given twice.
    """
    sizes = dict(given or {})
    for text in texts:
        name, _, value = text.partition("=")
        if not value.strip().isdecimal():
            raise ValueError(f"--shape={text} is no size: give a name and a whole number, such as --shape=rows=640")
        if name in sizes:
            raise ValueError(f"--shape={text}: {name} is given twice")
        sizes[name] = int(value)
    return sizes


def define_shape(**shortcuts: str) -> Callable[[], dict[str, int]]:
    """Define --shape=NAME=VALUE,..., and for each of `shortcuts` a flag of that name; return what reads the sizes.

    `shortcuts` are sizes that many kernels have, with what they are. Reading raises ValueError, as `sizes_of`.
    """
    listed = flags.DEFINE_list("shape", [], "Sizes by the kernel's own names, such as rows=640; default: its own.")
    short = {
        name: flags.DEFINE_integer(name, None, f"{what} The same as --shape={name}=N.")
        for name, what in shortcuts.items()
    }

    def read() -> dict[str, int]:
        if listed.present and not listed.value:
            raise ValueError("--shape= is an empty list; give sizes such as rows=640, or leave the flag out")
        given = {name: flag.value for name, flag in short.items() if flag.value is not None}
        return sizes_of(listed.value, given)

    return read
