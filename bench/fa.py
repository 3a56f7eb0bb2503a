"""Benchmark the Flash Attention kernel: latency, TFLOP/s and error per shape, beside a baseline.

    bazel run //bench:fa -- --s1=1024
    bazel run //bench:fa -- --s1=4096,16384 --q_rows=256
    bazel run //bench:fa -- --suite --max_seconds=120 --json=runs.json

On the host backend the latencies are those of this computer's CPU; they say nothing about an NPU.
"""

from __future__ import annotations

import datetime
import itertools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from absl import flags
from rich.console import Console

from bench.barrier_sets import GU, built_sets
from bench.baselines import AUTO, NO_TORCH, NONE, NUMPY_FP32, default_baselines
from bench.cases import Case, choose_cases
from bench.clock import CACHES, TIMINGS, check_clock
from bench.environment import environment
from bench.jobs import ONLY_ON_THE_DEVICE, Job, Kernel, Settings, comparable
from bench.progress import Progress
from bench.results import Run, is_new, read_runs, write_run
from bench.roof import Roof
from bench.row import FAILED, KERNEL, SPEEDUP_MEANS, WRONG, Row, turns_text
from bench.runner import AUTO_ITERATIONS, CASE_SECONDS, Runner
from bench.table import MACHINE_OF_BACKEND, print_table
from bench.timing import WALL
from bench.tsv import append_tsv, check_tsv, tsv_text
from cli.files import check_distinct, output_file, user_path
from cli.interrupt import Interrupted, interruptible, leave
from cli.program import EXIT_FAILED, fail, integers, paragraph, run
from flash_atten.built import serve_shape
from flash_atten.check_compare import BLOCK_ROWS, TOLERANCE
from flash_atten.config import SCHEDULES
from flash_atten.knobs import BY_RULE, Asked
from kernels.launch_flags import define_choice
from kernels.library import HOST, LibraryError

MOST_RUNS = 10**6
"""Runs of a shape from which on a request is a slip of the finger."""

S1 = flags.DEFINE_list("s1", [], "Rows of K and V; a list. Default: 1024.")
Q_ROWS = flags.DEFINE_list("q_rows", [], "Rows of Q; a list. Default: the same as s1.")
CASE = flags.DEFINE_list("case", [], "Named shapes: case1 .. case8 are S0 = S1 = 1024, 2048, ... 131072; a list.")
SUITE = flags.DEFINE_bool("suite", False, "All of case1 .. case8, with an estimate first.")
S1_TILE = flags.DEFINE_list("s1_tile", [BY_RULE], "Rows of K per tile: auto (per shape), 256, 512; a list takes turns.")
QK_PRELOAD = flags.DEFINE_list(
    "qk_preload", None, "Tiles that QK runs ahead of PV: 3, 4; a list takes turns. Default: what --library has, else 3."
)
KV_SPLIT = flags.DEFINE_list(
    "kv_split",
    [BY_RULE],
    "Parts of S1 that are computed apart: auto (by shape and cube cores), 1, 2, 4; a list takes turns.",
)
SCHEDULE = flags.DEFINE_list(
    "schedule",
    None,
    f"Orders of the work: {', '.join(SCHEDULES)} (docs/schedules.md), or {BY_RULE}, recipe or fast by s1; a list takes "
    "turns. Default: what --library has, else recipe.",
)
REMOVE_BARRIERS = flags.DEFINE_list(
    "remove_barriers",
    [],
    "Which PIPE_V barriers the patcher removed, of the sets that are built. Bazel's flag "
    "--//bench:remove_barriers=gu,none builds sets, which are then the default and take turns; without it there is gu.",
)
ITERS = flags.DEFINE_integer(
    "iters",
    None,
    f"Timed runs of each shape. Default: {AUTO_ITERATIONS}, or as many as fit in {CASE_SECONDS:.0f} s.",
    lower_bound=1,
    upper_bound=MOST_RUNS,
)
WARMUP = flags.DEFINE_integer(
    "warmup", 1, "Untimed runs of each shape, after the first (cold) one.", lower_bound=0, upper_bound=MOST_RUNS
)
MAX_SECONDS = flags.DEFINE_float("max_seconds", None, "Skip what would not be done in this time.", lower_bound=0)
TIMING = flags.DEFINE_enum("timing", TIMINGS[0], list(TIMINGS), "Clock; auto: event on the device, wall on the host.")
CACHE = flags.DEFINE_enum(
    "cache",
    None,
    list(CACHES),
    "With device events: whether L2 holds the operands when a run starts. Default: cold, as in the vendor's harness.",
)
BASELINE = flags.DEFINE_enum("baseline", AUTO, [AUTO, NONE], "Whether to time the backend's baselines too.")
CHOICE = define_choice(fill=False)
LIBRARY = flags.DEFINE_list(
    "library", [], "Kernel library to use instead of those built for the knobs; a list takes turns."
)
SEED = flags.DEFINE_integer("seed", 0, "Seed of the inputs, and of the rows that are compared.", lower_bound=0)
JSON = flags.DEFINE_string("json", None, "Results file to add this run to.")
TSV = flags.DEFINE_string("tsv", None, "Tab-separated file to add this run's rows to; - is standard output.")

