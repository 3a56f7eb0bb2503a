"""Random programs through the synchronisation pass, judged: `bazel run //sim:random_programs -- --count=10000`.

Each program is loops, branches and FIFO pipelines of one core around operations on all pipes. The pass orders it, it
is executed with random trip counts and branches, and the judge must find nothing. A failure prints the command that
replays it. Exit code 0: nothing wrong; 1: something; 2: wrong usage.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from absl import flags

from cli.program import EXIT_FAILED, run
from sim.hazards import judge
from tools.ptoas.insert_sync.analysis import has_hazard
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.testing import execute, random_pipeline, random_program

_COUNT = flags.DEFINE_integer("count", 1000, "Programs.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", None, "Of the first program; the others follow it. Default: another each time.")

EXECUTIONS = 3
"""Runs of each program, with other trip counts and branches."""
EVENT_IDS = (2, 3, 8)
"""Event ids that the pass may use for a pair of pipes: few make it share."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    count: int
    seed: int


def options() -> Options:
    """Read the flags; without a seed one is drawn."""
    seed = _SEED.value if _SEED.value is not None else random.SystemRandom().randrange(2**31)
    return Options(_COUNT.value, seed)


def wrong(seed: int) -> str:
    """Return what is wrong with the program of a seed, empty if nothing is."""
    rng = random.Random(seed)
    program = (random_program, random_pipeline)[seed % 2](rng)
    solve(program)
    if has_hazard(program):
        return "the pass leaves a hazard by its own analysis"
    assign_event_ids(program, EVENT_IDS[seed % len(EVENT_IDS)])
    for _ in range(EXECUTIONS):
        verdict = judge(execute(program, rng))
        if not verdict.ok:
            finding = verdict.findings[0]
            return f"{finding.kind.value}: {finding.first} and {finding.second}"
    return ""


def work(chosen: Options) -> int:
    """Judge the programs. Return the exit code."""
    failures = 0
    for seed in range(chosen.seed, chosen.seed + chosen.count):
        if problem := wrong(seed):
            failures += 1
            print(f"{problem}\n  replay: tools/bazel run //sim:random_programs -- --count=1 --seed={seed}", flush=True)
    print(f"{chosen.count} programs from seed {chosen.seed} on: {failures} wrong")
    return EXIT_FAILED if failures else 0


if __name__ == "__main__":
    run(options, work)
