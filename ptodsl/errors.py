"""How a wrong use of the DSL is reported."""

from __future__ import annotations

from typing import NoReturn

from ptodsl.locations import SourceLine, user_line


class DslError(ValueError):
    """A use of the DSL that has no meaning. The message is `file:line: rule`, with the user's file and line."""

    def __init__(self, line: SourceLine, rule: str) -> None:
        super().__init__(f"{line}: {rule}")
        self.line = line
        self.rule = rule


def fail(rule: str, cause: Exception | None = None) -> NoReturn:
    """Raise a DslError at the user's current line."""
    raise DslError(user_line(), rule) from cause
