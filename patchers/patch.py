"""Removes barriers from C++ text: which ones, by pattern or by line, and the edited text."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

from patchers.calls import Call, Calls, is_vector_barrier
from patchers.dependencies import Dependence, by_address, by_name
from patchers.errors import PatchError
from patchers.ordering import needed_elsewhere
from patchers.patterns import Match, Operations, Pattern
from patchers.scanner import Kind, Source, removal_comment, scan
from patchers.tiles import Extent, Operands, tiles_of

_NO_EXTENTS: Mapping[str, Extent | None] = MappingProxyType({})
_REST_OF_BLANK_LINE = re.compile(r"[ \t\r]*(?:\n|\Z)")


def digest(text: str) -> str:
    """Return the SHA-256 of a text decoded as Latin-1, that is of the bytes of the file."""
    return hashlib.sha256(text.encode("latin-1")).hexdigest()


@dataclass(frozen=True)
class ByLines:
    """Remove the barriers on these lines (from 1).

    `label` is what the comments and the report call it: `proved` for lines that the hazard judge showed to be redundant
    in this very text, `lines` for lines that somebody chose.
    """

    lines: tuple[int, ...]
    label: Literal["lines", "proved"]
    source_sha256: str | None = None
    """The only C++ for which this selection holds, if there is but one."""


@dataclass(frozen=True)
class ByPatterns:
    """Remove what these patterns match and do not object to; no pattern removes nothing."""

    patterns: tuple[Pattern, ...]
    guard: bool = False
    """Keep a barrier that provably orders more than the two operations of its match."""
    proof: ByLines | None = None
    """Proved lines that go first: the patterns see what is left."""
    spared: tuple[str, ...] = ()
    """Functions that the patterns are not for: what they match in there is kept."""


Outcome = Literal["removed", "already-removed", "kept"]


class Op(NamedTuple):
    """A vector operation: the line it begins on (from 1) and the call."""

    line: int
    call: Call


class Barrier(NamedTuple):
    """A PIPE_V barrier that a pattern or a line named: what it stands between, and what follows from that."""

    line: int
    pattern: str
    outcome: Outcome
    reason: str = ""
    """Why it is kept; empty otherwise."""
    ops: tuple[Op, ...] = ()
    dependences: tuple[Dependence, ...] = ()
    extents: Mapping[str, Extent | None] = _NO_EXTENTS
    """Bytes of the operands; empty if their names alone tell the dependences, so that no address was looked up."""
    others: tuple[Op, ...] = ()
    """Two operations that this barrier orders besides, if that is why it is kept."""


@dataclass(frozen=True)
class Patched:
    """The outcome."""

    text: str
    barriers: tuple[Barrier, ...]
    """Every barrier that a pattern or a line named, and those that nothing can name, in textual order."""
    total: int
    """How many PIPE_V barriers stand alone in the input."""


class _Sites(NamedTuple):
    """Item indices: barriers that stand alone, comments in place of removed ones, barriers within other statements."""

    barriers: tuple[int, ...]
    removed: tuple[int, ...]
    hidden: tuple[int, ...]


def patch(text: str, selection: ByPatterns | ByLines) -> Patched:
    """Replace the selected barriers of C++ `text` by comments; the number of lines and everything else stays as it is.

    Raises:
        PatchError: the text is not complete C++, a selected line has no barrier of its own, a pattern needs the guard
            and there is none, or there is no function of a name that is to be spared.
    """
    _require_guard(selection)
    if isinstance(selection, ByPatterns) and selection.proof:
        proved = patch(text, selection.proof)
        return _merged(proved, patch(proved.text, replace(selection, proof=None)))
    source = scan(text)
    calls = Calls(source)
    sites = _sites(source, calls)
    if isinstance(selection, ByLines):
        found = _by_lines(source, sites, selection)
    else:
        found = _by_patterns(source, calls, sites, selection)
    chosen = {index: barrier.pattern for index, barrier in found.items() if barrier.outcome == "removed"}
    for index in sites.removed:
        # Only where no pattern has matched it above, which says more.
        found.setdefault(index, Barrier(source.line(index), source.items[index].text, "already-removed"))
    for index in sites.hidden:
        found[index] = Barrier(source.line(index), "", "kept", "not-a-statement-of-its-own")
    return Patched(_edit(source, chosen), tuple(found[index] for index in sorted(found)), len(sites.barriers))


def _require_guard(selection: ByPatterns | ByLines) -> None:
    if isinstance(selection, ByPatterns) and not selection.guard:
        for pattern in selection.patterns:
            if pattern.needs_guard:
                raise PatchError(
                    f"pattern {pattern.name} needs --guard: a barrier may order more than the two operations around "
                    "it, and only the guard looks for that."
                )


def _merged(first: Patched, second: Patched) -> Patched:
    """Return one outcome of two steps: what the second finds removed is, in textual order, what the first left so."""
    gone = iter(barrier for barrier in first.barriers if barrier.outcome != "kept")
    barriers = [
        earlier if now.outcome == "already-removed" and (earlier := next(gone)).outcome == "removed" else now
        for now in second.barriers
    ]
    return Patched(second.text, tuple(barriers), first.total)


def _sites(source: Source, calls: Calls) -> _Sites:
    barriers, removed, hidden = [], [], []
    directive, marker = Kind.DIRECTIVE, Kind.REMOVED
    for index, (kind, _, _, text) in enumerate(source.items):
        # A preprocessor line executes nothing: a barrier in it is only part of a macro.
        if "pipe_barrier" in text and kind is not directive:
            if is_vector_barrier(calls[index]):
                barriers.append(index)
            elif "PIPE_V" in text:
                hidden.append(index)
        elif kind is marker:
            removed.append(index)
    return _Sites(tuple(barriers), tuple(removed), tuple(hidden))


def _by_patterns(source: Source, calls: Calls, sites: _Sites, selection: ByPatterns) -> dict[int, Barrier]:
    """Return the barriers that a pattern matches, by item index."""
    matches = [
        (match, pattern)
        for index in (*sites.barriers, *sites.removed)
        for pattern in selection.patterns
        # A barrier is there, or was removed by this very pattern.
        if (match := pattern.match(calls, index))
        and (source.items[index].kind is Kind.STATEMENT or source.items[index].text == pattern.name)
    ]
    named = _named(calls, [match for match, _ in matches])
    # Finding bytes takes a walk over the whole file: only where names show no dependence, or shapes are asked for.
    looked_up = [
        op
        for (match, pattern), found in zip(matches, named, strict=True)
        if not found or pattern.needs_tiles
        for op in match.ops
    ]
    tiles = tiles_of(source, calls, looked_up)
    barriers: dict[int, Barrier] = {}
    chosen: dict[int, Match] = {}
    for (match, pattern), found in zip(matches, named, strict=True):
        barrier = _barrier(source, calls, match, pattern, found, tiles)
        # The first pattern that removes a barrier has it, else the first that looked at it says why it is kept.
        if match.barrier not in barriers or (barriers[match.barrier].outcome == "kept" != barrier.outcome):
            barriers[match.barrier], chosen[match.barrier] = barrier, match
    # Before the guard: a barrier that is spared stays there, and orders for the others.
    for index in _spared(source, selection.spared).intersection(barriers):
        if barriers[index].outcome == "removed":
            barriers[index] = barriers[index]._replace(outcome="kept", reason="spared-function")
    if selection.guard:
        # With those that an earlier run removed: they order nothing any more, so that others may be needed instead.
        going = {index: match.ops for index, match in chosen.items() if barriers[index].outcome != "kept"}
        for index, pair in needed_elsewhere(source, calls, going).items():
            others = tuple(Op(source.line(op), calls.call(op)) for op in pair)
            barriers[index] = _guarded(barriers[index], others)
    return barriers


def _spared(source: Source, functions: Iterable[str]) -> set[int]:
    """Return the items of these functions."""
    items: set[int] = set()
    for function in functions:
        bodies = source.bodies(function)
        if not bodies:
            raise PatchError(
                f"there is no function {function} to spare: without it every match would be taken for one elsewhere. "
                "Name a function of this C++, or leave the request out."
            )
        items.update(*bodies)
    return items


def _barrier(
    source: Source,
    calls: Calls,
    match: Match,
    pattern: Pattern,
    found: tuple[Dependence, ...],
    tiles: Mapping[int, Operands],
) -> Barrier:
    """Return what `pattern` says of a match with the dependences `found` through names."""
    places: Mapping[str, Extent | None] = _NO_EXTENTS
    first, second = calls.call(match.first), calls.call(match.second)
    operands = {**tiles.get(match.first, {}), **tiles.get(match.second, {})}
    if not found:
        places = {name: tile.extent for name, tile in operands.items()}
        found = by_address(first, second, places)
    reason = pattern.objection(Operations(first, second, found, operands)) or ""
    outcome: Outcome = "kept" if reason else "removed"
    if source.items[match.barrier].kind is Kind.REMOVED:
        outcome = "already-removed"
    ops = Op(source.line(match.first), first), Op(source.line(match.second), second)
    return Barrier(source.line(match.barrier), pattern.name, outcome, reason, ops, found, places)


def _named(calls: Calls, matches: Iterable[Match]) -> list[tuple[Dependence, ...]]:
    """Return for each match its dependences through operands that both operations name."""
    alike: dict[tuple[int, int], tuple[Dependence, ...]] = {}
    named = []
    for match in matches:
        first, second = calls.call(match.first), calls.call(match.second)
        pair = id(first), id(second)
        if pair not in alike:
            alike[pair] = by_name(first, second)
        named.append(alike[pair])
    return named


def _guarded(barrier: Barrier, others: tuple[Op, ...]) -> Barrier:
    """Return the barrier as kept because it orders `others`, none if the control flow around it is not followed."""
    if barrier.outcome == "already-removed":
        return barrier
    reason = "other-dependence" if others else "control-flow-not-followed"
    return barrier._replace(outcome="kept", reason=reason, others=others)


def _by_lines(source: Source, sites: _Sites, selection: ByLines) -> dict[int, Barrier]:
    """Return the barriers on the selected lines, by item index."""
    lines = {index: source.line(index) for index in (*sites.barriers, *sites.removed)}
    if wrong := sorted(set(selection.lines) - set(lines.values())):
        listed = ", ".join(map(str, wrong[:10]))
        raise PatchError(
            f"no pipe_barrier(PIPE_V) statement of its own begins on line {listed}, so nothing is removed. Line "
            "numbers hold for one file only: look them up again after any change of the kernel or the assembler."
        )
    named = set(selection.lines)
    chosen = [index for index in sites.barriers if lines[index] in named]
    # Only if something would go: the output of an earlier run with this proof, another text, passes as it is.
    if chosen and selection.source_sha256 not in (None, digest(source.text)):
        raise PatchError(
            f"the proof is about C++ with SHA-256 {selection.source_sha256}, the input has {digest(source.text)}. "
            "Trace this input and let the hazard judge make a proof for it."
        )
    return {index: Barrier(lines[index], selection.label, "removed") for index in chosen}


def _edit(source: Source, chosen: dict[int, str]) -> str:
    parts: list[str] = []
    position = 0
    for index in sorted(chosen):
        _, start, end, _ = source.items[index]
        parts.append(source.text[position:start])
        parts.append(removal_comment(chosen[index], alone=_is_alone(source.text, start, end)))
        parts.extend(_line_ends(source.text[start:end]))
        position = end
    return "".join([*parts, source.text[position:]])


def _is_alone(text: str, start: int, end: int) -> bool:
    """Say whether nothing but blanks stands before `start` and after `end` on their lines."""
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    return (start == 0 or text[start - 1] == "\n") and _REST_OF_BLANK_LINE.match(text, end) is not None


def _line_ends(text: str) -> list[str]:
    """Return the line ends of `text`, so that a removed statement of several lines leaves as many."""
    return ["\r\n" if line.endswith("\r") else "\n" for line in text.split("\n")[:-1]]
