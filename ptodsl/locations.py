"""Where in the user's program an operation comes from.

The user's line is the innermost frame outside this package's implementation (its examples and tests are users). A
helper of the user's steps aside, in favour of its caller, with `__tracebackhide__ = True`, as it would for pytest. File
names are relative to the folder that contains `ptodsl`, or bare names for files elsewhere: never absolute, so the
printed module is the same wherever it was built.
"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(_PACKAGE)
_DIALECT = os.path.join(_PACKAGE, "dialect")
_CONTEXTLIB = os.path.abspath(contextlib.__file__)

HIDDEN = "__tracebackhide__"
"""Local variable that marks a function whose lines are of no interest."""

UNKNOWN_COLUMN = 1
"""Column of every location: the interpreter reports lines."""


@dataclass(frozen=True)
class SourceLine:
    """A line of the user's program."""

    file: str
    line: int

    def __str__(self) -> str:
        """`file:line`, as error messages begin."""
        return f"{self.file}:{self.line}"

    @classmethod
    def of(cls, path: str, line: int) -> SourceLine:
        """Return the line of the source file at `path`, named as locations name it."""
        return cls(_user_file(path) or path, line)

    @property
    def attribute(self) -> FileLineColLoc:
        """The same as an MLIR location."""
        return FileLineColLoc(StringAttr(self.file), IntAttr(self.line), IntAttr(UNKNOWN_COLUMN))


@cache
def _user_file(path: str) -> str | None:
    """Name to show for the source file `path`; None if it belongs to the implementation."""
    full = os.path.abspath(path)
    folder, name = os.path.split(full)
    # Its frames stand between a `with` of the user's and the generator behind it.
    if full == _CONTEXTLIB:
        return None
    # None of the folders below these: the examples are users.
    if folder in (_PACKAGE, _DIALECT) and not name.endswith("_test.py"):
        return None
    relative = os.path.relpath(full, _ROOT)
    return name if relative.startswith(os.pardir) else relative.replace(os.sep, "/")


def is_user_file(path: str) -> bool:
    """Whether the source file at `path` is a user's: no part of this package, of another one, or of Python."""
    full = os.path.abspath(path)
    libraries = (*{os.path.abspath(folder) for folder in sysconfig.get_paths().values()}, sys.prefix)
    return (
        _user_file(path) is not None
        # <string> and <frozen runpy> are no files.
        and os.path.isfile(full)
        and "site-packages" not in full
        and not full.startswith(tuple(folder + os.sep for folder in libraries))
    )


def user_line() -> SourceLine:
    """Return the line of the user's program that is being executed."""
    # This runs for every operation: `inspect.stack` would read the source of every frame each time.
    frame = sys._getframe(1)
    while True:
        file = _user_file(frame.f_code.co_filename)
        if file is not None and HIDDEN not in frame.f_code.co_varnames:
            return SourceLine(file, frame.f_lineno)
        assert frame.f_back is not None, "the outermost frame is never the implementation's"
        frame = frame.f_back
