"""Parse MLIR text into a module, remembering where in the text each operation starts.

xDSL's parser is extended where a large module spends its time: one regular expression per token, and texts that
repeat thousands of times (types, source locations) looked up instead of parsed again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, LocationAttr, ModuleOp, StringAttr, UnknownLoc
from xdsl.dialects.scf import WhileOp
from xdsl.ir import Operation, TypeAttribute
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException
from xdsl.utils.lexer import Input, Span, Token
from xdsl.utils.mlir_lexer import KIND_BY_PUNCTUATION_SPELLING, MLIRLexer, MLIRToken, MLIRTokenKind

from isa.refused import REFUSED
from ptodsl.dialect import WhileSyntax, context
from tools.ptoas.diagnostics import AssemblerError, Diagnostic, OperationError, OperationWarning, Place, user_place


@dataclass(frozen=True)
class ParsedModule:
    """A module and the text that it came from."""

    module: ModuleOp
    file: str
    _starts: dict[Operation, int]
    _lines: list[int]

    def place(self, op: Operation) -> Place:
        """Where the operation starts in the text; of one that a pass has inserted, the one that it was inserted for, or
        the closest around it.
        """
        around: Operation | None = op if op in self._starts else self._inserted_for(op) or op
        while around is not None and around not in self._starts:
            around = around.parent_op()
        offset = 0 if around is None else self._starts[around]
        line = bisect_right(self._lines, offset)
        return Place(self.file, line, offset - self._lines[line - 1] + 1)

    def _inserted_for(self, op: Operation) -> Operation | None:
        """Return the next operation of the text before or after `op` that has the location which the pass gave `op`."""
        for step in (attrgetter("next_op"), attrgetter("prev_op")):
            written: Operation | None = step(op)
            while written is not None and written not in self._starts:
                written = step(written)
            if written is not None and user_place(op) is not None and written.location == op.location:
                return written
        return None

    def adopt(self, op: Operation, written: Operation) -> None:
        """Take `op` to stand where `written`, which it replaces, stands in the text."""
        self._starts[op] = self._starts[written]

    def diagnose(self, error: OperationError) -> Diagnostic:
        """The error or warning at its place in the text, with the user's line as a note."""
        user = user_place(error.op)
        notes = () if user is None else ((user, f"{error.op.name} comes from here"),)
        severity = "warning" if isinstance(error, OperationWarning) else "error"
        return Diagnostic(self.place(error.op), error.message, notes, severity)


def parse_module(text: str, file: str, operations: Sequence[type[Operation]] = ()) -> ParsedModule:
    """Parse a module in pretty or generic syntax; it may have `operations` beside those of the dialects.

    Raises:
        AssemblerError: the text is no module of the dialects `builtin`, `func`, `scf`, `arith`, `pto`.
    """
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    starts: dict[Operation, int] = {}
    try:
        module = _Parser(_blank_comments(text), file, starts, operations).parse_module()
    except ParseError as error:
        where = error.span.get_location()
        raise AssemblerError([Diagnostic(Place(file, where.line, where.col), error.msg)]) from error
    return ParsedModule(module, file, starts, lines)


# Python 3.11 before 3.11.5 mismatches possessive groups with alternatives, so only single classes are possessive here.
_STRING_OR_COMMENT = re.compile(r"\"[^\"\\\n]*+(?:\\.[^\"\\\n]*+)*\"?|//[^\n]*+")


def _blank_comments(text: str) -> str:
    """The text with blanks in place of comments, so that every offset stays and no expression meets a comment.

    A string that is not closed goes to the end of its line; its error is the lexer's.
    """
    return _STRING_OR_COMMENT.sub(lambda match: match[0] if match[0][0] == '"' else " " * len(match[0]), text)


_TOKEN_KINDS = {
    "percent": MLIRTokenKind.PERCENT_IDENT,
    "bare": MLIRTokenKind.BARE_IDENT,
    "integer": MLIRTokenKind.INTEGER_LIT,
    "exclamation": MLIRTokenKind.EXCLAMATION_IDENT,
    "hash": MLIRTokenKind.HASH_IDENT,
    "at": MLIRTokenKind.AT_IDENT,
    "string": MLIRTokenKind.STRING_LIT,
}


