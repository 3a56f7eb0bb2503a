"""Errors of the assembler, as a compiler prints them: `file:line:col: error: message`, then notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects.builtin import ArrayAttr, CallSiteLoc, FileLineColLoc, FusedLoc, NameLoc
from xdsl.ir import Attribute, Operation


@dataclass(frozen=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Print as `file:line:col`."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning and the notes that belong to it."""

    place: Place
    message: str
    notes: tuple[tuple[Place, str], ...] = ()
    severity: str = "error"

    def __str__(self) -> str:
        """All lines, without a newline at the end."""
        lines = [f"{self.place}: {self.severity}: {self.message}"]
        lines += [f"{place}: note: {message}" for place, message in self.notes]
        return "\n".join(lines)


class AssemblerError(Exception):
    """The input cannot be assembled; `diagnostics` say why, in the order of the file."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class OperationError(Exception):
    """An operation that a pass cannot handle; the driver knows where it is."""

    def __init__(self, op: Operation, message: str) -> None:
        super().__init__(message)
        self.op = op
        self.message = message


class OperationWarning(OperationError):
    """An operation that can be assembled, and should not have to be."""


def wrong(op: Operation, problem: str) -> OperationError:
    """The error that an operation has a problem: its name, then that."""
    return OperationError(op, f"{op.name}: {problem}")


def user_place(op: Operation) -> Place | None:
    """The line of the user's program that made the operation, if it carries one."""
    for location in _leaves(op.location):
        return Place(location.filename.data, location.line.data, location.column.data)
    return None


def _leaves(location: Attribute) -> Iterator[FileLineColLoc]:
    """File locations inside a location, the most specific first."""
    match location:
        case FileLineColLoc():
            yield location
        case NameLoc():
            yield from _leaves(location.location)
        case CallSiteLoc():
            yield from _leaves(location.callee)
            yield from _leaves(location.caller)
        case FusedLoc():
            assert isinstance(location.locations, ArrayAttr)
            for inner in location.locations:
                yield from _leaves(inner)
        case _:
            return
