"""How a wrong use of the DSL is reported."""

from __future__ import annotations

import traceback
from typing import NoReturn

from ptodsl.locations import SourceLine, is_user_file, user_line


class DslError(ValueError):
    """A use of the DSL that has no meaning. The message is `file:line: rule`, with the user's file and line."""

    def __init__(self, line: SourceLine, rule: str) -> None:
        super().__init__(f"{line}: {rule}")
        self.line = line
        self.rule = rule


def failure_text(error: Exception) -> str:
    """Return what a program prints when `error` ended the building of a kernel, for the kernel's author.

    A DslError is its sentence. Of any other error the last line of the author's files comes first, as a compiler would
    say it; the author's lines that led there follow, those of libraries do not.
    """
    if isinstance(error, DslError):
        return str(error)
    # The outermost frame is the program's that called the kernel.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)[1:] if is_user_file(frame.filename)]
    what = "".join(traceback.format_exception_only(error)).strip()
    if not frames:
        return what
    places = [f"{SourceLine.of(frame.filename, frame.lineno or 0)}: {frame.line}" for frame in frames]
    return "\n".join([f"{places[-1].split(': ')[0]}: {what}", *(f"  {place}" for place in places)])


def fail(rule: str, cause: Exception | None = None) -> NoReturn:
    """Raise a DslError at the user's current line."""
    raise DslError(user_line(), rule) from cause