class _Lexer(MLIRLexer):
    """MLIRLexer with one match per token; what its expression does not know, the base class lexes."""

    _SUFFIX = r"(?:[0-9]+|[a-zA-Z$._-][a-zA-Z0-9$._-]*)"
    _TOKEN = re.compile(
        r"\s*+(?:"  # possessive: a token is never cut short for the sake of the white space before it
        rf"(?P<percent>%{_SUFFIX})"
        r"|(?P<bare>[a-zA-Z_][a-zA-Z0-9_$.]*)"
        # `{-#` is one token, which begins metadata.
        r"|(?P<punctuation>->|[:,()\]\[<>=}]|\{(?!-#))"
        # Before a point or an x it may be the beginning of a float or of a hexadecimal number.
        r"|(?P<integer>[0-9]++(?![.x]))"
        rf"|(?P<exclamation>!{_SUFFIX})"
        rf"|(?P<hash>#{_SUFFIX}(?!-\}}))"
        r"|(?P<at>@[a-zA-Z_][a-zA-Z0-9_$.]*)"
        r"|(?P<string>\"[^\"\\\n]*\"))",
        re.ASCII,
    )
    _STRING = re.compile(r"\"[^\"\\\n\v\f]*+(?:\\(?:[\"nt\\]|[0-9A-Fa-f]{2})[^\"\\\n\v\f]*+)*(\"?)")

    def lex(self) -> MLIRToken:
        """Lex one token from the current position."""
        match = self._TOKEN.match(self.input.content, self.pos)
        if match is None:
            return super().lex()
        group = match.lastgroup
        assert group is not None
        self.pos = match.end()
        kind = KIND_BY_PUNCTUATION_SPELLING[match[group]] if group == "punctuation" else _TOKEN_KINDS[group]
        return Token(kind, Span(match.start(group), self.pos, self.input))

    def _lex_string_literal(self, start_pos: int) -> MLIRToken:
        """Lex a string; one that is wrong is rejected here, because the base class would search exponentially long."""
        match = self._STRING.match(self.input.content, start_pos)
        assert match is not None
        if match[1]:
            return super()._lex_string_literal(start_pos)
        escape = self.input.content[match.end() : match.end() + 1] == "\\"
        problem = 'has an escape that is none of \\n, \\t, \\", \\\\ and two hex digits' if escape else "has no end"
        raise ParseError(Span(start_pos, match.end(), self.input), f"the string {problem}")


