"""Runs cases in one process: open, fit into the time that is left, time, probe, make rows. A case that fails is a row.

The kernels of a job are timed in turns with each other and with the baselines, A B A B, so that all see the same drift.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.barrier_sets import built_sets
from bench.baselines import Baseline, BaselineError, make_baseline
from bench.budget import REFERENCE, Estimate, Rates, estimate, probe_operations
from bench.cases import Case
from bench.clock import make_clock
from bench.environment import available_memory
from bench.flops import attention_flops
from bench.jobs import Job, Kernel, Settings, comparable, variant_of
from bench.load import Snapshot, load_between
from bench.probe import Probe, probe
from bench.row import FAILED, KERNEL, OK, SKIPPED, WRONG, Row, Turns
from bench.stats import Timing, paired_ratio, paired_speedup
from bench.timing import ENDLESS, Clock, Operation, Rounds, measure
from flash_atten.backend import AttentionBackend, BoundAttention, OpenedAttention, open_backend
from flash_atten.check_inputs import BENCHMARK_KIND, AttentionInputs, make_inputs
from kernels.host import HostBackend
from kernels.library import KernelError

AUTO_ITERATIONS = 10
"""Timed rounds of a case when --iters is not given ..."""

CASE_SECONDS = 10.0
"""... unless they take longer than this; one run there always is."""

CALIBRATION = Case("calibration", 512, 2048)
"""Shape from which the first estimate is made: the smallest that every configuration takes."""


@dataclass(frozen=True)
class Fit:
    """What there is time for: which baselines, how many seconds of timing; or why the case is skipped."""

    baselines: tuple[str, ...]
    seconds: float
    skip: str = ""
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """A kernel of a job on its way to a row; the row says why it has failed, until it is measured."""

    kernel: Kernel
    row: Row
    ready: tuple[AttentionBackend, Clock] | None = None
    """None if it could not be opened."""

    def failed(self, note: str) -> Entry:
        """Return the entry with the reason for its failure."""
        return replace(self, row=replace(self.row, note=note))


@dataclass(frozen=True)
class Measurement:
    """What was measured of a job's kernels, in their order, and of its baselines."""

    kernels: Sequence[Timing]
    baselines: Mapping[str, Timing]
    probes: Sequence[Probe]
    load: Mapping[str, float]


