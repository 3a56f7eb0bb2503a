"""How close is the host runtime to this machine's limit? `tools/bazel run //bench:host_speed`.

Times, in turns in one run, for all sizes and numbers of threads: our kernel, torch's scaled_dot_product_attention
(FP16, FP32, BF16), and FMA in registers, which no loop can beat. A speed is FLOP of attention per second; docs/host.md
has the goals, and what was measured.
Exit code 0: measured; 1: a launch failed; 2: wrong usage.
"""

from __future__ import annotations

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
from bench.timing import PAUSE_S, WALL, WARM_S, Operation, WallClock
from cli.files import json_of, json_text, output_file, write_file
from cli.program import integers, run
from flash_atten.backend import open_backend
from flash_atten.check_inputs import BENCHMARK_KIND, AttentionInputs, make_inputs
from flash_atten.config import KernelConfig, LaunchShape
from kernels.backend import Choice
from kernels.library import KernelError, KernelLibrary, LibraryError

KERNEL = KernelConfig()
"""What is measured: tile 256, one part of S1."""

CPU = "cpu"
"""Clock of the time that all threads have worked."""

_SIZES = flags.DEFINE_list("s", ["1024", "2048", "4096"], "Rows of Q, and of K and V.")
_THREADS = flags.DEFINE_list("threads", ["1", "2"], "Threads of our launches and of torch.")
_CPU = flags.DEFINE_string("cpu", None, "Level of CPU whose loops compute. Default: the best of this machine.")
_FILL = flags.DEFINE_bool("fill", False, "Make NaN of on-chip memories and scratch, as checks do.")
_ROUNDS = flags.DEFINE_integer("rounds", 7, "Times that each is measured.", lower_bound=1)
_CLOCK = flags.DEFINE_enum(
    "clock", WALL, [WALL, CPU], "cpu: CPU time over threads, for a machine with other work; no idling is seen."
)
_JSON = flags.DEFINE_string("json", None, "File for all latencies as JSON.")

PROGRAM = "//bench:host_speed"


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


def level(chosen: Options, library: KernelLibrary) -> str:
    """Return the level of CPU whose loops compute."""
    return chosen.cpu or library.cpus()[0]


def works_of(inputs: AttentionInputs, threads: int, chosen: Options) -> dict[str, Work]:
    """Return what is measured of one shape on some threads. Raises LibraryError."""
    choice = Choice(cpu=chosen.cpu, threads=threads, fill=chosen.fill)
    backend = open_backend(KERNEL, choice).backend
    bound = backend.bind(inputs.q, inputs.k, inputs.v)
    # The CPU clock counts the time of all threads.
    times = threads if chosen.clock == CPU else 1
    operations = attention_flops(len(inputs.q), len(inputs.k))
    flops = float(operations) * times

    # As many operations as attention has: the longer a CPU does FMA, the lower its frequency gets.
    cpu = level(chosen, backend.library)
    probe_rounds = operations // (backend.library.multiply_add(cpu, 1, 1) * threads)

    def peak() -> int:
        return backend.library.multiply_add(cpu, probe_rounds, threads)

    found = {OURS: Work(bound.run, flops), PEAK: Work(peak, flops)}
    if has_torch():
        torch = import_torch()

        def on_threads(operation: Operation) -> Operation:
            return lambda: (torch.set_num_threads(threads), operation())

        found |= {name: Work(on_threads(make_baseline(name, inputs).operation), flops) for name in TORCH}
    return found


def speeds(chosen: Options) -> list[Speeds]:
    """Measure all sizes on all numbers of threads, in turns. Raises LibraryError."""
    works: dict[tuple[int, int, str], Work] = {}
    for size in chosen.sizes:
        inputs = make_inputs(BENCHMARK_KIND, size, size, seed=0)
        for threads in chosen.threads:
            works |= {(size, threads, name): work for name, work in works_of(inputs, threads, chosen).items()}
    clock = WallClock(PAUSE_S, WARM_S, now=time.process_time if chosen.clock == CPU else time.perf_counter)
    found = medians(works, chosen.rounds, clock)
    return [
        Speeds(
            size,
            threads,
            {name: speed for (s, on, name), speed in found.items() if (s, on) == (size, threads)},
            found.get((size, 1, OURS)),
        )
        for size in chosen.sizes
        for threads in chosen.threads
    ]


def work(chosen: Options) -> int:
    """Measure and print. Return the exit code."""
    rows = speeds(chosen)
    cpu = level(chosen, open_backend(KERNEL).backend.library)
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
