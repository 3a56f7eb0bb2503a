"""Splits C++ text into statements, blocks and preprocessor lines, in time linear in its length.

The patcher must not be fooled by formatting, so it sees code only through this scanner: comments, string, character
and raw string literals, digit separators, line continuations, preprocessor lines, several statements on a line and
statements over several lines are told apart here. Preprocessor conditions are not evaluated: a preprocessor line is an
item of its own, which no pattern matches across.

What a compiler would not accept, or what is cut off in the middle, raises `PatchError`: counts of a file that was not
understood would be guesses. Text is decoded as Latin-1 by the caller, so that every byte survives; all syntax that
matters is ASCII.
"""

import enum
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, NoReturn

from patchers.errors import PatchError

_STRUCTURE = r""";{}()"'/#\\"""
# Compilers also accept, with a warning, blanks between the backslash and the end of the line.
_CONTINUATION = r"\\[ \t]*\r?\n"
# A comment to the end of the line goes on behind a continuation.
_COMMENT = rf"//[^\\\n]*(?:(?:{_CONTINUATION}|\\)[^\\\n]*)*|/\*(?s:.*?)\*/"
# Behind a backslash anything may stand, an end of line of either kind included.
_STRING = r'"(?:[^"\\\n]|\\(?:\r\n|[^\r]))*"'
_CHARACTER = r"'(?:[^'\\\n]|\\(?:\r\n|[^\r]))*'"
_PLAIN = rf"[^{_STRUCTURE}]*"
# Three levels of parentheses; what has more goes the slow way, token by token.
_CALL = rf"\({_PLAIN}(?:\({_PLAIN}(?:\({_PLAIN}\){_PLAIN})*\){_PLAIN})*\)"
# At the beginning of a statement: what most lines are, taken in one step. A plain statement has no comments, literals
# or deep parentheses in it.
_BEGINNING = re.compile(
    rf"""\s*(?:
    (?P<statement>{_PLAIN}(?:{_CALL}{_PLAIN})*);
    | (?P<comment>{_COMMENT})
    | (?P<open_brace>\{{)
    | (?P<close_brace>\}})
    | (?P<directive>\#)
    | (?P<other>)
    )""",
    re.ASCII | re.VERBOSE,
)
# Within a statement, or where it does not begin plainly.
# `text` ends before a word, as that may be the prefix of a literal, or a number with separators.
_TOKEN = re.compile(
    rf"""
    (?P<text>[^{_STRUCTURE}]*[^\w{_STRUCTURE}])
    | (?P<comment>{_COMMENT})
    | (?P<literal>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s"]{{0,16}})\((?s:.*?)\)(?P=delimiter)"|{_STRING}|{_CHARACTER})
    | (?P<unterminated>(?:u8|[uUL])?R"|["']|/\*)
    | (?P<word>\d(?:'\w|[\w.])*|\w+|/)
    | (?P<backslash>\\)
    | (?P<open_parenthesis>\()
    | (?P<close_parenthesis>\))
    | (?P<open_brace>\{{)
    | (?P<close_brace>\}})
    | (?P<semicolon>;)
    | (?P<directive>\#)
    """,
    re.ASCII | re.VERBOSE,
)
_DIRECTIVE_TOKEN = re.compile(
    rf"""
    (?P<comment>{_COMMENT})
    | (?P<unterminated>/\*)
    | (?P<text>[^\n\\/"']+|{_CONTINUATION}|{_STRING}|{_CHARACTER}|[\\"'/])
    """,
    re.ASCII | re.VERBOSE,
)
_DIRECTIVE_NAME = re.compile(r"#\s*(\w*)\s*(\w*)", re.ASCII)
# A comment whose end is hidden by a line continuation: `*\<newline>/` ends it for a compiler.
_HIDDEN_COMMENT_END = re.compile(rf"\*(?:{_CONTINUATION})+/", re.ASCII)
# White space of C++; Python's str.strip() would also take bytes that a compiler does not.
BLANKS = " \t\n\v\f\r"
_BYTE_ORDER_MARK = "\xef\xbb\xbf"
# The comment that stands where a barrier was removed.
_MARKER = re.compile(r"(?://|/\*)\s*\[vec_barriers\] ([a-z][a-z-]*): pipe_barrier\(PIPE_V\);\s*(?:\*/)?", re.ASCII)


