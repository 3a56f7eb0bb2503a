"""A software pipeline of two stages on one core: prologue, steady state, epilogue.

The leading stage runs `preload` tiles ahead of the trailing one, because between the two another core works on the
tile: on the cube core QK leads and PV trails, on a vector core softmax leads and the accumulation of the output
trails. State that the leading stage leaves for the trailing one lies in a ring of slots, tile mod slots. In a loop the
slot is known at run time only, but tiles on chip have fixed addresses: `dispatch_ring` branches to the slot's own.

Nothing here knows about attention: a kernel gives its stages as hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ptodsl import pto, scalar
from ptodsl.values import Scalar

Slot = Scalar | int
"""A ring slot: a number while the kernel is built, or a run-time value."""

Hook = Callable[[Scalar, Slot], None]
"""A stage's work on one tile: gets the tile's number (an index) and its ring slot."""

Weave = Callable[[Scalar, Slot, Slot], None]
"""Both stages' work, woven together: gets the trailing tile's number, its ring slot and that of the leading tile."""


@dataclass(frozen=True)
class Stages:
    """What one core does in the pipeline."""

    lead: Hook
    """The leading stage on one tile."""

    trail: Hook
    """The trailing stage on one tile."""

    ring_slots: int = 1
    """Slots of the ring between the stages: 1 if they share nothing on chip, else the preload."""

    lead_first: Hook | None = None
    """The leading stage on tile 0, if it differs."""

    trail_first: Hook | None = None
    """The trailing stage on tile 0, if it differs."""

    interleaved: Weave | None = None
    """What the steady state does with a tile of each stage; by default one stage after the other."""

    def slot(self, tile: Scalar) -> Slot:
        """Return the ring slot of a tile."""
        return 0 if self.ring_slots == 1 else tile % self.ring_slots


@dataclass(frozen=True)
class Pipeline:
    """A run of the stages over all tiles."""

    stages: Stages
    tiles: Scalar
    """Number of tiles, known at run time, at least `preload`."""

    preload: Scalar | int
    """Tiles that the leading stage is ahead."""

    most_preload: int | None = None
    """The largest that `preload` can be, if it is known at run time only."""

    @property
    def peeled(self) -> int:
        """Trailing tiles that the prologue does already: tile 0, if it differs from the others."""
        return 0 if self.stages.trail_first is None else 1


def run(pipeline: Pipeline) -> None:
    """Emit the whole pipeline."""
    prologue(pipeline)
    steady(pipeline)
    epilogue(pipeline)


def prologue(pipeline: Pipeline) -> None:
    """Emit the leading stage on the first `preload` tiles, and the trailing one on tile 0 if that differs."""
    stages, first = pipeline.stages, 0
    if stages.lead_first is not None:
        stages.lead_first(scalar.const(0), 0)
        first = 1
    for tile in _up_to_preload(pipeline, first):
        stages.lead(tile, stages.slot(tile))
    if stages.trail_first is not None:
        stages.trail_first(scalar.const(0), 0)


def steady(pipeline: Pipeline) -> None:
    """Emit the loop in which both stages work: trailing on tile t, then leading on tile t + preload.

    Where tile 0's trailing stage is in the prologue, a step is cut one stage later: leading on t + preload, then
    trailing on t + 1. The order of the work is the same.
    """
    stages, preload = pipeline.stages, pipeline.preload
    for tile in pto.range(0, pipeline.tiles - preload):
        # The ring has as many slots as the preload has tiles: tile t + preload goes to the slot of tile t.
        lead_slot = stages.slot(tile)
        trail_tile = tile + pipeline.peeled if pipeline.peeled else tile
        trail_slot = stages.slot(trail_tile) if pipeline.peeled else lead_slot
        if stages.interleaved is not None:
            stages.interleaved(trail_tile, trail_slot, lead_slot)
        elif pipeline.peeled:
            stages.lead(tile + preload, lead_slot)
            stages.trail(trail_tile, trail_slot)
        else:
            stages.trail(tile, trail_slot)
            stages.lead(tile + preload, lead_slot)


def epilogue(pipeline: Pipeline) -> None:
    """Emit the loop over the tiles that only the trailing stage has left."""
    stages = pipeline.stages
    # The steady loop has trailed over tiles - preload tiles, the prologue over `peeled`.
    for tile in pto.range(pipeline.tiles - (pipeline.preload - pipeline.peeled), pipeline.tiles):
        stages.trail(tile, stages.slot(tile))


def dispatch_ring(slot: Slot, slots: int, body: Callable[[int], None]) -> None:
    """Emit `body(slot)`: directly for a known slot, else as a ladder of branches, one per slot with its own tiles."""
    if isinstance(slot, int):
        body(slot)
        return

    def rung(number: int) -> None:
        # The only slot that is left needs no branch.
        if number == slots - 1:
            body(number)
            return
        with pto.if_context(slot == number, has_else=True) as branch:
            body(number)
        with branch.else_context():
            rung(number + 1)

    rung(0)


Join = Callable[[Scalar, Scalar], None]
"""Both stages' work where two runs meet: gets the trailing tile's number in its run, the leading tile's in the next."""


def hand_over(pipeline: Pipeline, first: Join, further: Join) -> None:
    """Emit the loop in which the trailing stage ends this run while the leading one begins the next over as many tiles.

    `first` is for tile 0 of the leading stage, `further` for the others. In place of an epilogue, and of the next run's
    prologue.
    """
    begin = pipeline.tiles - pipeline.preload
    first(begin, scalar.const(0))
    for tile in _up_to_preload(pipeline, 1):
        further(begin + tile, tile)


def _up_to_preload(pipeline: Pipeline, first: int) -> Iterator[Scalar]:
    """Iterate over the tiles from `first` to the preload: in a branch, if that can only be one of them.

    A loop would carry flags from one iteration to a next one that never comes.
    """
    preload = pipeline.preload
    if isinstance(preload, Scalar) and pipeline.most_preload == first + 1:
        with pto.if_context(preload > first):
            yield scalar.const(first)
    else:
        yield from pto.range(first, preload)
