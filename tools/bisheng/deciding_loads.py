"""Which scalars that a kernel loads decide what it does: its branches, loops and addresses.

They come from global memory, or from tiles.

Trace mode computes no tiles. Of an element that a tile operation has stored it knows no value, so a load of it is fine
only if the value is mere data: operand of TMULS and the like, stored to global memory, or lost. The text of the kernel
says which loads are so: values are followed from assignment to assignment, by their names. Whatever is not understood
decides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

_SKIP = re.compile(
    r"""//[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | ^[ \t]*\#[^\n]*""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_POINTER = re.compile(r"\b__gm__\b[\w\s:]*\*\s*(?:__restrict(?:__)?\s+)?(\w+)")
_HEAD = re.compile(r"\s*(?:else\s+)?(?:if|while|switch|for)\s*\(")
_WORD = re.compile(r"\s*(?:else|do)\b")
_ASSIGNMENT = re.compile(r"(?<![=!<>])(?:<<|>>|[-+*/%&|^])?=(?!=)")
_VARIABLE = re.compile(r"\s*(?:[\w:<>,*\s]*[\s*>])?(\w+)\s*")
_ELEMENT = re.compile(r"\s*(\w+)\s*\[")
_DATA_OPERATION = re.compile(r"\s*(?:T[A-Z]+S|TAXPY|TCI<[^;()]*>|cce::printf)\s*\(")
"""Calls whose scalars are data: vector operations with a scalar operand, most of which end in S, and prints."""
_TILE_ELEMENT = re.compile(r"\b(\w+)\.GetValue\(([^()]*)\)")
_TILE_STORE = re.compile(r"\b(\w+)\.SetValue\(([^(),]*),([^;]*)\)\s*;")
"""Elements of tiles, by the scalar unit: read as if they were elements of an array in global memory."""
_CALL = re.compile(r"\b[A-Za-z_]\w*\s*(?:<[^;()]*>\s*)?\(")
_CAST = re.compile(r"\b(?:(?:static_cast|reinterpret_cast)\s*<[^;()]*>|u?int\d+_t|float|half|bfloat16_t|bool)\s*\(")


def deciding_loads(text: str) -> dict[int, int]:
    """Return the lines with such a load in the C++ `text`, and for each the first line that decides by it."""
    found: dict[int, int] = {}
    # Blanked, not cut out: offsets and line numbers stay as they are.
    blanked = _SKIP.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    pointers = frozenset((*_POINTER.findall(blanked), *(match[1] for match in _TILE_STORE.finditer(blanked))))
    blanked = _TILE_STORE.sub(r"\1[\2]=\3;", _TILE_ELEMENT.sub(r"\1[\2]", blanked))
    # By function, since a name may be something else in another one.
    for function in _functions(blanked):
        flow = _Flow(pointers)
        for line, statement in _statements(*function):
            flow.statement(line, statement)
        for load, decision in flow.decisions():
            found[load] = min(decision, found.get(load, decision))
    return found