def removal_comment(pattern: str, *, alone: bool) -> str:
    """Return the comment that replaces a barrier; `alone` says that nothing else stands on its line."""
    text = f"[vec_barriers] {pattern}: pipe_barrier(PIPE_V);"
    return f"// {text}" if alone else f"/* {text} */"


def removed_by(comment: str) -> str | None:
    """Return the name of the pattern if `comment` is such a comment."""
    match = _MARKER.fullmatch(comment) if "[vec_barriers]" in comment else None
    return match[1] if match else None


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
    """One structural item, at offsets [start, end) of the scanned text.

    `text` has blanks for comments and `""` for literals.
    """

    kind: Kind
    start: int
    end: int
    text: str


class Lines:
    """Line numbers, from 1, of offsets into a text; only a line feed ends a line."""

    def __init__(self, text: str) -> None:
        self._begins = list(accumulate(len(line) + 1 for line in text.split("\n")))
        """Offsets of the second line and all after it."""

    def number(self, offset: int) -> int:
        """Return the number of the line that holds `offset`."""
        return bisect_right(self._begins, offset) + 1


@dataclass(frozen=True)
class Source:
    """A scanned file."""

    text: str
    items: tuple[Item, ...]
    """In textual order."""
    blocks: Mapping[int, int]
    """By the item of an opening brace, that of the brace that closes it."""
    macros: frozenset[str]
    """Names that the file defines as macros."""
    lines: Lines

    def line(self, index: int) -> int:
        """Return the line on which item `index` begins."""
        return self.lines.number(self.items[index].start)

    def bodies(self, function: str) -> list[range]:
        """Return the items of each body of the function of this name; empty if the file defines none."""
        head = re.compile(rf"(?<!\w){re.escape(function)}\s*\([^()]*\)\s*$")
        return [
            range(opening, closing) for opening, closing in self.blocks.items() if head.search(self.items[opening].text)
        ]


def scan(text: str) -> Source:
    """Scan C++ `text`.

    Raises:
        PatchError: braces, parentheses, preprocessor conditions, comments or literals are unbalanced or cut off, or the
            text has no code or is binary.
    """
    scanner = _Scanner(text)
    scanner.run()
    return Source(text, tuple(scanner.items), scanner.blocks, frozenset(scanner.macros), scanner.lines)


