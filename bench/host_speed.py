"""How close is the host runtime to this machine's limit? `tools/bazel run //bench:host_speed`.

Times, in turns in one run: our kernel, torch's scaled_dot_product_attention (FP16, FP32, BF16), and FMA in registers,
which no loop can beat. A speed is FLOP of attention per second; docs/host.md has the goals, and what was measured.
Exit code 0: measured; 1: a launch failed; 2: wrong usage.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import flags
from rich.console import Console

from bench.baselines import has_torch, import_torch, make_baseline
from bench.environment import environment
from bench.flops import attention_flops
from bench.host_speeds import OURS, PEAK, TORCH, Speeds, Work, medians, print_speeds
from bench.timing import PAUSE_S, WallClock
from cli.files import json_of, json_text, output_file, write_file
from cli.program import integers, run
from flash_atten.backend import open_backend
from flash_atten.check_inputs import BENCHMARK_KIND, make_inputs
from flash_atten.config import KernelConfig, LaunchShape
from kernels.backend import Choice
from kernels.library import KernelError, KernelLibrary, LibraryError

KERNEL = KernelConfig()
"""What is measured: tile 256, one part of S1."""

_SIZES = flags.DEFINE_list("s", ["1024", "2048", "4096"], "Rows of Q, and of K and V.")
_THREADS = flags.DEFINE_list("threads", ["1", "2"], "Threads of our launches and of torch.")
_CPU = flags.DEFINE_string("cpu", None, "Level of CPU whose loops compute. Default: the best of this machine.")
_FILL = flags.DEFINE_bool("fill", False, "Make NaN of on-chip memories and scratch, as checks do.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Times that each is measured.", lower_bound=1)
_CLOCK = flags.DEFINE_enum(
    "clock", "wall", ["wall", "cpu"], "cpu: CPU time over threads, for a machine with other work; no idling is seen."
)
_JSON = flags.DEFINE_string("json", None, "File for all latencies as JSON.")

PROGRAM = "//bench:host_speed"

PROBE_ROUNDS = 2_000_000
"""Of FMA in registers: about 30 ms a thread."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    sizes: Sequence[int]
    threads: Sequence[int]
    cpu: str | None
    fill: bool
    rounds: int
    clock: str
    json: Path | None


def options() -> Options:
    """Read the flags. Raises ValueError."""
    sizes = integers("s", _SIZES.value)
    for size in sizes:
        LaunchShape(size, size).check(KERNEL)
    out = output_file("json", _JSON.value, ".json", ours=json_of(PROGRAM))
    return Options(
        sizes, integers("threads", _THREADS.value), _CPU.value, _FILL.value, _ROUNDS.value, _CLOCK.value, out
    )


def probe(library: KernelLibrary, cpu: str, threads: int) -> int:
    """Do FMA in registers on some threads at the same time; return the operations."""
    done: list[int] = []
    workers = [
        threading.Thread(target=lambda: done.append(library.multiply_add(cpu, PROBE_ROUNDS))) for _ in range(threads)
    ]
    for worker in workers:
        # They do run at once: ctypes lets go of the interpreter's lock during a call.
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done)


def works_of(size: int, threads: int, chosen: Options) -> dict[str, Work]:
    """Return what is measured at one size. Raises LibraryError."""
    choice = Choice(cpu=chosen.cpu, threads=threads, fill=chosen.fill)
    backend = open_backend(KERNEL, choice).backend
    inputs = make_inputs(BENCHMARK_KIND, size, size, seed=0)
    bound = backend.bind(inputs.q, inputs.k, inputs.v)
    flops = float(attention_flops(size, size))

    def peak() -> int:
        return probe(backend.library, chosen.cpu or backend.library.cpus()[0], threads)

    # Each of its runs does as many operations.
    found = {OURS: Work(bound.run, flops), PEAK: Work(peak, float(peak()))}
    if has_torch():
        import_torch().set_num_threads(threads)
        found |= {name: Work(make_baseline(name, inputs).operation, flops) for name in TORCH}
    return found


def work(chosen: Options) -> int:
    """Measure and print. Return the exit code."""
    rows = []
    for threads in chosen.threads:
        for size in chosen.sizes:
            now = time.perf_counter if chosen.clock == "wall" else lambda n=threads: time.process_time() / n
            clock = WallClock(PAUSE_S, warm=True, now=now)
            found = medians(works_of(size, threads, chosen), chosen.rounds, clock)
            rows.append(Speeds(size, threads, found))
    cpu = chosen.cpu or open_backend(KERNEL).backend.library.cpus()[0]
    print_speeds(rows, f"{cpu}, {chosen.clock} clock", Console())
    print("memories filled with NaN, as checks do" if chosen.fill else "memories not filled: --fill does as checks do")
    if chosen.json:
        data: dict[str, Any] = {
            "cpu": cpu,
            "clock": chosen.clock,
            "memories_filled": chosen.fill,
            "environment": environment(),
        }
        data["rows"] = [{"s": row.size, "threads": row.threads, "flop_per_s": dict(row.speeds)} for row in rows]
        write_file(chosen.json, json_text(PROGRAM, data))
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(LibraryError,))
