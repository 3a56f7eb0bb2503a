"""One case: a module, and what the real assembler makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A module that ptoas 0.48 accepts or refuses."""

    name: str
    text: str
    accepted: bool
    calls: Sequence[str] = ()
    """Parts of the C++ that are printed, in this order; `$name` is a variable, the same one in all of them."""

    warned: bool = False
    """Whether the embedded assembler warns that the device's headers do not take what is printed."""

    options: Sequence[str] = ()
    """Command-line options besides `--pto-arch=a3`."""


def accepts(name: str, text: str, *calls: str, warned: bool = False, options: Sequence[str] = ()) -> Case:
    """A module that ptoas 0.48 accepts, with what it prints."""
    return Case(name, text, True, calls, warned, options)


def refuses(name: str, text: str) -> Case:
    """A module that ptoas 0.48 refuses."""
    return Case(name, text, False)


def vector_function(body: str) -> str:
    """A module with a vector kernel around `body`; its arguments are %p (f32 pointer), %n (index) and %x (f32)."""
    return _function("vector", body)


def cube_function(body: str) -> str:
    """A module with a cube kernel around `body`, with the same arguments."""
    return _function("cube", body)


def _function(kind: str, body: str) -> str:
    return (
        f"func.func @kernel(%p: !pto.ptr<f32>, %n: index, %x: f32) attributes {{pto.kernel_kind = "
        f"#pto.kernel_kind<{kind}>}} {{\n{body}\nreturn\n}}\n"
    )