class _Scanner:
    """The state of one scan: the statement being read, and what is open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = Lines(text)
        self.items: list[Item] = []
        self.blocks: dict[int, int] = {}
        self.open_blocks: list[int] = []
        self.macros: set[str] = set()
        self.begin = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
        self.position = self.begin
        self.parts: list[str] = []
        self.start = 0
        self.brackets: list[tuple[str, int]] = []
        self.parentheses = 0
        self.conditions: list[int] = []

    def run(self) -> None:
        if "\0" in self.text:
            self.fail(self.text.index("\0"), "a NUL byte: this is not a C++ text")
        size = len(self.text)
        while self.position < size:
            if not self.parts:
                self.beginnings()
            if self.position < size:
                self.token()
        self.finish()

    def beginnings(self) -> None:
        """Take all that begins and ends plainly; this loop is where the time goes in a long file."""
        text, position, match_at, append = self.text, self.position, _BEGINNING.match, self.items.append
        plain = Kind.STATEMENT
        while match := match_at(text, position):
            kind = match.lastgroup
            assert kind is not None, "every branch has a name"
            if kind == "statement":
                start, position = match.start(kind), match.end()
                if position - start > 1:
                    append(Item(plain, start, position, match[kind]))
            elif kind == "other":
                break
            else:
                # What is called may read on, as for a preprocessor line: `self.position` says where it stopped.
                position = self.position = match.end()
                getattr(self, f"on_{kind}")(match, match.start(kind))
                position = self.position
        self.position = match.end() if match else position

    def token(self) -> None:
        match = _TOKEN.match(self.text, self.position)
        assert match is not None, "the token expression covers every character"
        self.position = match.end()
        getattr(self, f"on_{match.lastgroup}")(match, match.start())

    def add(self, start: int, part: str) -> None:
        if not self.parts:
            self.start = start
        self.parts.append(part)

    def flush(self, kind: Kind, end: int) -> None:
        """End what was read of a statement: nothing but a semicolon is no item, but a brace always is one."""
        start = self.start if self.parts else end
        text = "".join(self.parts).strip(BLANKS)
        self.parts.clear()
        if text or kind is Kind.OPEN:
            self.items.append(Item(kind, start, end, text))

    def on_text(self, match: re.Match[str], start: int) -> None:
        self.add(start, match[0])

    on_word = on_text

    def on_literal(self, match: re.Match[str], start: int) -> None:
        # What a literal says is not code, and no pattern may match in it.
        self.add(start, '""')

    def on_comment(self, match: re.Match[str], start: int) -> None:
        comment = match["comment"]
        if "\\" in comment and _HIDDEN_COMMENT_END.search(comment):
            self.fail(start, "a comment whose end may be hidden by a line continuation")
        if self.parts:
            # Within a statement a comment separates words, as it does for a compiler.
            self.parts.append(" ")
        elif pattern := removed_by(comment):
            self.items.append(Item(Kind.REMOVED, start, match.end(), pattern))

    def on_unterminated(self, match: re.Match[str], start: int) -> None:
        self.fail(start, f"{match[0]} is never closed: the file is cut off, or not C++")

    def on_backslash(self, match: re.Match[str], start: int) -> None:
        self.fail(
            start, "a backslash in code: this tool follows line continuations only in comments and preprocessor lines"
        )

    def on_open_parenthesis(self, match: re.Match[str], start: int) -> None:
        self.add(start, "(")
        self.brackets.append(("(", start))
        self.parentheses += 1

    def on_close_parenthesis(self, match: re.Match[str], start: int) -> None:
        self.close("(", ")", start)
        self.parentheses -= 1
        self.add(start, ")")

    def on_open_brace(self, match: re.Match[str], start: int) -> None:
        self.brackets.append(("{", start))
        if self.parentheses:
            # An initialiser or a lambda among arguments: part of the statement.
            self.add(start, "{")
        else:
            self.open_blocks.append(len(self.items))
            self.flush(Kind.OPEN, match.end())

    def on_close_brace(self, match: re.Match[str], start: int) -> None:
        self.close("{", "}", start)
        if self.parentheses:
            self.add(start, "}")
        else:
            self.flush(Kind.FRAGMENT, start)
            self.blocks[self.open_blocks.pop()] = len(self.items)
            self.items.append(Item(Kind.CLOSE, start, match.end(), ""))

    def on_semicolon(self, match: re.Match[str], start: int) -> None:
        if self.parentheses:
            # In the head of a `for`.
            self.add(start, ";")
        else:
            self.flush(Kind.STATEMENT, match.end())

    def on_directive(self, match: re.Match[str], start: int) -> None:
        line = max(self.text.rfind("\n", 0, start) + 1, self.begin)
        if self.parts or self.text[line:start].strip(BLANKS):
            self.fail(start, "a # that is not the first of its line, or is in the middle of a statement")
        parts = ["#"]
        while token := _DIRECTIVE_TOKEN.match(self.text, self.position):
            if token.lastgroup == "unterminated":
                self.on_unterminated(token, token.start())
            parts.append(" " if token.lastgroup == "comment" else token[0])
            self.position = token.end()
        text = "".join(parts)
        head = _DIRECTIVE_NAME.match(text)
        assert head is not None, "a directive begins with #"
        name, operand = head.groups()
        if name != "line" and not name.isdecimal():  # these only number lines
            self.items.append(Item(Kind.DIRECTIVE, start, self.position, text))
            self.directive(start, name, operand)

    def directive(self, start: int, name: str, operand: str) -> None:
        if name in ("if", "ifdef", "ifndef"):
            self.conditions.append(start)
        elif name in ("elif", "else", "endif") and not self.conditions:
            self.fail(start, f"#{name} without #if")
        elif name == "endif":
            self.conditions.pop()
        elif name == "define":
            self.macros.add(operand)

    def close(self, opening: str, closing: str, start: int) -> None:
        if not self.brackets or self.brackets[-1][0] != opening:
            self.fail(start, f"'{closing}' closes nothing")
        self.brackets.pop()

    def finish(self) -> None:
        if self.brackets:
            opening, offset = self.brackets[-1]
            self.fail(offset, f"'{opening}' is never closed: the file is cut off, or not C++")
        if self.conditions:
            self.fail(self.conditions[-1], "this condition has no #endif: the file is cut off, or not C++")
        if self.parts:
            self.fail(self.start, f"the file ends within the statement that begins with {''.join(self.parts)[:40]!r}")
        if not self.items:
            self.fail(0, "there is no code in it: the file is empty or cut off")

    def fail(self, offset: int, reason: str) -> NoReturn:
        raise PatchError(f"line {self.lines.number(offset)}: {reason}.")
