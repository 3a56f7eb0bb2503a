"""Splits C++ text into statements, blocks and preprocessor lines, in time linear in its length.

The patcher must not be fooled by formatting, so it sees code only through this scanner: comments, string, character and raw string literals,
digit separators, line continuations, preprocessor lines, several statements on a line and statements over several lines are told apart here.
Preprocessor conditions are not evaluated: a preprocessor line is an item of its own, which no pattern matches across.

What a compiler would not accept, or what is cut off in the middle, raises `PatchError`: counts of a file that was not understood would be
guesses. Text is decoded as Latin-1 by the caller, so that every byte survives; all syntax that matters is ASCII.
"""

import enum
import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from patchers.errors import PatchError
from patchers.marker import removed_by

_STRUCTURE = r""";{}()"'/#\\"""
# A whole statement without nested parentheses, comments or literals: nearly every line that ptoas prints.
_PLAIN_STATEMENT = re.compile(rf"\s*([^{_STRUCTURE}]*(?:\([^{_STRUCTURE}]*\)[^{_STRUCTURE}]*)*);", re.ASCII)
# Compilers also accept, with a warning, blanks between the backslash and the end of the line.
_CONTINUATION = r"\\[ \t]*\r?\n"
_COMMENT = rf"//[^\\\n]*(?:(?:{_CONTINUATION}|\\)[^\\\n]*)*|/\*(?s:.*?)\*/"
_STRING = r'"(?:[^"\\\n]|\\(?:\r\n|[^\r]))*"'
_CHARACTER = r"'(?:[^'\\\n]|\\(?:\r\n|[^\r]))*'"
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
    | (?P<comment>{_COMMENT})
    | (?P<literal>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s"]{{0,16}})\((?s:.*?)\)(?P=delimiter)"|{_STRING}|{_CHARACTER})
    | (?P<unterminated>(?:u8|[uUL])?R"|["']|/\*)
    | (?P<word>\.?\d(?:'\w|[\w.])*|\w+)
    | (?P<continuation>{_CONTINUATION})
    | (?P<open_parenthesis>\() | (?P<close_parenthesis>\))
    | (?P<open_brace>\{{) | (?P<close_brace>\}})
    | (?P<semicolon>;)
    | (?P<hash>\#)
    | (?P<other>[^\s\w{_STRUCTURE}]+|[/\\])
    """,
    re.ASCII | re.VERBOSE,
)
_DIRECTIVE_TOKEN = re.compile(
    rf"""(?P<comment>{_COMMENT})|(?P<unterminated>/\*)|(?P<text>[^\n\\/"']+|{_CONTINUATION}|{_STRING}|{_CHARACTER}|[\\"'/])""",
    re.ASCII,
)
_DIRECTIVE_NAME = re.compile(r"#\s*(\w*)\s*(\w*)", re.ASCII)
# A comment whose end is hidden by a line continuation: `*\<newline>/` ends it for a compiler.
_HIDDEN_COMMENT_END = re.compile(rf"\*(?:{_CONTINUATION})+/", re.ASCII)
# White space of C++; Python's str.strip() would also take bytes that a compiler does not.
BLANKS = " \t\n\v\f\r"
_BYTE_ORDER_MARK = "\xef\xbb\xbf"


class Kind(enum.Enum):
    """What an item of the scanned text is."""

    STATEMENT = "statement"
    """Up to and including its semicolon."""
    FRAGMENT = "fragment"
    """Text without semicolon before a closing brace: an enumerator, an initialiser."""
    OPEN = "open"
    """An opening brace; the text is what stands before it (a function's or loop's head)."""
    CLOSE = "close"
    DIRECTIVE = "directive"
    """A preprocessor line with its continuation lines."""
    REMOVED = "removed"
    """The comment that an earlier run left instead of a barrier; the text is the name of the pattern."""


class Item(NamedTuple):
    """One structural item: `text` has comments as single blanks and literals as `""`; offsets are into the scanned text, the end excluded."""

    kind: Kind
    start: int
    end: int
    text: str


class Lines:
    """Line numbers, from 1, of offsets into a text; only a line feed ends a line."""

    def __init__(self, text: str) -> None:
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def number(self, offset: int) -> int:
        """Return the number of the line that holds `offset`."""
        return bisect_left(self._ends, offset) + 1


@dataclass(frozen=True)
class Source:
    """A scanned file: its text, items in textual order, the names that it defines as macros, and its line numbers."""

    text: str
    items: tuple[Item, ...]
    macros: frozenset[str]
    lines: Lines

    def line(self, index: int) -> int:
        """Return the line on which item `index` begins."""
        return self.lines.number(self.items[index].start)


def scan(text: str) -> Source:
    """Scan C++ `text`.

    Raises:
        PatchError: braces, parentheses, preprocessor conditions, comments or literals are unbalanced or cut off, or the text is empty or binary.
    """
    scanner = _Scanner(text)
    scanner.run()
    return Source(text, tuple(scanner.items), frozenset(scanner.macros), scanner.lines)


class _Scanner:
    """The state of one scan: the statement being read, and what is open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = Lines(text)
        self.items: list[Item] = []
        self.macros: set[str] = set()
        self.position = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
        self.parts: list[str] = []
        self.start = 0
        self.brackets: list[tuple[str, int]] = []
        self.conditions: list[int] = []
        self.parentheses = 0
        self.code_on_line = False

    def run(self) -> None:
        if "\0" in self.text:
            self.fail(self.text.index("\0"), "a NUL byte: this is not a C++ text")
        size = len(self.text)
        while self.position < size:
            if not self.parts:
                self.plain_statements()
            if self.position < size:
                self.token()
        self.finish()

    def plain_statements(self) -> None:
        """Take as many plain statements as follow each other; this loop is where the time goes in a long file."""
        text, position, match_at, append = self.text, self.position, _PLAIN_STATEMENT.match, self.items.append
        while match := match_at(text, position):
            start, end = match.span(1)
            position = match.end()
            if start < end:
                append(Item(Kind.STATEMENT, start, position, match[1]))
        if position > self.position:
            self.position = position
            self.code_on_line = True

    def token(self) -> None:
        match = _TOKEN.match(self.text, self.position)
        assert match is not None, "the token expression covers every character"
        kind = match.lastgroup
        assert kind is not None
        self.position = match.end()
        getattr(self, f"on_{kind}")(match)

    def add(self, match: re.Match[str], part: str) -> None:
        if not self.parts:
            self.start = match.start()
        self.parts.append(part)
        self.code_on_line = True

    def flush(self, kind: Kind, end: int) -> None:
        text = "".join(self.parts).strip(BLANKS)
        start = self.start if self.parts else end
        self.parts.clear()
        if text or kind is Kind.OPEN:
            self.items.append(Item(kind, start, end, text))

    def on_space(self, match: re.Match[str]) -> None:
        if self.parts:
            self.parts.append(" ")
        if "\n" in match[0]:
            self.code_on_line = False

    def on_comment(self, match: re.Match[str]) -> None:
        if _HIDDEN_COMMENT_END.search(match[0]):
            self.fail(match.start(), "a comment whose end may be hidden by a line continuation")
        if self.parts:
            self.parts.append(" ")
        elif pattern := removed_by(match[0]):
            self.items.append(Item(Kind.REMOVED, *match.span(), pattern))

    def on_literal(self, match: re.Match[str]) -> None:
        self.add(match, '""')

    def on_word(self, match: re.Match[str]) -> None:
        self.add(match, match[0])

    on_other = on_word

    def on_unterminated(self, match: re.Match[str]) -> None:
        self.fail(match.start(), f"{match[0]} is never closed: the file is cut off, or not C++")

    def on_continuation(self, match: re.Match[str]) -> None:
        self.fail(
            match.start(),
            "a line continuation outside comments, literals and preprocessor lines, which this tool does not follow",
        )

    def on_open_parenthesis(self, match: re.Match[str]) -> None:
        self.add(match, "(")
        self.brackets.append(("(", match.start()))
        self.parentheses += 1

    def on_close_parenthesis(self, match: re.Match[str]) -> None:
        self.close("(", match)
        self.parentheses -= 1
        self.add(match, ")")

    def on_open_brace(self, match: re.Match[str]) -> None:
        self.brackets.append(("{", match.start()))
        if self.parentheses:
            self.add(match, "{")
        else:
            self.flush(Kind.OPEN, match.end())
            self.code_on_line = True

    def on_close_brace(self, match: re.Match[str]) -> None:
        self.close("{", match)
        if self.parentheses:
            self.add(match, "}")
        else:
            self.flush(Kind.FRAGMENT, match.start())
            self.items.append(Item(Kind.CLOSE, *match.span(), ""))
            self.code_on_line = True

    def on_semicolon(self, match: re.Match[str]) -> None:
        if self.parentheses:
            self.add(match, ";")
        else:
            self.flush(Kind.STATEMENT, match.end())
            self.code_on_line = True

    def on_hash(self, match: re.Match[str]) -> None:
        if self.code_on_line:
            self.add(match, "#")
            return
        if self.parts:
            self.fail(match.start(), "a preprocessor line in the middle of a statement")
        start, parts = match.start(), ["#"]
        while token := _DIRECTIVE_TOKEN.match(self.text, self.position):
            if token.lastgroup == "unterminated":
                self.on_unterminated(token)
            parts.append(" " if token.lastgroup == "comment" else token[0])
            self.position = token.end()
        self.items.append(Item(Kind.DIRECTIVE, start, self.position, "".join(parts)))
        self.directive(start, "".join(parts))

    def directive(self, start: int, text: str) -> None:
        match = _DIRECTIVE_NAME.match(text)
        assert match is not None
        name, operand = match.groups()
        if name in ("if", "ifdef", "ifndef"):
            self.conditions.append(start)
        elif name in ("elif", "else", "endif") and not self.conditions:
            self.fail(start, f"#{name} without #if")
        elif name == "endif":
            self.conditions.pop()
        elif name == "define":
            self.macros.add(operand)

    def close(self, opening: str, match: re.Match[str]) -> None:
        if not self.brackets or self.brackets[-1][0] != opening:
            self.fail(match.start(), f"'{match[0]}' closes nothing")
        self.brackets.pop()

    def finish(self) -> None:
        if self.brackets:
            opening, offset = self.brackets[-1]
            self.fail(offset, f"'{opening}' is never closed: the file is cut off, or not C++")
        if self.conditions:
            self.fail(self.conditions[-1], "this preprocessor condition has no #endif: the file is cut off, or not C++")
        if self.parts:
            self.fail(self.start, f"the file ends within the statement that begins with {''.join(self.parts)[:40]!r}")
        if not self.items:
            self.fail(0, "there is no code in it: the file is empty or cut off")

    def fail(self, offset: int, reason: str) -> NoReturn:
        raise PatchError(f"line {self.lines.number(offset)}: {reason}.")
