"""Random programs through the synchronisation pass, judged: `tools/bazel run //sim:random_programs -- --count=10000`.

By default each program is loops, branches, rings and FIFO pipelines of one core around operations on all pipes. The
pass orders it, it is executed with random trip counts and branches, and the judge must find nothing. With --kind=dsl a
program is a kernel of the DSL with sections, selected pointers, scalar accesses and FIFOs both ways, which is
assembled, compiled, judged, and compared with NumPy. With --kind=deletions each sync that the pass has added is deleted
in turn, and the judge must miss it. A failure prints the command that replays it. Exit code 0: nothing
wrong; 1: something; 2: wrong usage.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from absl import flags

from cli.program import EXIT_FAILED, run
from sim.hazards import judge
from sim.random_deletions import unmissed
from sim.random_kernels_run import wrong_kernels
from tools.ptoas.insert_sync.analysis import has_hazard
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.testing import execute, random_pipeline, random_program, random_rings


class Kind(Enum):
    """What programs are made of."""

    PASS = "pass"
    """Operations of the pass: many a second."""
    DSL = "dsl"
    """Kernels of the DSL: two a second."""
    DELETIONS = "deletions"
    """Programs of the pass, each of whose syncs is deleted in turn: one a second."""


_COUNT = flags.DEFINE_integer("count", 1000, "Programs.", lower_bound=1)
_SEED = flags.DEFINE_integer("seed", None, "Of the first program; the others follow it. Default: another each time.")
_JOBS = flags.DEFINE_integer(
    "jobs", None, "Batches of 100 programs that are judged at a time. Default: one on each CPU.", lower_bound=1
)
_KIND = flags.DEFINE_enum_class("kind", Kind.PASS, Kind, "Programs of the pass, or kernels of the DSL.")

GENERATORS = (random_program, random_pipeline, random_rings)
"""Of programs of the pass, in turns."""
EXECUTIONS = 3
"""Runs of each program, with other trip counts and branches."""
EVENT_IDS = (2, 3, 8, 8)
"""Event ids that the pass may use for a pair of pipes: few make it share."""
BATCH = 100
"""Programs that one process judges; of the DSL, kernels that are compiled together."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    count: int
    seed: int
    kind: Kind = Kind.PASS
    jobs: int = 1


def options() -> Options:
    """Read the flags; without a seed one is drawn."""
    seed = _SEED.value if _SEED.value is not None else random.SystemRandom().randrange(2**31)
    return Options(_COUNT.value, seed, _KIND.value, _JOBS.value or len(os.sched_getaffinity(0)))


def wrong(seed: int) -> str:
    """Return what is wrong with the program of a seed, empty if nothing is."""
    rng = random.Random(seed)
    # The seed decides everything, so that it alone replays a failure. 3 generators and 4 numbers of event ids
    # have no common factor: each meets each within 12 seeds.
    program = GENERATORS[seed % len(GENERATORS)](rng)
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


def problems(kind: Kind, seeds: range) -> list[tuple[int, str]]:
    """Return the seeds whose programs are wrong, each with what is."""
    if kind is Kind.PASS:
        return [(seed, problem) for seed in seeds if (problem := wrong(seed))]
    if kind is Kind.DELETIONS:
        return [(seed, problem) for seed in seeds for problem in unmissed(seed)]
    with tempfile.TemporaryDirectory(prefix="random_programs_") as directory:
        return list(wrong_kernels(seeds, Path(directory)))


def failures(chosen: Options) -> Iterator[tuple[int, str]]:
    """Yield what `problems` finds, in the order of the seeds; batches of them are judged at the same time."""
    seeds = range(chosen.seed, chosen.seed + chosen.count)
    batches = [seeds[start : start + BATCH] for start in range(0, chosen.count, BATCH)]
    # An interrupt is the parent's to answer: it ends its workers.
    with Pool(chosen.jobs, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as workers:
        for found in workers.imap(partial(problems, chosen.kind), batches):
            yield from found


def work(chosen: Options) -> int:
    """Judge the programs. Return the exit code."""
    count = 0
    program = f"tools/bazel run //sim:random_programs -- --kind={chosen.kind.value} --count=1"
    for seed, problem in failures(chosen):
        count += 1
        print(f"{problem}\n  replay: {program} --seed={seed}", flush=True)
    print(f"{chosen.count} programs from seed {chosen.seed} on: {count} wrong")
    return EXIT_FAILED if count else 0


if __name__ == "__main__":
    run(options, work)
