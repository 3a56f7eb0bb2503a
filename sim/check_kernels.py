"""Check kernels other than Flash Attention as it is checked: what they compute, whether everything is ordered, and how
long a core would take.

    tools/bazel run //ptodsl/examples:check
    tools/bazel run //ptodsl/examples:check -- --names=softmax,matmul --seeds=0,1

The kernels are those of `ptodsl/examples`, built by kernel_library. Each is run on the host and compared with its NumPy
reference; its launches are recorded and judged; one core's cycles are predicted, not measured. Exit code 1 if anything
is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from absl import flags

import ptodsl.examples
from cli.program import EXIT_FAILED, EXIT_USAGE, fail, integers, run
from isa.a3 import CUBE_CORES
from isa.costs import CostError
from kernels.backend import open_library
from kernels.kernel import Case, Trial
from kernels.library import KernelError, KernelLibrary, LibraryError
from kernels.run_case import bind_case
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from sim.hazards import judge
from sim.record import TRACE_SUFFIX, Recording, TraceLibrary
from sim.report import counts_text, verdict_text
from sim.timeline.program import timed_program
from sim.timeline.times import timeline

NAMES = flags.DEFINE_list("names", [], "Kernels to check; default: all that are built.")
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of the operands.")

LIBRARIES = Path(ptodsl.examples.__file__).parent
"""Where Bazel's runfiles have the libraries."""


@dataclass(frozen=True)
class Options:
    """A checked request."""

    kernels: tuple[Example, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Finding:
    """What one check of a kernel found."""

    ok: bool
    text: str


def options() -> Options:
    """Read the flags. Raises ValueError for a kernel that there is not."""
    known = {kernel.name: kernel for kernel in EXAMPLES}
    if unknown := [name for name in NAMES.value if name not in known]:
        raise ValueError(f"--names={','.join(NAMES.value)}: there is no {unknown[0]!r}; known are {', '.join(known)}")
    chosen = tuple(known[name] for name in NAMES.value) or tuple(known.values())
    return Options(chosen, tuple(integers("seeds", SEEDS.value, least=0)))


def check_numbers(kernel: Example, case: Case, directory: Path) -> Finding:
    """Run a case on the host on poisoned buffers and compare. Raises LibraryError."""
    backend = open_library(KernelLibrary(directory / f"{kernel.library}.so")).backend
    try:
        found = bind_case(backend, case).check()
    except KernelError as error:
        return Finding(False, str(error))
    return Finding(found.ok, found.text)


def check_order(kernel: Example, recordings: Sequence[Recording]) -> Finding:
    """Judge the launches of a case."""
    verdicts = [judge(recording.trace, scratch=recording.scratch) for recording in recordings]
    wrong = [verdict_text(kernel.name, verdict) for verdict in verdicts if not verdict.ok]
    return Finding(not wrong, "\n".join(wrong) or f"in order: {', '.join(counts_text(v.counts) for v in verdicts)}")


def predict(recordings: Sequence[Recording]) -> Finding:
    """Predict the cycles of a case on one core, its launches one after the other."""
    try:
        cycles = sum(timeline(timed_program(recording.trace)).cycles for recording in recordings)
    except CostError as error:
        return Finding(False, f"the timeline has no price: {error}")
    return Finding(True, f"predicted {cycles:.0f} cycles on one core")


def check(kernel: Example, seed: int, directory: Path) -> Iterator[Finding]:
    """Check a kernel on all of its shapes, and predict the first. Raises LibraryError."""
    for suffix in (".so", TRACE_SUFFIX):
        if not (path := directory / f"{kernel.library}{suffix}").exists():
            raise LibraryError(
                f"there is no {path.name} in {directory}: start this program with `tools/bazel run "
                "//ptodsl/examples:check`, which brings it along"
            )
    trace_library = TraceLibrary(directory / f"{kernel.library}{TRACE_SUFFIX}")
    for shape in kernel.shapes:
        yield check_numbers(kernel, kernel.case(shape, seed, CUBE_CORES), directory)
        yield check_order(kernel, trace_library.record_trial(Trial(shape, CUBE_CORES)))
    yield predict(trace_library.record_trial(Trial(kernel.shapes[0])))


def work(chosen: Options) -> int:
    """Check all, a line each; return the exit code."""
    right = 0
    for kernel in chosen.kernels:
        for seed in chosen.seeds:
            try:
                findings = list(check(kernel, seed, LIBRARIES))
            except LibraryError as error:
                return fail(str(error), EXIT_USAGE)
            ok = all(finding.ok for finding in findings)
            right += ok
            text = "; ".join(finding.text for finding in findings)
            print(f"{'ok    ' if ok else 'WRONG '} {kernel.name}, seed {seed}: {text}", flush=True)
    total = len(chosen.kernels) * len(chosen.seeds)
    print(f"{right} of {total} checks are right")
    return 0 if right == total else EXIT_FAILED


if __name__ == "__main__":
    run(options, work)
