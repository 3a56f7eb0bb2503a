"""Runs cases in one process: open, fit into the time that is left, time, probe, make a row. A case that fails is a
row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.barrier_sets import GU, built_sets
from bench.baselines import Baseline, BaselineError, make_baseline
from bench.budget import REFERENCE, Estimate, Rates, estimate, probe_operations
from bench.cases import Case
from bench.clock import make_clock
from bench.environment import available_memory
from bench.flops import attention_flops
from bench.probe import probe
from bench.row import FAILED, KERNEL, OK, SKIPPED, WRONG, Row
from bench.stats import paired_speedup
from bench.timing import ENDLESS, Clock, Rounds, measure
from flash_atten.check_inputs import BENCHMARK_KIND, make_inputs
from flash_atten.config import KernelConfig
from flash_atten.launch_backend import AUTO, Backend, Opened, open_backend

AUTO_ITERATIONS = 10
"""Timed rounds of a case when --iters is not given ..."""

CASE_SECONDS = 10.0
"""... unless they take longer than this; one run there always is."""

CALIBRATION = Case("calibration", 512, 2048)
"""Shape from which the first estimate is made: the smallest that every configuration takes."""


@dataclass(frozen=True)
class Settings:
    """How cases are run. `iterations` None: `AUTO_ITERATIONS` within `CASE_SECONDS`. Times in seconds."""

    backend: str = AUTO
    timing: str = AUTO
    cache: str | None = None
    """One of `bench.clock.CACHES`; None: what the clock does by default."""
    iterations: int | None = None
    warmup: int = 1
    max_seconds: float | None = None
    baselines: tuple[str, ...] | None = ()
    """Names, or None for those of the backend."""
    library: Path | None = None
    cube_cores: int | None = None
    seed: int = 0
    """Of the inputs, and of the rows that are compared."""


@dataclass(frozen=True)
class Job:
    """A case and the configuration of the kernel that is to run it."""

    case: Case
    config: KernelConfig
    barriers: str = GU
    """Which barriers the patcher removed from the kernel, of `bench.barrier_sets`."""


@dataclass(frozen=True)
class Fit:
    """What there is time for: which baselines, how many seconds of timing; or why the case is skipped."""

    baselines: tuple[str, ...]
    seconds: float
    skip: str = ""
    note: str = ""


@dataclass
class Runner:
    """One benchmark run: its libraries, what it learned about speed, and when it has to be done."""

    settings: Settings
    baselines_of: Callable[[str], Sequence[str]]
    """Backend name -> its default baselines."""
    stage: Callable[[str], None] = lambda _: None
    """Told what is going on, for progress displays."""
    rates: Rates = field(default_factory=Rates)
    opened: dict[tuple[KernelConfig, str], Opened] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Baseline -> why it cannot be run."""
    start: float = field(default_factory=time.monotonic)

    def open(self, config: KernelConfig, barriers: str = GU) -> Opened:
        """Return the backend for `config` and a set of removed barriers, loaded once. Raises LibraryError."""
        key = (config, barriers)
        if key not in self.opened:
            chosen = self.settings
            path = chosen.library or built_sets().library(config, barriers)
            self.opened[key] = open_backend(config, chosen.backend, path=path, cube_cores=chosen.cube_cores)
        return self.opened[key]

    @property
    def why(self) -> str:
        """Which backend was opened first, and why that one."""
        return next(iter(self.opened.values())).why

    def libraries(self) -> dict[str, Any]:
        """Return what the libraries opened so far say of themselves, by name."""
        infos = [opened.backend.library.info for opened in self.opened.values()]
        return {info.name: info.fields() for info in infos}

    def run(self, jobs: Sequence[Job]) -> Iterator[Row]:
        """Run the jobs in order, a row each."""
        for job in jobs:
            yield self.run_job(job)

    def run_job(self, job: Job) -> Row:
        """Run one job; whatever goes wrong with it is in the row."""
        case, config = job.case, job.config
        row = Row(
            case.name,
            case.q_rows,
            case.s1,
            config.s1_tile,
            config.qk_preload,
            self.settings.backend,
            self.settings.timing,
            "",
            FAILED,
        )
        try:
            backend = self.open(config, job.barriers).backend
            clock = make_clock(self.settings.timing, self.settings.cache, backend)
            row = replace(
                row,
                backend=backend.name,
                timing=clock.name,
                cache=clock.cache,
                library=backend.library.info.name,
            )
            fit = self.fit(job, self.wanted_baselines(backend.name))
            if fit.skip:
                return replace(row, status=SKIPPED, note=fit.skip)
            try:
                return self._measured(row, job, backend, clock, fit)
            except BaselineError as error:
                alone = replace(fit, baselines=(), note=str(error))
                return self._measured(row, job, backend, clock, alone)
        except (RuntimeError, ValueError) as error:  # of the library, the kernel, or torch on the device
            return replace(row, note=str(error))
        except MemoryError as error:
            return replace(row, note=str(error) or "out of memory")

    def wanted_baselines(self, backend: str) -> tuple[str, ...]:
        """Return the names of the baselines to run that are not known to be missing."""
        wanted = self.baselines_of(backend) if self.settings.baselines is None else self.settings.baselines
        return tuple(name for name in wanted if name not in self.missing)

    def calibrate(self, job: Job) -> None:
        """Learn first rates from a small case of `job`'s library; what fails there keeps the guess and fails again in
        its own row.
        """
        small = replace(job, case=CALIBRATION)
        once = replace(self.settings, iterations=1, warmup=1, max_seconds=None)
        trial = replace(self, settings=once, stage=lambda _: None)
        trial.run_job(small)

    def estimate(self, job: Job, baselines: Sequence[str] | None = None) -> Estimate:
        """Estimate a job with what is known now; by default with all baselines that there are."""
        if baselines is None:
            baselines = self.wanted_baselines(self.open(job.config, job.barriers).backend.name)
        return estimate(job.case, job.config, self.rates, baselines)

    def expected_seconds(self, job: Job) -> float:
        """Estimate a job with all its iterations."""
        found = self.estimate(job)
        rounds = 1 + self.settings.warmup + (self.settings.iterations or AUTO_ITERATIONS)
        once = sum(found.once.values())
        limit = CASE_SECONDS if self.settings.iterations is None else ENDLESS
        return min(rounds * once, max(once, limit)) + found.probe

    def fit(self, job: Job, baselines: tuple[str, ...]) -> Fit:
        """Decide what of a job there is time for."""
        limit = CASE_SECONDS if self.settings.iterations is None else ENDLESS
        wanted, baselines = baselines, self._within_memory(job, baselines)
        note = "" if baselines == wanted else "no baselines: memory"
        if self.settings.max_seconds is None:
            return Fit(baselines, limit, note=note)
        left = self.settings.max_seconds - (time.monotonic() - self.start)
        needed = self.estimate(job, baselines)
        if needed.least > left and baselines:
            baselines, note = (), "no baselines: time"
            needed = self.estimate(job, baselines)
        if needed.least > left:
            return Fit(
                (), 0, skip=f"skipped: needs about {needed.least:.0f} s, {max(left, 0):.0f} s of --max_seconds are left"
            )
        return Fit(baselines, min(limit, left - needed.probe), note=note)

    def _within_memory(self, job: Job, baselines: tuple[str, ...]) -> tuple[str, ...]:
        """Return the baselines if there is memory for them, else none. Raises MemoryError if the kernel alone needs too
        much.
        """
        free = available_memory()
        if free is None or self.estimate(job, baselines).memory <= free:
            return baselines
        needed = self.estimate(job, ()).memory
        if needed > free:
            raise MemoryError(
                f"needs about {needed / 2**30:.1f} GiB of memory, {free / 2**30:.1f} GiB are free; ask for a smaller "
                "shape"
            )
        return ()

    def _baselines(self, names: Sequence[str], inputs: Any) -> list[Baseline]:
        """Prepare the baselines that can be run; remember why the others cannot."""
        ready = []
        for name in names:
            try:
                ready.append(make_baseline(name, inputs))
            except BaselineError as error:
                self.missing[name] = str(error)
        return ready

    def _measured(self, row: Row, job: Job, backend: Backend, clock: Clock, fit: Fit) -> Row:
        case, seed = job.case, self.settings.seed
        self.stage("inputs")
        inputs = make_inputs(BENCHMARK_KIND, case.q_rows, case.s1, seed)
        baselines = self._baselines(fit.baselines, inputs)
        bound = backend.bind(*(backend.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v)))
        operations = {KERNEL: bound.run, **{b.name: b.operation for b in baselines}}
        self.stage("timing")
        iterations = self.settings.iterations or AUTO_ITERATIONS
        timings = measure(operations, clock, Rounds(iterations, self.settings.warmup, fit.seconds))
        for name, timing in timings.items():
            self.rates.learn(name, attention_flops(case.q_rows, case.s1), timing.median)
        self.stage("checking")
        checked = time.monotonic()
        found = probe(backend, bound, inputs, baselines, seed)
        reference_seconds = time.monotonic() - checked - sum(t.median for t in timings.values())
        self.rates.learn(REFERENCE, probe_operations(case), reference_seconds)
        ours = timings[KERNEL].samples
        short = f"{len(ours)} of {iterations} iterations: time" if len(ours) < iterations else ""
        notes = [found.complaint, fit.note, short]
        return replace(
            row,
            status=OK if not found.complaint else WRONG,
            timings=timings,
            speedups={b.name: paired_speedup(ours, timings[b.name].samples) for b in baselines},
            errors=found.errors,
            relative_errors=found.relative_errors,
            reference=found.reference,
            note="; ".join(note for note in notes if note),
        )