STDOUT = "-"
"""Value of --tsv: rows go to standard output, and all else to standard error."""


@dataclass(frozen=True)
class Options:
    """A checked request."""

    jobs: tuple[Job, ...]
    notes: tuple[str, ...]
    """What the user is to know about the choice of libraries."""
    settings: Settings
    suite: bool
    json: Path | None
    tsv: Path | None
    to_stdout: bool


def options() -> Options:
    """Read the flags. Raises ValueError for a request that cannot be served."""
    s1 = integers("s1", S1.value) if S1.present else []
    q_rows = integers("q_rows", Q_ROWS.value) if Q_ROWS.present else []
    if CASE.present and not CASE.value:
        raise ValueError("--case= is an empty list; give names such as --case=case1,case4, or leave it out")
    cases = choose_cases(suite=SUITE.value, names=CASE.value, s1=s1, q_rows=q_rows)
    served = [_kernels(case) for case in cases]
    jobs = [Job(case, tuple(kernels)) for case, kernels in zip(cases, served, strict=True)]
    choice = CHOICE()
    if choice.backend == HOST and TIMING.value not in ("auto", "wall"):
        raise ValueError(
            f"--timing={TIMING.value} needs the device; with --backend=host use --timing=wall or leave it out"
        )
    check_clock(WALL if choice.backend == HOST else TIMING.value, CACHE.value)
    if MAX_SECONDS.value is not None and math.isnan(MAX_SECONDS.value):
        raise ValueError("--max_seconds=nan is not a number of seconds; give one, or leave the flag out for no limit")
    settings = Settings(
        choice=choice,
        timing=TIMING.value,
        cache=CACHE.value,
        iterations=ITERS.value,
        warmup=WARMUP.value,
        max_seconds=MAX_SECONDS.value,
        baselines=() if BASELINE.value == NONE else None,
        seed=SEED.value,
    )
    to_stdout = TSV.value == STDOUT
    json_path, tsv_path = _outputs(JSON.value, None if to_stdout else TSV.value)
    notes = dict.fromkeys(note for kernels in served for notes in kernels.values() for note in notes)
    return Options(tuple(jobs), tuple(notes), settings, SUITE.value, json_path, tsv_path, to_stdout)


def _kernels(case: Case) -> dict[Kernel, list[str]]:
    """Return the variants of the kernel that run a case in turns, with notes on their choice.

    Raises ValueError for one that cannot.
    """
    if LIBRARY.value and REMOVE_BARRIERS.value:
        raise ValueError(
            "--library and --remove_barriers exclude each other: a library has its barriers removed already"
        )
    for flag in (S1_TILE, QK_PRELOAD, KV_SPLIT, SCHEDULE):
        if flag.present and not flag.value:
            raise ValueError(f"--{flag.name}= is an empty list; give at least one value, or leave the flag out")
    # Of a library that is named, what it says itself is reported (`variant_of`), not this.
    sets = [GU] if LIBRARY.value else built_sets().choose(REMOVE_BARRIERS.value)
    libraries: list[Path | None] = [user_path(text) for text in LIBRARY.value]
    schedules = [None] if SCHEDULE.value is None else SCHEDULE.value
    preloads = [None] if QK_PRELOAD.value is None else integers("qk_preload", QK_PRELOAD.value)
    found = [
        (serve_shape(Asked(*knobs), case.q_rows, case.s1, CHOICE(), path), barriers, path)
        for knobs in itertools.product(S1_TILE.value, preloads, KV_SPLIT.value, schedules)
        for path in libraries or [None]
        for barriers in sets
    ]
    return {Kernel(served.config, barriers, path): served.notes for served, barriers, path in found}


def _outputs(json_text: str | None, tsv_text: str | None) -> tuple[Path | None, Path | None]:
    """Return the files to add to. Raises ValueError unless each is new or one of this benchmark's."""
    # Rows are added to these two: whether what is there is ours is a matter of the whole file.
    json_path, tsv_path = (
        output_file(*named, ours=lambda _: True) for named in (("json", json_text), ("tsv", tsv_text))
    )
    check_distinct(json=json_path, tsv=tsv_path)
    if json_path and not is_new(json_path):
        read_runs(json_path)
    if tsv_path:
        check_tsv(tsv_path)
    return json_path, tsv_path


def print_estimate(runner: Runner, jobs: Sequence[Job], out: TextIO) -> None:
    """Print what each job will take, from a short calibration launch."""
    runner.calibrate(jobs[0])
    limit, total = runner.settings.max_seconds, 0.0
    print("estimate, from small launches (memory at the peak; time with all iterations and the check):", file=out)
    for job in jobs:
        cost, seconds = runner.estimate(job), runner.expected_seconds(job)
        fits = limit is None or total + cost.least <= limit
        total += seconds if fits else 0
        print(
            f"  {job.case.name}  {job.case.q_rows:>6} x {job.case.s1:<6}  {cost.memory / 2**20:7.0f} MiB  "
            f"{seconds:9.1f} s{'' if fits else '  does not fit'}",
            file=out,
        )
    print(f"  about {total:.0f} s in all", file=out)
    if limit is not None:
        print(f"  what does not fit in --max_seconds={limit:g} when its turn comes is skipped", file=out)
    out.flush()


