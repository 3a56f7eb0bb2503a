"""Random programs with one sync deleted: the judge must miss every one, else the pass printed too much.

Programs have no FIFOs: those order more than the pass can count. Acknowledgements are not deleted: they order no
operations, but keep a flag from being set twice on paths that a run need not take.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from sim.hazards import judge
from tools.ptoas.insert_sync.analysis import has_hazard
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.syncs import Barrier, FlagPair
from tools.ptoas.insert_sync.testing import execute, random_program, random_rings

GENERATORS = (random_program, random_rings)
"""Of programs, in turns."""

EXECUTIONS = 3000
"""Runs of a program, at most, until one takes the path on which the deleted sync is missed."""


def unmissed(seed: int) -> Iterator[str]:
    """Yield the syncs of the program of a seed that can be deleted without a finding or a warning of the judge."""
    rng = random.Random(seed)
    program = GENERATORS[seed % len(GENERATORS)](rng)
    solve(program)
    assign_event_ids(program)
    pairs, barriers = program.syncs()
    deleted: list[FlagPair | Barrier] = [pair for pair in pairs if pair.acknowledges is None]
    for sync in deleted + barriers:
        if not _is_missed(program, sync, rng):
            yield _describe(program, sync)


def _is_missed(program: Program, sync: FlagPair | Barrier, rng: random.Random) -> bool:
    """Whether the judge says something of a run of the program without a sync."""
    program.remove(sync)
    # A generator: only as many runs as it takes until one misses the sync.
    verdicts = (judge(execute(program, rng)) for _ in range(EXECUTIONS))
    missed = any(verdict.findings or verdict.warnings for verdict in verdicts)
    program.add(sync)
    return missed


def _describe(program: Program, sync: FlagPair | Barrier) -> str:
    program.remove(sync)
    # The pass' own analysis says whether the sync was needed after all.
    kind = "the judge did not see it on any path taken" if has_hazard(program) else "the pass printed too much"
    program.add(sync)
    if isinstance(sync, Barrier):
        return f"a barrier of {'all pipes' if sync.pipe is None else sync.pipe.name} is not missed: {kind}"
    return f"a flag from {sync.flag.src.name} to {sync.flag.dst.name} is not missed: {kind}"
