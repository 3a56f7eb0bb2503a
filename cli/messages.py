"""What a program says when it cannot do what was asked: one paragraph and an exit code, without any flags."""

from __future__ import annotations

import sys
import textwrap

EXIT_FAILED = 1
EXIT_USAGE = 2

_PARAGRAPH_WIDTH = 110


def paragraph(text: str, lead: str = "") -> str:
    """Return `lead` and `text` as one wrapped paragraph; lines after the first paragraph break are kept as they are
    (reports).
    """
    head, blank, rest = text.strip().partition("\n")
    wrapper = textwrap.TextWrapper(
        _PARAGRAPH_WIDTH, initial_indent=lead, break_on_hyphens=False, break_long_words=False
    )
    return wrapper.fill(head) + blank + rest


def fail(message: str | Exception, code: int) -> int:
    """Print `error: message` on stderr, or what an exception says, and return `code`."""
    text = message if isinstance(message, str) else _describe(message)
    print(paragraph(text, "error: "), file=sys.stderr)
    return code


def _describe(error: Exception) -> str:
    """Return the words of an error without Python's number for it."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
