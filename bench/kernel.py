"""How long does a kernel take, whichever it is? Its library says what it computes, so it is checked first, then timed.

    tools/bazel run //bench:kernel -- --library=bazel-bin/ptodsl/examples/kernel_softmax.so --shape=rows=4096

Flash Attention has a benchmark of its own, with baselines and a table: //bench:fa. Exit code 0: right and timed; 1:
wrong, or the kernel failed; 2: wrong usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import flags

from bench.clock import CACHES, TIMINGS, make_clock
from bench.environment import environment
from bench.load import Snapshot, load_between
from bench.stats import Timing
from bench.timing import Rounds, measure
from cli.files import json_of, json_text, output_file, user_path, write_file
from cli.program import EXIT_FAILED, run
from kernels.backend import AUTO, Backend, Choice, open_library
from kernels.described import kernel_of
from kernels.kernel import Case, Judgement, Shape, shape_of
from kernels.launch_flags import define_choice
from kernels.library import KernelError, KernelLibrary, LibraryError
from kernels.run_case import bind_case
from kernels.shape_flags import define_shape

_LIBRARY = flags.DEFINE_string("library", None, "Kernel library (NAME.so) of any kernel.", required=True)
_SHAPE = define_shape()
_SEED = flags.DEFINE_integer("seed", 0, "Seed of the operands.", lower_bound=0)
_ITERATIONS = flags.DEFINE_integer("iterations", 20, "Timed runs.", lower_bound=1)
_WARMUP = flags.DEFINE_integer("warmup", 1, "Untimed runs after the first, cold one.", lower_bound=0)
_TIMING = flags.DEFINE_enum("timing", AUTO, list(TIMINGS), "Which clock; auto: the host's here, events on the device.")
_CACHE = flags.DEFINE_enum("cache", None, list(CACHES), "L2 of the device when a run starts. Default: cold.")
_CHOICE = define_choice(fill=False)
_JSON = flags.DEFINE_string("json", None, "File for all latencies as JSON.")

PROGRAM = "//bench:kernel"


@dataclass(frozen=True)
class Options:
    """The command line."""

    library: Path
    sizes: dict[str, int]
    seed: int
    rounds: Rounds
    timing: str
    cache: str | None
    choice: Choice
    json: Path | None


@dataclass(frozen=True)
class Measured:
    """One kernel at one shape."""

    name: str
    shape: Shape
    judgement: Judgement
    timing: Timing
    clock: str
    operand_bytes: int
    load: dict[str, float]

    def text(self) -> str:
        """Return it in a paragraph."""
        shape = ", ".join(f"{name} = {value}" for name, value in self.shape.items())
        median = self.timing.median
        others = self.load.get("others")
        busy = f"; other programs used {others:.1f} CPUs meanwhile" if others is not None else ""
        return (
            f"{self.name}{f', {shape}' * bool(shape)}: median {1e3 * median:.3f} ms of {len(self.timing.samples)} runs "
            f"({1e3 * min(self.timing.samples):.3f} to {1e3 * max(self.timing.samples):.3f}; first run "
            f"{1e3 * self.timing.cold:.3f}; {self.clock} clock), {self.operand_bytes / 1e6:.2f} MB of operands, "
            f"{self.operand_bytes / median / 1e9:.2f} GB/s; {self.judgement.text}{busy}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as data, with what was measured where."""
        return {
            "kernel": self.name,
            "shape": dict(self.shape),
            "ok": self.judgement.ok,
            "check": self.judgement.text,
            "clock": self.clock,
            "cold_seconds": self.timing.cold,
            "seconds": self.timing.samples,
            "operand_bytes": self.operand_bytes,
            "load": self.load,
            "environment": environment(),
        }


def options() -> Options:
    """Read the flags. Raises ValueError."""
    library = user_path(_LIBRARY.value)
    out = output_file("json", _JSON.value, ".json", inputs=[library], ours=json_of(PROGRAM))
    rounds = Rounds(_ITERATIONS.value, _WARMUP.value)
    return Options(library, _SHAPE(), _SEED.value, rounds, _TIMING.value, _CACHE.value, _CHOICE(), out)


def measure_kernel(backend: Backend, chosen: Options) -> Measured:
    """Check the kernel on poisoned buffers, then time it. Raises ValueError, LibraryError, KernelError."""
    kernel = kernel_of(backend.library.info)
    shape = shape_of(kernel, chosen.sizes)
    # A plan goes by the cores, and a device tells them of an array on it: so there is a case for one core first.
    case = kernel.case(shape, chosen.seed, cube_cores(backend, kernel.case(shape, chosen.seed, 1)))
    clock = make_clock(chosen.timing, chosen.cache, backend)
    bound = bind_case(backend, case)
    # In this order: the reference takes CPU time, too, and is no part of what is measured.
    judgement, before = bound.check(), Snapshot.take()
    timing = measure({kernel.name: bound.run}, clock, chosen.rounds)[kernel.name]
    load = load_between(before, Snapshot.take())
    moved = sum(array.nbytes for array in case.arrays.values())
    return Measured(kernel.name, shape, judgement, timing, clock.name, moved, load)


def cube_cores(backend: Backend, case: Case) -> int:
    """Return the cores of the device that the operands of a case lie on."""
    return backend.cube_cores(backend.from_numpy(next(iter(case.arrays.values()))))


def work(chosen: Options) -> int:
    """Check, time, report. Return the exit code."""
    found = measure_kernel(open_library(KernelLibrary(chosen.library), chosen.choice).backend, chosen)
    print(("" if found.judgement.ok else "WRONG ") + found.text())
    if chosen.json:
        write_file(chosen.json, json_text(PROGRAM, found.to_json()))
    return 0 if found.judgement.ok else EXIT_FAILED


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(ValueError, LibraryError))
