"""The flags of programs that launch kernels: on which backend, and how."""

from __future__ import annotations

from collections.abc import Callable

from absl import flags

from kernels.backend import AUTO, BACKENDS, Choice


def define_choice(*, interleave: bool = False, fill: bool = True) -> Callable[[], Choice]:
    """Define --backend, --cube_cores, --cpu and --threads, with `interleave` also --interleave; return what reads them.

    `fill` is what the program makes of HostOptions.fill.
    """
    backend = flags.DEFINE_enum("backend", AUTO, list(BACKENDS), "Where to run; auto: what the library is built for.")
    cube_cores = flags.DEFINE_integer(
        "cube_cores", None, "Cube cores of the device, if torch_npu cannot tell.", lower_bound=1
    )
    cpu = flags.DEFINE_string(
        "cpu", None, "Host: compute with the loops for this level, such as x86-64-v2. Default: the best of this CPU."
    )
    threads = flags.DEFINE_integer(
        "threads", None, "Host: threads at most. Default: as many as the process may use CPUs.", lower_bound=1
    )
    if not interleave:
        return lambda: Choice(backend.value, cube_cores.value, None, cpu.value, threads.value, fill)
    seed = flags.DEFINE_integer(
        "interleave",
        None,
        "Host: run the simulated cores in a random order, that of this seed. Default: each until a FIFO makes it wait.",
        lower_bound=0,
        upper_bound=2**64 - 1,
    )
    return lambda: Choice(backend.value, cube_cores.value, seed.value, cpu.value, threads.value, fill)
