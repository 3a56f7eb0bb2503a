"""Loads a kernel library that was compiled for the host, and launches its entries.

What the C functions of such a library take is known here alone; `kernels.library` launches by it, too.
"""

from __future__ import annotations

import ctypes
import signal
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.loading import load_library

Argument = NDArray[np.generic] | int | float


class KernelFailure(RuntimeError):
    """The kernel did what the machine cannot do; the text is the runtime's report (deadlock, out of bounds, ...)."""


@dataclass(frozen=True)
class RawArgument:
    """The value of an entry's parameter, as it is passed."""

    bits: int
    """A pointer, an integer, or the bit pattern of a float."""

    bytes: int = 0
    """Size of the memory that a pointer leads to; 0 for scalars."""

    @classmethod
    def of(cls, value: Argument) -> RawArgument:
        """Return the argument of an array, a whole number, or a float for an `f32`. Raises ValueError for an array that
        is not contiguous.
        """
        if isinstance(value, np.ndarray):
            if not value.flags.c_contiguous:
                raise ValueError(f"an array of shape {value.shape} is not contiguous: pass np.ascontiguousarray of it")
            return cls(value.ctypes.data, value.nbytes)
        if isinstance(value, float):
            return cls(int.from_bytes(struct.pack("<f", value), "little"))
        # The two's complement of negative numbers, in 64 bits.
        return cls(value & 0xFFFFFFFFFFFFFFFF)


def words(values: Sequence[int]) -> ctypes.Array[ctypes.c_uint64]:
    """Return what C takes as `const uint64_t*`."""
    return (ctypes.c_uint64 * len(values))(*values)


@dataclass(frozen=True)
class HostOptions:
    """How a launch on the host computes. No option changes what a right kernel computes, but for the rounding of
    products, which docs/host.md bounds.
    """

    cpu: str | None = None
    """Level of CPU whose loops compute, such as x86-64-v2; None: the best one that this machine has."""

    threads: int | None = None
    """Threads that blocks are dealt to at most; None: as many as the process may use CPUs."""

    fill: bool = True
    """Make NaN of on-chip memories before each block, and of scratch after each use, and let slots of FIFOs go round as
    on the device: what a broken kernel reads unwritten is then seen.
    """

    interleave: int | None = None
    """Seed of a random order of the simulated cores; without it each runs until a FIFO makes it wait."""


DEFAULT_HOST_OPTIONS = HostOptions()


@dataclass(frozen=True)
class PreparedLaunch:
    """A launch with all that C takes for it. Small launches are short, and little of Python is in the caches when one
    comes after other work: making this took a tenth of a launch at S = 1024.
    """

    settings: tuple[Callable[[], object], ...]
    """They hold for this thread's next launch only, so each run calls them."""
    launch: Callable[[], int]
    last_error: Callable[[], bytes]

    def run(self) -> None:
        """Launch, and wait for the end. Raises KernelFailure, and KeyboardInterrupt when Ctrl-C ends it."""
        for setting in self.settings:
            setting()
        if self.launch() != 0:  # after Ctrl-C, KeyboardInterrupt comes from here
            raise KernelFailure(self.last_error().decode(errors="replace"))


class HostKernel:
    """A kernel library. Arrays are passed without a copy, so the kernel writes into them."""

    def __init__(self, path: Path, loaded: ctypes.CDLL | None = None) -> None:
        """Take the library at `path`, which perhaps is loaded."""
        self._library = loaded or load_library(path)
        self._library.pto_last_error.restype = ctypes.c_char_p

    @property
    def entries(self) -> tuple[str, ...]:
        """Names of the entries; the first one is launched if none is named."""
        self._library.pto_entries.restype = ctypes.c_char_p
        return tuple(self._library.pto_entries().decode().splitlines())

    def launch(
        self, block_dim: int, *arguments: Argument, entry: str | None = None, interleave: int | None = None
    ) -> None:
        """Runs `block_dim` blocks of `entry`; every access to global memory must lie in one of the arrays.

        `arguments` are those of the entry in its order: contiguous arrays for pointers, int for integers, float for
        f32. With the seed `interleave` the simulated cores run in a random order. Raises KernelFailure, and
        KeyboardInterrupt when Ctrl-C ends it.
        """
        self.prepare(entry, block_dim, list(map(RawArgument.of, arguments)), HostOptions(interleave=interleave)).run()

    def trace(self, path: Path, block_dim: int, *arguments: Argument, entry: str | None = None) -> None:
        """As `launch`, of a library compiled in trace mode: writes the trace to `path`.

        Tiles are not computed and no array is written to. Scalars are: what the scalar unit loads, it finds in the
        arrays as they are given.
        """
        self.prepare(entry, block_dim, list(map(RawArgument.of, arguments)), trace=path).run()

    def prepare(
        self,
        entry: str | None,
        block_dim: int,
        arguments: Sequence[RawArgument],
        options: HostOptions = DEFAULT_HOST_OPTIONS,
        *,
        trace: Path | None = None,
    ) -> PreparedLaunch:
        """Return a launch as `launch` and `trace` do it, to run any number of times while the arrays live.

        Ctrl-C ends it if Ctrl-C means KeyboardInterrupt now.
        """
        library = self._library
        settings = self._settings(options)
        # A launch is one call into C++, and Python's handler waits for its end. So the library has to end it.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            settings.append(library.pto_interruptible)
        if trace is not None:
            settings.append(partial(library.pto_trace_to, str(trace).encode()))
        name = None if entry is None else entry.encode()
        bits, sizes = words([a.bits for a in arguments]), words([a.bytes for a in arguments])
        blocks, count = ctypes.c_uint32(block_dim), ctypes.c_uint32(len(bits))
        launch = partial(library.pto_launch_entry, name, blocks, bits, sizes, count)
        return PreparedLaunch(tuple(settings), launch, library.pto_last_error)

    def _settings(self, options: HostOptions) -> list[Callable[[], object]]:
        """Return what tells the library how to do its next launch."""
        library = self._library
        settings: list[Callable[[], object]] = [partial(library.pto_fill, ctypes.c_int(options.fill))]
        if options.interleave is not None:
            settings.append(partial(library.pto_interleave, ctypes.c_uint64(options.interleave)))
        if options.threads is not None:
            settings.append(partial(library.pto_threads, ctypes.c_uint32(options.threads)))
        if options.cpu is not None:
            settings.append(partial(library.pto_cpu, options.cpu.encode()))
        return settings