@dataclass
class Collector:
    """Keeps finished rows, in memory and in the files. A file that cannot be written now is tried again at the next
    row.
    """

    run: Run
    json: Path | None
    tsv: Path | None
    libraries: Callable[[], dict[str, Any]]
    """What the libraries in use say of themselves, by name."""

    complaints: dict[Path, str] = field(default_factory=dict)
    """File -> why it lacks rows."""

    roof: Roof = field(default_factory=Roof)

    in_tsv: int = 0
    """Rows that the TSV file has got."""

    def add(self, row: Row) -> None:
        """Keep one more row."""
        if self.json:
            self.roof.look()
        facts = {"libraries": self.libraries(), "matmul_tflops": self.roof.tflops}
        environment = {**self.run.environment, **facts}
        self.run = replace(self.run, environment=environment, rows=(*self.run.rows, row))
        if self.json:
            self._try(self.json, lambda path: write_run(path, self.run))
        if self.tsv and self._try(self.tsv, lambda path: append_tsv(path, self.run.rows[self.in_tsv :])):
            self.in_tsv = len(self.run.rows)

    def _try(self, path: Path, write: Callable[[Path], None]) -> bool:
        try:
            write(path)
        except (OSError, ValueError) as error:
            self.complaints[path] = f"the rows could not be written to {path}: {error}"
            return False
        self.complaints.pop(path, None)
        return True


def report(rows: Sequence[Row], runner: Runner, out: TextIO) -> None:
    """Print the table, what the variants did in turns, and what was left out."""
    if not rows:
        return
    machine = MACHINE_OF_BACKEND.get(rows[0].backend, rows[0].backend)
    title = (
        f"backend {runner.why}\nlatencies measured on {machine}\nright is a relative error of {BLOCK_ROWS} rows up to "
        f"{TOLERANCE.block:.1e}, of a value up to {TOLERANCE.value:.1e}"
    )
    if any(row.speedups for row in rows):
        title += f"\n{SPEEDUP_MEANS}"
    print_table(rows, title, Console(file=out))
    for line in turns_lines(rows):
        print(line, file=out)
    notes = [NO_TORCH] if any(NUMPY_FP32 in row.timings for row in rows) else []
    for reason in dict.fromkeys([*notes, *runner.missing.values()]):
        print(paragraph(f"note: {reason}"), file=sys.stderr)


def turns_lines(rows: Sequence[Row]) -> list[str]:
    """Return what is to be said of variants that were timed in turns: their ratios, or why there is none."""
    lines = []
    for row in rows:
        if row.turns is not None:
            lines.append(f"{row.case}, {turns_text(row, rows)}")
    measured = [row for row in rows if KERNEL in row.timings]
    pairs = [
        (one, other) for one in measured for other in measured if (one.case, one.clock) == (other.case, other.clock)
    ]
    if any(not comparable(one.backend, one.variant, other.variant) for one, other in pairs):
        lines.append(paragraph(f"note: {ONLY_ON_THE_DEVICE}"))
    return lines


def exit_code(rows: Sequence[Row]) -> int:
    """Return 1 if any row is wrong or failed. A skipped row was announced and is no failure."""
    return EXIT_FAILED if any(row.status in (WRONG, FAILED) for row in rows) else 0


def work(chosen: Options) -> int:
    """Run the jobs and report; rows that are finished survive whatever happens to the others."""
    out = sys.stderr if chosen.to_stdout else sys.stdout
    started = datetime.datetime.now(datetime.UTC).isoformat()
    progress = Progress(Console(stderr=True), len(chosen.jobs))
    runner = Runner(chosen.settings, default_baselines, progress.stage)
    collector = Collector(Run(started, environment()), chosen.json, chosen.tsv, runner.libraries)

    def run_all() -> None:
        # Without the first library nothing runs: that ends the program, where later ones cost a row each.
        runner.open(chosen.jobs[0].kernels[0])
        if chosen.suite:
            print_estimate(runner, chosen.jobs, out)
        for job in chosen.jobs:
            progress.start(f"{job.case.name} {job.case.q_rows} x {job.case.s1}")
            for row in runner.run_job(job):
                collector.add(row)

    for note in chosen.notes:
        print(paragraph(f"note: {note}"), file=sys.stderr)
    interrupted = False
    with progress:
        try:
            interruptible(run_all)
        except Interrupted:
            interrupted = True
    rows = collector.run.rows
    report(rows, runner, out)
    if chosen.to_stdout:
        print(tsv_text(rows), end="")
    for complaint in collector.complaints.values():
        fail(complaint, EXIT_FAILED)
    if interrupted:
        leave(f"interrupted: {len({row.case for row in rows})} of {len(chosen.jobs)} shapes are done")
    return EXIT_FAILED if collector.complaints else exit_code(rows)


if __name__ == "__main__":
    run(options, work, failed=(LibraryError,))
