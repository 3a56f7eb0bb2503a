"""What a barrier orders besides the pair of its pattern, found in the text alone.

A barrier that a pattern matches may be the only thing that orders two other operations: the last addition of one tile
before the first rescaling of the next, say, if whoever inserted the barriers relied on this one. The analysis follows
the structured control flow of a function (blocks, `if`, `for`, `while`), with the vector operations since the last
barrier as its state, and reports a candidate barrier if, with all candidates gone, some path leads through it from an
operation to one that provably touches the same bytes, without flags that lead from V through other pipes back to V.
"Provably" leans to removal: unknown addresses, and what another core may order in between, count as no conflict; the
hazard judge sees those. Control flow that it does not follow (`goto`, `switch`, `break`) makes it say so for every
candidate in the function.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Final, TypeAlias

from isa import a3
from patchers.calls import Calls
from patchers.control_flow import (
    Block,
    Branches,
    Candidate,
    Effect,
    Event,
    Loop,
    NotFollowed,
    Operation,
    Reader,
)
from patchers.pending import Orders, Settled, State, join
from patchers.scanner import Source
from patchers.tiles import Extent, Operands, Tile, tiles_of

# Steps per item of a function after which the analysis gives up: nested loops are walked a few times per level.
_STEPS_PER_ITEM: Final = 10
# What a function may take besides, so that it is long functions for which this matters: a second or two.
_LEAST_STEPS: Final = 1_000_000
# Pairs of overlapping ranges of bytes of a function after which it gives up; generated kernels have a few dozen.
_MOST_OVERLAPS: Final = 100_000

# UB that the device library uses without an operand that says so.
LIBRARY_SCRATCH: Final = Extent("Vec", a3.LIBRARY_SCRATCH.start, a3.LIBRARY_SCRATCH.end)

# Braces that hold functions and are none.
_NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b|extern\s*\"\"$", re.ASCII)

Pair: TypeAlias = tuple[int, int]
_Region: TypeAlias = tuple[int, int]


def needed_elsewhere(source: Source, calls: Calls, candidates: Mapping[int, Pair]) -> dict[int, Pair | tuple[()]]:
    """Return which candidates order more than their pair, with one pair that they order besides.

    Candidates are items of barriers, or of comments in their place, with the items of the two operations that may stay
    unordered. The pair returned is empty for candidates in control flow that is not followed.
    """
    regions = _regions(source, sorted(candidates))
    ops = {region: list(calls.vector_ops(*region)) for region in regions}
    # For all functions at once: it is a walk over the whole file.
    tiles = tiles_of(source, calls, chain.from_iterable(ops.values()))
    needed: dict[int, Pair | tuple[()]] = {}
    for region, inside in regions.items():
        pairs = {index: candidates[index] for index in inside}
        try:
            effects = _effects(calls, tiles, ops[region])
            body = Reader(source, calls, effects, pairs.__contains__).block(*region)
            needed.update(_Flow(pairs, region[1] - region[0]).run(body))
        except NotFollowed:
            needed.update(dict.fromkeys(inside, ()))
    return needed


def _regions(source: Source, candidates: Sequence[int]) -> dict[_Region, Sequence[int]]:
    """Return item ranges of the functions that hold candidates (the whole file if one stands outside), with those."""
    regions: dict[_Region, Sequence[int]] = {}
    found = 0
    function: int | None = None
    for opening, closing in sorted(source.blocks.items()):
        # Outermost blocks only: what opens before the closing brace `function` is nested in that block.
        if (function is None or opening > function) and not _NAMESPACE.match(source.items[opening].text):
            function = closing
            first, last = bisect_left(candidates, opening), bisect_left(candidates, closing)
            if first < last:
                regions[opening + 1, closing] = candidates[first:last]
            found += last - first
    return regions if found == len(candidates) else {(0, len(source.items)): candidates}


def _effects(calls: Calls, tiles: Mapping[int, Operands], ops: Iterable[int]) -> dict[int, Effect]:
    """Return what each of the vector operations of a function does to ranges of bytes."""
    numbers: dict[Extent | str, int] = {}
    keys: dict[int, tuple[str, int]] = {}
    accesses: dict[tuple[str, int], tuple[list[int], list[int]]] = {}

    def number(tile: Tile) -> int:
        # A tile whose bytes are not known is told apart by its variable: it conflicts with itself alone.
        return numbers.setdefault(tile.extent or tile.key, len(numbers))

    for index in ops:
        call, names = calls.call(index), tiles[index]
        # `tiles_of` gives equal calls one object of operands, so that each kind of call is worked out once.
        key = keys[index] = call.name, id(names)
        if key not in accesses:
            accesses[key] = [number(names[n]) for n in call.written], [number(names[n]) for n in call.read]
            if call.uses_library_scratch:
                accesses[key][0].append(numbers.setdefault(LIBRARY_SCRATCH, len(numbers)))
    touching = _touching(numbers)
    effects = {key: _effect(written, read, touching) for key, (written, read) in accesses.items()}
    return {index: effects[key] for index, key in keys.items()}


def _effect(written: Sequence[int], read: Sequence[int], touching: Mapping[int, Sequence[int]]) -> Effect:
    conflicts: dict[int, None] = {}
    for tile in (*written, *read):
        for other in touching[tile]:
            # An earlier write of these bytes conflicts with any access, an earlier read only with a write.
            conflicts[2 * other + 1] = None
            if tile in written:
                conflicts[2 * other] = None
    # A tile that is both read and written needs only its write: what conflicts with the read conflicts with that.
    begins = [2 * tile for tile in read if tile not in written] + [2 * tile + 1 for tile in written]
    return Effect(tuple(conflicts), tuple(dict.fromkeys(begins)), tuple(2 * tile for tile in dict.fromkeys(written)))


def _touching(numbers: Mapping[Extent | str, int]) -> dict[int, list[int]]:
    """Return for each range of bytes all that share a byte with it, itself included. Raises NotFollowed if too many."""
    known = sorted((extent, number) for extent, number in numbers.items() if isinstance(extent, Extent))
    touching = {number: [number] for number in numbers.values()}
    overlaps = 0
    for position, (extent, number) in enumerate(known):
        for its, other in islice(known, position + 1, None):
            # Sorted by buffer and start: once one begins behind this end, all further ones do.
            if not extent.overlaps(its):
                break
            overlaps += 1
            if overlaps > _MOST_OVERLAPS:
                raise NotFollowed
            touching[number].append(other)
            touching[other].append(number)
    return touching


class _Flow:
    """The analysis of one function."""

    def __init__(self, candidates: Mapping[int, Pair], items: int) -> None:
        # Of all candidates: a pair that may stay unordered may do so across another one's barrier, too.
        self.accepted = frozenset(candidates.values())
        self.needed: dict[int, Pair | tuple[()]] = {}
        self.steps_left = _LEAST_STEPS + _STEPS_PER_ITEM * items
        self.orders = Orders()

    def run(self, body: Block) -> dict[int, Pair | tuple[()]]:
        """Return the candidates that order more than their pair. Raises NotFollowed.

        Once is enough: as soon as one is found it stays, and orders what came before it, also for the others.
        """
        self.follow(body, {}, issue=True)
        return self.needed

    def follow(self, block: Block, before: Settled, *, issue: bool) -> Settled:
        """Return the state after a block: of its own operations too if `issue`, else of those pending before it."""
        self.steps_left -= len(block) + len(before)
        if self.steps_left < 0:
            raise NotFollowed
        state = State(before, self.orders)
        for step in block:
            # Nothing is pending and nothing is issued: the rest of the block can neither conflict nor order.
            if not issue and state.empty:
                return {}
            if isinstance(step, Operation):
                self.operation(state, step, issue=issue)
            elif isinstance(step, Event):
                state.follow(step)
            elif isinstance(step, Candidate) and step.item not in self.needed:
                state.cross(step.item)
            elif isinstance(step, Branches):
                state = State(self.branches(step, state.settled(), issue=issue), self.orders)
            elif isinstance(step, Loop):
                state = State(self.loop(step, state.settled(), issue=issue), self.orders)
            else:
                # A barrier that stays. So does a candidate that was found to be needed.
                state.reset()
        return state.settled()

    def operation(self, state: State, step: Operation, *, issue: bool) -> None:
        """Report what conflicts with an operation across a candidate, and make it pending if `issue`."""
        item, effect = step
        for op, candidate in state.conflicts(effect):
            if (op, item) not in self.accepted:
                self.needed.setdefault(candidate, (op, item))
                state.stays(candidate)
        if issue:
            state.add(item, effect)
        else:
            state.overwrite(effect)

    def branches(self, step: Branches, before: Settled, *, issue: bool) -> Settled:
        """Return the state after any of the branches."""
        after = {} if step.complete else before
        for block in step.blocks:
            after = join(after, self.follow(block, before, issue=issue))
        return after

    def loop(self, step: Loop, before: Settled, *, issue: bool) -> Settled:
        """Return the state after any number of rounds. Rounds after the first only see what is new to them."""
        # The first round issues the block's operations. It ends, as `state` only grows and has finitely many members.
        state, fresh = before, before
        while fresh or issue:
            after = join(state, self.follow(step.block, fresh, issue=issue))
            fresh = {
                access: new for access, pending in after.items() if (new := pending - state.get(access, frozenset()))
            }
            state, issue = after, False
        return state
