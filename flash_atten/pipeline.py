"""A software pipeline of two stages on one core: prologue, steady state, epilogue.

The leading stage runs `preload` tiles ahead of the trailing one, because between the two another core works on the
tile: on the cube core QK leads and PV trails, on a vector core softmax leads and the accumulation of the output
trails. State that the leading stage leaves for the trailing one lies in a ring of slots, tile mod slots. In a loop the
slot is known at run time only, but tiles on chip have fixed addresses: `dispatch_ring` branches to the slot's own.

Nothing here knows about attention: a kernel gives its stages as hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ptodsl import pto, scalar
from ptodsl.values import Scalar

Slot = Scalar | int
"""A ring slot: a number while the kernel is built, or a run-time value."""

Hook = Callable[[Scalar, Slot], None]
"""A stage's work on one tile: gets the tile's number (an index) and its ring slot."""


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

    trail_alone: Hook | None = None
    """The trailing stage in the epilogue, where no leading one comes between two of it, if it differs."""

    interleaved: Hook | None = None
    """The trailing stage on tile t and the leading one on tile t + preload, woven together; by default one by one."""

    def slot(self, tile: Scalar) -> Slot:
        """Return the ring slot of a tile."""
        return 0 if self.ring_slots == 1 else tile % self.ring_slots


@dataclass(frozen=True)
class Pipeline:
    """A run of the stages over all tiles."""

    stages: Stages
    tiles: Scalar
    """Number of tiles, known at run time, at least `preload`."""

    preload: int
    """Tiles that the leading stage is ahead."""

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
    for tile in pto.range(first, pipeline.preload):
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
        slot = stages.slot(tile)
        if stages.interleaved is not None:
            stages.interleaved(tile, slot)
        elif pipeline.peeled:
            stages.lead(tile + preload, slot)
            stages.trail(tile + 1, stages.slot(tile + 1))
        else:
            stages.trail(tile, slot)
            stages.lead(tile + preload, slot)


def epilogue(pipeline: Pipeline) -> None:
    """Emit the loop over the tiles that only the trailing stage has left."""
    stages = pipeline.stages
    trail = stages.trail_alone or stages.trail
    for tile in pto.range(pipeline.tiles - (pipeline.preload - pipeline.peeled), pipeline.tiles):
        trail(tile, stages.slot(tile))


def dispatch_ring(slot: Slot, slots: int, body: Callable[[int], None]) -> None:
    """Emit `body(slot)`: directly for a known slot, else as a ladder of branches, one per slot with its own tiles."""
    if isinstance(slot, int):
        body(slot)
        return

    def rung(number: int) -> None:
        if number == slots - 1:
            body(number)
            return
        with pto.if_context(slot == number, has_else=True) as branch:
            body(number)
        with branch.else_context():
            rung(number + 1)

    rung(0)
