"""Where does the host runtime spend its time? `tools/bazel run //bench:host_profile -- --s1=4096`.

Measures each operation of a launch, on one thread: nanoseconds for an element (of a product: for a multiplication),
share of the launch, by simulated core. What is left is the kernel's own C++, the order of the cores, and most of the
measuring, whose time is said. Of some launches the fastest is shown: on a busy machine other programs take the CPU.
Exit code 0: measured; 1: the launch failed; 2: wrong usage.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from absl import flags
from rich.console import Console

from bench.host_profile_table import parse, print_profile
from cli.program import run
from flash_atten.backend import open_backend
from flash_atten.check_inputs import BENCHMARK_KIND, make_inputs
from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.knobs import Asked, choose_config
from kernels.backend import Choice
from kernels.library import KernelError, LibraryError

_S1 = flags.DEFINE_integer("s1", 4096, "Rows of K and V.")
_Q_ROWS = flags.DEFINE_integer("q_rows", None, "Rows of Q. Default: the same as s1.")
_TILE = flags.DEFINE_string("s1_tile", "auto", "Rows of K and V per tile.")
_CPU = flags.DEFINE_string("cpu", None, "Level of CPU whose loops compute. Default: the best of this machine.")
_FILL = flags.DEFINE_bool("fill", False, "Make NaN of on-chip memories and scratch, as checks do.")

LAUNCHES = 3
"""With and without measuring."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    config: KernelConfig
    shape: LaunchShape
    choice: Choice


def options() -> Options:
    """Read the flags. Raises ValueError."""
    shape = LaunchShape(_S1.value if _Q_ROWS.value is None else _Q_ROWS.value, _S1.value)
    asked = Asked(_TILE.value, kv_split="1")  # what is profiled is one launch
    config = choose_config(asked, q_rows=shape.q_rows, s1=shape.s1, cores=lambda: 1)
    return Options(config, shape, Choice(cpu=_CPU.value, threads=1, fill=_FILL.value))


def work(chosen: Options) -> int:
    """Measure and print. Return the exit code."""
    inputs = make_inputs(BENCHMARK_KIND, chosen.shape.q_rows, chosen.shape.s1, seed=0)
    backend = open_backend(chosen.config, chosen.choice).backend
    bound = backend.bind(inputs.q, inputs.k, inputs.v)

    def timed() -> int:
        begin = time.perf_counter_ns()
        bound.run()
        return time.perf_counter_ns() - begin

    def measured() -> tuple[int, str]:
        backend.library.profile_next()
        return timed(), backend.library.last_profile()

    timed()  # pages are touched
    alone = min(timed() for _ in range(LAUNCHES))
    total, profile = min(measured() for _ in range(LAUNCHES))
    print_profile(parse(profile), total, alone, Console())
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(LibraryError,))