@dataclass
class Runner:
    """One benchmark run: its libraries, what it learned about speed, and when it has to be done."""

    settings: Settings
    baselines_of: Callable[[str], Sequence[str]]
    """AttentionBackend name -> its default baselines."""
    stage: Callable[[str], None] = lambda _: None
    """Told what is going on, for progress displays."""
    rates: Rates = field(default_factory=Rates)
    opened: dict[Kernel, OpenedAttention] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Baseline -> why it cannot be run."""
    start: float = field(default_factory=time.monotonic)

    def open(self, kernel: Kernel) -> OpenedAttention:
        """Return the backend for a kernel, loaded once. Raises LibraryError."""
        if kernel not in self.opened:
            path = kernel.library or built_sets().library(kernel.config, kernel.barriers)
            self.opened[kernel] = open_backend(kernel.config, self.settings.choice, path=path)
        return self.opened[kernel]

    @property
    def why(self) -> str:
        """Which backend was opened first, and why that one."""
        return next(iter(self.opened.values())).why

    def libraries(self) -> dict[str, Any]:
        """Return what the libraries opened so far say of themselves, by name."""
        backends = [opened.backend for opened in self.opened.values()]
        names = [backend.library.info.name for backend in backends]
        return {
            # Libraries of one name may come from several places, with other barriers removed.
            name if names.count(name) == 1 else str(backend.library.path): {
                **backend.library.info.fields(),
                **(backend.backend.facts() if isinstance(backend.backend, HostBackend) else {}),
            }
            for name, backend in zip(names, backends, strict=True)
        }

    def run_job(self, job: Job) -> list[Row]:
        """Run one job, a row for each kernel; whatever goes wrong with it is in the rows."""
        entries = [self._entry(job, kernel) for kernel in job.kernels]
        done = {entry.kernel: entry.row for entry in entries if entry.ready is None}
        running = [entry for entry in entries if entry.ready is not None]
        if running:
            done |= {entry.kernel: entry.row for entry in self._run(job.case, running)}
        return [done[kernel] for kernel in job.kernels]

    def _entry(self, job: Job, kernel: Kernel) -> Entry:
        """Open a kernel's library and its clock."""
        case, asked = job.case, self.settings
        # What was asked for, in case that the row fails here; a library that opens says itself what it is.
        variant = variant_of(kernel, None)
        row = Row(case.name, case.q_rows, case.s1, variant, asked.choice.backend, asked.timing, FAILED)
        try:
            backend = self.open(kernel).backend
            clock = make_clock(asked.timing, asked.cache, backend.backend)
        except (RuntimeError, ValueError) as error:  # of the library, or of torch on the device
            return Entry(kernel, replace(row, note=str(error)))
        variant = variant_of(kernel, backend.library.info, job.kernels)
        row = replace(row, variant=variant, backend=backend.name, timing=clock.name, cache=clock.cache)
        return Entry(kernel, row, (backend, clock))

    def _run(self, case: Case, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Measure all kernels, if there is time."""
        try:
            fit = self.fit(case, [entry.kernel for entry in entries], self.wanted_baselines(entries[0].row.backend))
            if fit.skip:
                return [replace(item, row=replace(item.row, status=SKIPPED, note=fit.skip)) for item in entries]
            try:
                return self._measured(case, entries, fit)
            except BaselineError as error:
                # A baseline failed while it ran: the kernels are timed without any.
                return self._measured(case, entries, replace(fit, baselines=(), note=str(error)))
        except KernelError as error:
            if len(entries) == 1:
                return [entries[0].failed(str(error))]
            return [alone for entry in entries for alone in self._run(case, [entry])]  # one of them: find out which
        except (RuntimeError, ValueError) as error:  # of the launch, or of torch on the device
            return [entry.failed(str(error)) for entry in entries]
        except MemoryError as error:
            return [entry.failed(str(error) or "out of memory") for entry in entries]

    def wanted_baselines(self, backend: str) -> tuple[str, ...]:
        """Return the names of the baselines to run that are not known to be missing."""
        wanted = self.baselines_of(backend) if self.settings.baselines is None else self.settings.baselines
        return tuple(name for name in wanted if name not in self.missing)

    def calibrate(self, job: Job) -> None:
        """Learn first rates from a small case of `job`'s first library; what fails there keeps the guess and fails
        again in its own row.
        """
        once = replace(self.settings, iterations=1, warmup=1, max_seconds=None)
        # A copy shares rates and opened libraries with this runner: what it learns stays.
        trial = replace(self, settings=once, stage=lambda _: None)
        trial.run_job(Job(CALIBRATION, job.kernels[:1]))

    def estimate(self, job: Job, baselines: Sequence[str] | None = None) -> Estimate:
        """Estimate a job with what is known now; by default with all baselines that there are."""
        if baselines is None:
            baselines = self.wanted_baselines(self.open(job.kernels[0]).backend.name)
        return estimate(job.case, [kernel.config for kernel in job.kernels], self.rates, baselines)

    def expected_seconds(self, job: Job) -> float:
        """Estimate a job with all its iterations."""
        found = self.estimate(job)
        # The cold round comes first.
        rounds = 1 + self.settings.warmup + (self.settings.iterations or AUTO_ITERATIONS)
        once = sum(found.once.values())
        limit = CASE_SECONDS if self.settings.iterations is None else ENDLESS
        return min(rounds * once, max(once, limit)) + found.probe

    def fit(self, case: Case, kernels: Sequence[Kernel], baselines: tuple[str, ...]) -> Fit:
        """Decide what of a case there is time for."""
        job = Job(case, tuple(kernels))
        # Iterations that are asked for are all done; else time per case limits them.
        limit = CASE_SECONDS if self.settings.iterations is None else ENDLESS
        wanted, baselines = baselines, self._within_memory(job, baselines)
        note = "" if baselines == wanted else "no baselines: memory"
        if self.settings.max_seconds is None:
            return Fit(baselines, limit, note=note)
        left = self.settings.max_seconds - (time.monotonic() - self.start)
        needed = self.estimate(job, baselines)
        # Baselines go first: a row without them is worth more than no row.
        if needed.least > left and baselines:
            baselines, note = (), "no baselines: time"
            needed = self.estimate(job, baselines)
        if needed.least > left:
            return Fit(
                (), 0, skip=f"skipped: needs about {needed.least:.0f} s, {max(left, 0):.0f} s of --max_seconds are left"
            )
        # The probe comes after the timing, and must still be in time.
        return Fit(baselines, min(limit, left - needed.probe), note=note)

    def _within_memory(self, job: Job, baselines: tuple[str, ...]) -> tuple[str, ...]:
        """Return the baselines if there is memory for them, else none. Raises MemoryError if the kernels alone need too
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

    def _baselines(self, names: Sequence[str], inputs: AttentionInputs) -> list[Baseline]:
        """Prepare the baselines that can be run; remember why the others cannot."""
        ready = []
        for name in names:
            try:
                ready.append(make_baseline(name, inputs))
            except BaselineError as error:
                self.missing[name] = str(error)
        return ready

    def _measured(self, case: Case, entries: Sequence[Entry], fit: Fit) -> Sequence[Entry]:
        """Time the kernels and baselines in turns, then probe each kernel once."""
        self.stage("inputs")
        inputs = make_inputs(BENCHMARK_KIND, case.q_rows, case.s1, self.settings.seed)
        baselines = self._baselines(fit.baselines, inputs)
        backends, clock = [_ready(entry)[0] for entry in entries], _ready(entries[0])[1]
        bound = [(backend, _bind(backend, inputs)) for backend in backends]
        measured = self._measure(case, bound, inputs, baselines, clock, fit.seconds)
        return [self._row(entry, index, measured, entries[0], fit) for index, entry in enumerate(entries)]

    def _measure(
        self,
        case: Case,
        bound: Sequence[tuple[AttentionBackend, BoundAttention]],
        inputs: AttentionInputs,
        baselines: Sequence[Baseline],
        clock: Clock,
        seconds: float,
    ) -> Measurement:
        self.stage("timing")
        kernels: dict[str, Operation] = {f"{KERNEL}{index}": launch.run for index, (_, launch) in enumerate(bound)}
        rounds = Rounds(self.settings.iterations or AUTO_ITERATIONS, self.settings.warmup, seconds)
        before = Snapshot.take()
        timings = measure({**kernels, **{item.name: item.operation for item in baselines}}, clock, rounds)
        load = load_between(before, Snapshot.take())
        for name, timing in timings.items():
            self.rates.learn(KERNEL if name in kernels else name, attention_flops(case.q_rows, case.s1), timing.median)
        self.stage("checking")
        checked = time.monotonic()
        probes = probe(bound, inputs, baselines, self.settings.seed)
        # A probe also runs each operation once; the rest of its time is the reference's.
        reference_seconds = time.monotonic() - checked - sum(timing.median for timing in timings.values())
        self.rates.learn(REFERENCE, probe_operations(case), reference_seconds)
        ours = [timings[name] for name in kernels]
        return Measurement(ours, {item.name: timings[item.name] for item in baselines}, probes, load)

    def _row(self, entry: Entry, index: int, measured: Measurement, first: Entry, fit: Fit) -> Entry:
        """Return the entry with its row made from what was measured."""
        timing, found = measured.kernels[index], measured.probes[index]
        wanted = self.settings.iterations or AUTO_ITERATIONS
        short = f"{len(timing.samples)} of {wanted} iterations: time" if len(timing.samples) < wanted else ""
        turns = None
        # The first kernel is what the others are compared with, in the same rounds.
        if index and comparable(entry.row.backend, entry.row.variant, first.row.variant):
            label = first.row.variant.label([entry.row.variant])
            turns = Turns(label, paired_ratio(timing.samples, measured.kernels[0].samples))
        row = replace(
            entry.row,
            status=OK if not found.complaint else WRONG,
            timings={KERNEL: timing, **measured.baselines},
            speedups={name: paired_speedup(timing.samples, item.samples) for name, item in measured.baselines.items()},
            errors=found.errors,
            relative_errors=found.relative_errors,
            reference=found.reference,
            turns=turns,
            load=measured.load,
        )
        busy = f"other programs used {row.load['others']:.1f} CPUs meanwhile: too long" if row.busy else ""
        return replace(entry, row=replace(row, note="; ".join(filter(None, [found.complaint, fit.note, short, busy]))))


def _ready(entry: Entry) -> tuple[AttentionBackend, Clock]:
    assert entry.ready is not None, "only opened kernels are measured"
    return entry.ready


def _bind(backend: AttentionBackend, inputs: AttentionInputs) -> BoundAttention:
    return backend.bind(*(backend.from_numpy(array) for array in (inputs.q, inputs.k, inputs.v)))
