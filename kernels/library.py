"""A built kernel library (`NAME.so`): what it says it is, and how its entries are launched.

A library is asked what it is (`pto_build_info()`), never trusted by its file name: the knobs decide how much global
memory the kernel writes to, so a wrong library would write outside its buffers.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernels.signature import Entry, Knobs, entries_from_fields
from runtime.host_kernel import (
    DEFAULT_HOST_OPTIONS,
    HostKernel,
    HostOptions,
    KernelFailure,
    PreparedLaunch,
    RawArgument,
    words,
)
from runtime.loading import load_library

HOST = "host"
NPU = "npu"

EXECUTE = "execute"
"""Mode of a library that computes."""

TRACE = "trace"
"""Mode of a library that records what would be done."""


class LibraryError(RuntimeError):
    """A kernel library cannot be used: it is missing, does not load, or is not what was asked for."""


class KernelError(RuntimeError):
    """The kernel was launched and failed; the text is the runtime's report (deadlock, access out of bounds, device
    error).
    """


@dataclass(frozen=True)
class BuildInfo:
    """What a library says about itself."""

    name: str
    backend: str
    mode: str
    knobs: Knobs
    entries: tuple[Entry, ...]
    text: str
    """The whole JSON text: tools, versions and barrier patterns, for reports."""

    @classmethod
    def parse(cls, text: str) -> BuildInfo:
        """Read the JSON text of `pto_build_info()`. Raises LibraryError if a field is missing or has another type."""
        try:
            fields = json.loads(text)
            return cls(
                name=str(fields["name"]),
                backend=str(fields["backend"]),
                mode=str(fields["mode"]),
                knobs=dict(fields["knobs"].items()),
                entries=entries_from_fields(fields),
                text=text,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LibraryError(
                f"the library's build info cannot be read ({error!r}): {text[:200]!r}; rebuild it"
            ) from error

    def fields(self) -> dict[str, Any]:
        """Return everything the library says, as read from its JSON."""
        fields: dict[str, Any] = json.loads(self.text)
        return fields

    @property
    def unaudited(self) -> bool:
        """Whether barriers were removed and the hazard judge was not asked. Of a library that does not say: False."""
        return self.fields().get("audited") is False

    def entry(self, name: str) -> Entry:
        """Return the entry `name`. Raises LibraryError if there is none."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries) or "none"
        raise LibraryError(f"the library {self.name} has no entry {name} (entries: {known}); rebuild it")

    def check(self, knobs: Knobs, mode: str = EXECUTE) -> None:
        """Raise LibraryError if the library is not of `mode`, or was built with other knobs."""
        if self.mode != mode:
            does, take = ("records and computes nothing", "so") if mode == EXECUTE else ("computes", "trace.so")
            raise LibraryError(
                f"the library {self.name} is built in mode {self.mode}: it {does}; take {self.name}.{take}"
            )
        for knob, asked in knobs.items():
            built = self.knobs.get(knob)
            if built != asked:
                raise LibraryError(
                    f"the library {self.name} was built with {knob} = {built}, but {knob} = {asked} is asked for; "
                    "rebuild it"
                )


@dataclass(frozen=True)
class LibraryLaunch:
    """A launch of a host library that is ready to run any number of times."""

    kernel: str
    prepared: PreparedLaunch

    def run(self) -> None:
        """Launch, and wait for the end. Raises KernelError with the runtime's report if it fails; Ctrl-C ends it."""
        try:
            self.prepared.run()
        except KernelFailure as error:
            raise KernelError(f"the kernel {self.kernel} failed:\n{error}") from error


class KernelLibrary:
    """A loaded library, checked against the knobs that it is to have."""

    def __init__(self, path: Path, knobs: Knobs | None = None, mode: str = EXECUTE) -> None:
        """Load `path` and check it; without `knobs` any will do. Raises LibraryError if it does not load, or is not
        built so.
        """
        self.path = path
        try:
            self._library = load_library(path)
            info = self._library.pto_build_info
            self._last_error = self._library.pto_last_error
        except (OSError, AttributeError) as error:
            raise LibraryError(f"{path} does not load as a kernel library: {error}") from error
        info.restype = self._last_error.restype = ctypes.c_char_p
        self.info = BuildInfo.parse(info().decode())
        self.info.check(knobs or {}, mode)
        try:
            # Looked up now, so that an old library is refused here and not in the middle of a launch.
            if self.info.backend == HOST:
                self._host = HostKernel(path, self._library)
                _ = self._library.pto_launch_entry, self._library.pto_interruptible, self._library.pto_threads
            else:
                _ = self._library.pto_launch_on_stream
        except AttributeError as error:
            raise LibraryError(f"{path} is from an older version of this project: {error}; rebuild it") from error

    def prepare_on_host(
        self,
        entry: str,
        block_dim: int,
        arguments: Sequence[RawArgument],
        *,
        options: HostOptions = DEFAULT_HOST_OPTIONS,
        trace: Path | None = None,
    ) -> LibraryLaunch:
        """Return a launch of an entry of a host library; every access to global memory must lie in one of the
        arguments' arrays, which must outlive it.

        A library in mode trace writes its trace to `trace`.
        """
        return LibraryLaunch(self.info.name, self._host.prepare(entry, block_dim, arguments, options, trace=trace))

    def cpus(self) -> tuple[str, ...]:
        """Return the levels of CPU that a host library has loops for and this machine has, best first."""
        self._library.pto_cpus.restype = ctypes.c_char_p
        return tuple(self._library.pto_cpus().decode().splitlines())

    def multiply_add(self, cpu: str, rounds: int, threads: int) -> int:
        """Do FMA in registers on some threads, at the same time and as fast as the level of CPU can; return their
        floating-point operations.
        """
        self._library.pto_multiply_add.restype = ctypes.c_uint64
        return int(self._library.pto_multiply_add(cpu.encode(), ctypes.c_uint64(rounds), ctypes.c_uint32(threads)))

    def profile_next(self) -> None:
        """Measure the operations of this thread's next launch on the host."""
        self._library.pto_profile()

    def last_profile(self) -> str:
        """Return what was measured: lines of core, operation, calls, elements and nanoseconds, with tabs."""
        self._library.pto_last_profile.restype = ctypes.c_char_p
        return str(self._library.pto_last_profile().decode())

    def launch_on_stream(self, entry: str, block_dim: int, stream: int, arguments: Sequence[RawArgument]) -> None:
        """Queue a launch of an entry of a device library on `stream` and return. Raises KernelError with the report."""
        bits = words([argument.bits for argument in arguments])
        blocks, count = ctypes.c_uint32(block_dim), ctypes.c_uint32(len(bits))
        code = self._library.pto_launch_on_stream(entry.encode(), blocks, ctypes.c_void_p(stream), bits, count)
        if code != 0:
            report = (self._last_error() or b"no report").decode(errors="replace")
            raise KernelError(f"the kernel {self.info.name} failed with code {code}:\n{report}")
