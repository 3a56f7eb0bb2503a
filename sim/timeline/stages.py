"""The stage and the tile of each operation of a timeline: what a picture calls a bar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from isa.pipes import Kind
from isa.sync import Instruction
from sim.timeline.origins import Origin
from sim.timeline.times import Timeline

StageOf = Callable[[str, int], str | None]
"""Stage of a line of Python, or None."""


class Label(NamedTuple):
    """What an operation is part of."""

    stage: str
    tile: int
    """Counted over all Q blocks of the trace, from 0."""


def labels(run: Timeline, origins: Mapping[int, Origin], stage_of: StageOf) -> list[Label | None]:
    """Return the label of each bar, None for one of no stage.

    A stage ends its work on a tile when it pushes the tile's slot. One that pushes none begins with a tile when it pops
    its slot: it may free the slot as soon as it has loaded it, long before it is done. So a bar's tile follows from the
    number of pushes, or of pops, that its core has issued before it.
    """
    program = run.program
    tables = []
    for stream, lines in zip(program.streams, program.lines, strict=True):
        stages = [_stage(origins, line, stage_of) for line in lines]
        tables.append((stages, _tiles(stream, stages)))
    result: list[Label | None] = []
    for bar in run.bars:
        stages, tiles = tables[bar.core]
        stage = stages[bar.position]
        result.append(None if stage is None else Label(stage, tiles[bar.position]))
    return result


def _stage(origins: Mapping[int, Origin], line: int, stage_of: StageOf) -> str | None:
    origin = origins.get(line)
    return stage_of(origin.file, origin.line) if origin else None


def _tiles(stream: Sequence[Instruction], stages: Sequence[str | None]) -> list[int]:
    """Return the tile that the stage of each instruction works on."""
    pushing = {stage for (kind, *_), stage in zip(stream, stages, strict=True) if kind == Kind.TPUSH}
    counts: dict[str | None, int] = defaultdict(int)
    tiles = []
    for (kind, *_), stage in zip(stream, stages, strict=True):
        if stage in pushing:
            tiles.append(counts[stage])
            counts[stage] += kind == Kind.TPUSH
        else:
            counts[stage] += kind == Kind.TPOP
            tiles.append(counts[stage] - 1)
    # What a stage does before its first pop, or after its last push, belongs to its first or last tile.
    return [max(0, min(tile, counts[stage] - 1)) for tile, stage in zip(tiles, stages, strict=True)]