def _functions(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line and the text of what is between outermost braces, and between these."""
    depth, begin = 0, 0
    for match in re.finditer(r"[{}]", text):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            yield text.count("\n", 0, begin) + 1, text[begin : match.end()]
            begin = match.end()
    yield text.count("\n", 0, begin) + 1, text[begin:]


def _statements(line: int, text: str) -> Iterator[tuple[int, str]]:
    """Yield the statements of a function with their first lines; heads of `if` and `for` are statements, too."""
    depth, begin = 0, 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        is_head = depth == 0 and character == ")" and _HEAD.match(text, begin)
        # A semicolon within brackets, as in the head of a `for`, ends nothing.
        if not is_head and not (depth <= 0 and character in ";{}"):
            continue
        statement = text[begin : place + 1]
        lead = len(statement) - len(statement.lstrip())
        yield line + text.count("\n", 0, begin + lead), statement.strip()
        begin = place + 1


@dataclass
class _Flow:
    """Where the values of one function go."""

    pointers: frozenset[str]
    """Names of pointers to global memory."""
    sources: dict[str, set[str | int]] = field(default_factory=lambda: defaultdict(set))
    """Of each name: the names, and the lines of loads, that its value may come from."""
    deciders: list[tuple[int, str | int]] = field(default_factory=list)
    """Line that decides, and the name or the line of a load by which."""
    lines: range = range(0)
    """Of the current statement: a load in it is on one of them."""

    def statement(self, line: int, text: str) -> None:
        """Add one statement, which may begin with `else`."""
        self.lines = range(line, line + text.count("\n") + 1)
        # `else if (...)` is a head as it stands; any other `else`, and `do`, come off.
        while not _HEAD.match(text) and (word := _WORD.match(text)):
            text = text[word.end() :]
        assignment = _top_level_assignment(text)
        if _DATA_OPERATION.match(text):
            self.value(text[text.index("(") + 1 :], None)
        elif _HEAD.match(text) or assignment is None:
            self.decide(text)
        else:
            self.assign(text[: assignment.start()], text[assignment.end() :])

    def assign(self, target: str, value: str) -> None:
        """Add an assignment. What goes to global memory decides nothing yet: later loads of it are not known either."""
        if (element := _ELEMENT.match(target)) and element[1] in self.pointers:
            # Pointer and index of the target are an address, and so decide; so may what the value is loaded by.
            self.value(target, None)
            self.value(value, None)
        elif variable := _VARIABLE.fullmatch(target):
            self.value(value, variable[1])
        else:
            self.decide(target + value)

    def decide(self, text: str) -> None:
        """All that is named or loaded in `text` decides."""
        loads = self.lines if "[" in text else ()
        self.deciders += [(self.lines.start, source) for source in (*loads, *_NAME.findall(text))]

    def value(self, text: str, target: str | None) -> None:
        """`text` is an expression whose value goes to the variable `target`, or to where it decides nothing."""
        if _ASSIGNMENT.search(text):
            return self.decide(text)
        for call in _CALL.finditer(text):
            if not _CAST.match(text, call.start()):
                # What another function makes of its arguments is not known.
                self.decide(text[call.start() : _closing(text, call.end() - 1)])
        # A load is known by its line: of several on one line all decide as soon as one does.
        loads = self.lines if target and "[" in text else ()
        # From the right, so that no index has another one in it.
        while (begin := text.rfind("[")) >= 0:
            end = _closing(text, begin)
            # Pointer and index say which element is loaded: an address.
            names = (*_NAME.findall(text[:begin])[-1:], *_NAME.findall(text[begin:end]))
            self.deciders += [(self.lines.start, name) for name in names]
            text = text[:begin] + text[end:]
        if target:
            self.sources[target] |= {*loads, *_NAME.findall(text)}

    def decisions(self) -> Iterator[tuple[int, int]]:
        """Yield line of a load and line that decides by it."""
        for line, start in self.deciders:
            seen: set[str | int] = set()
            todo = [start]
            while todo:
                if (current := todo.pop()) in seen:
                    continue
                seen.add(current)
                if isinstance(current, int):
                    yield current, line
                else:
                    todo += self.sources.get(current, ())


def _top_level_assignment(text: str) -> re.Match[str] | None:
    """Return the first `=` or `+=` outside of brackets."""
    for match in _ASSIGNMENT.finditer(text):
        before = text[: match.start()]
        if all(before.count(a) == before.count(b) for a, b in ("()", "[]")):
            return match
    return None


def _closing(text: str, begin: int) -> int:
    """Return the place behind the bracket that closes the one at `begin`."""
    depth = 0
    for place in range(begin, len(text)):
        depth += (text[place] in "([") - (text[place] in ")]")
        if depth == 0:
            return place + 1
    return len(text)