class _Parser(Parser):
    """Parser that records where operations start, and remembers types and locations by their text."""

    # With brackets or strings inside, the end of a type is not found by an expression: xDSL parses it.
    _DIALECT_TYPE = re.compile(r"!pto\.\w+(?:<[^<>\"]*>)?(?![.\w<])")
    _PLACE = r"\"([^\"\\]*)\"\s*:\s*([0-9]+)\s*:\s*([0-9]+)"
    _FILE = rf"{_PLACE}\s*\)"
    _PART = re.compile(rf"{_PLACE}|(#[\w$.-]+)")
    _FILE_LOCATION = re.compile(rf"loc\s*\(\s*{_FILE}")
    _ALIAS_USE = re.compile(r"loc\s*\(\s*(#[\w$.-]+)\s*\)")
    _ALIAS_DEFINITION = re.compile(rf"(#[\w$.-]+)\s*=\s*loc\s*\(\s*(?:{_FILE})?")

    def __init__(
        self, text: str, file: str, starts: dict[Operation, int], operations: Sequence[type[Operation]]
    ) -> None:
        # The base class begins to lex its text at once, with its own lexer: it gets none.
        super().__init__(context(operations), "", file)
        self._starts = starts
        self._start = 0
        self._types: dict[str, TypeAttribute] = {}
        self._locations: dict[str, LocationAttr] = {}
        # Printers define locations at the end, behind their uses.
        for alias, *place in self._ALIAS_DEFINITION.findall(text):
            self._locations[alias] = _file_location(*place) if place[1] else UnknownLoc()
        self._parser_state.lexer = _Lexer(Input(text, file))
        self._resume_from(0)

    def parse_operation(self) -> Operation:
        """Parse an operation and record where it starts."""
        start = self._start = self.pos
        try:
            op = super().parse_operation()
        except (VerifyException, ValueError) as error:
            self.raise_error(str(error), start)
        self._starts[op] = start
        return op

    def _get_op_by_name(self, name: str) -> type[Operation]:
        """Class of an operation; an unknown one is an error at its start."""
        found = self.ctx.get_optional_op(name, dialect_stack=self._parser_state.dialect_stack)
        if found is None:
            if reason := REFUSED.get(name.removeprefix("pto.")):
                self.raise_error(f"operation '{name}' is not supported: {reason}", self._start)
            self.raise_error(
                f"operation '{name}' is unknown to the dialects builtin, func, scf, arith, pto", self._start
            )
        return WhileSyntax if found is WhileOp else found

    def parse_optional_type(self) -> TypeAttribute | None:
        """Parse a type; those of the `pto` dialect only once per spelling."""
        token = self._current_token
        if token.kind is not MLIRTokenKind.EXCLAMATION_IDENT:
            return super().parse_optional_type()
        match = self._DIALECT_TYPE.match(self.lexer.input.content, token.span.start)
        if match is None:
            return super().parse_optional_type()
        known = self._types.get(match[0])
        if known is None:
            parsed = super().parse_optional_type()
            if parsed is not None:
                self._types[match[0]] = parsed
            return parsed
        self._resume_from(match.end())
        return known

    def parse_optional_location(self) -> LocationAttr | None:
        """Parse a location; those of files only once per spelling."""
        token = self._current_token
        if token.kind is not MLIRTokenKind.BARE_IDENT:
            return None
        content, start = self.lexer.input.content, token.span.start
        match = self._FILE_LOCATION.match(content, start) or self._ALIAS_USE.match(content, start)
        if match is None:
            return self._parse_any_location()
        key = match[1] if match.re is self._ALIAS_USE else match[0]
        if key not in self._locations:
            if match.re is self._ALIAS_USE:
                self.raise_error(f"there is no location {key}")
            self._locations[key] = _file_location(*match.groups())
        self._resume_from(match.end())
        return self._locations[key]

    def _parse_any_location(self) -> LocationAttr | None:
        """Parse a location of several parts (named, called, fused); if xDSL cannot, its first file is the place."""
        start = self._current_token.span.start
        try:
            return super().parse_optional_location()
        except ParseError:
            self._resume_from(start)
        self._consume_token()
        self._parse_token(MLIRTokenKind.L_PAREN, "expected '(' behind loc")
        text = self.lexer.input.content[start : self._skip_to_parenthesis("the location")]
        parts = self._PART.finditer(text)
        places = (self._locations.get(part[4]) if part[4] else _file_location(*part.groups()[:3]) for part in parts)
        return next((place for place in places if isinstance(place, FileLineColLoc)), UnknownLoc())

    def _skip_to_parenthesis(self, what: str) -> int:
        """Skip to behind the parenthesis that closes an open one; return where it is."""
        depth = 1
        while depth:
            if self._current_token.kind is MLIRTokenKind.EOF:
                self.raise_error(f"{what} has no end")
            depth += {"(": 1, ")": -1}.get(self._current_token.text, 0)
            end = self._current_token.span.end
            self._consume_token()
        return end

    def _parse_alias_def(self) -> None:
        """Parse `!name = type` or `#name = attribute`; locations, which may stand behind their uses, are known."""
        match = self._ALIAS_DEFINITION.match(self.lexer.input.content, self._current_token.span.start)
        if match is None:
            super()._parse_alias_def()  # type: ignore[no-untyped-call]
            return
        self._resume_from(match.end())
        # Of a location that is no place in a file only the beginning was matched.
        if not match[3]:
            self._skip_to_parenthesis(f"the location {match[1]}")


def _file_location(file: str, line: str, column: str) -> FileLineColLoc:
    return FileLineColLoc(StringAttr(file), IntAttr(int(line)), IntAttr(int(column)))
