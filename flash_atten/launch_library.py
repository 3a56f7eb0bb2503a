"""A built kernel library (`fa_*.so`): where it lies, what it says it is, and its one entry point.

A library is asked what it is (`fa_build_info()`), never trusted by its file name: the knobs decide how much GM the
kernel writes to, so a wrong library would write outside its buffer.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flash_atten.config import KernelConfig
from runtime.loading import interruptible_launch, load_library

HOST = "host"
NPU = "npu"

EXECUTE = "execute"
"""Mode of a library that computes; the other one, trace, only records what would be done."""

DEFAULT_QK_PRELOAD = 3
"""The preload that a target name leaves unsaid: `fa_s1tile256` has preload 3, `fa_s1tile256_preload4` says so."""


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
    s1_tile: int
    qk_preload: int
    kv_split: int
    text: str
    """The whole JSON text: tools, versions and barrier patterns, for reports."""

    @classmethod
    def parse(cls, text: str) -> BuildInfo:
        """Read the JSON text of `fa_build_info()`. Raises LibraryError if a field is missing or has another type."""
        try:
            fields = json.loads(text)
            return cls(
                name=str(fields["name"]),
                backend=str(fields["backend"]),
                s1_tile=int(fields["s1_tile"]),
                qk_preload=int(fields["qk_preload"]),
                kv_split=int(fields["kv_split"]),
                text=text,
            )
        except (ValueError, KeyError, TypeError) as error:
            raise LibraryError(
                f"the library's build info cannot be read ({error!r}): {text[:200]!r}; rebuild it"
            ) from error

    def fields(self) -> dict[str, Any]:
        """Return everything the library says, as read from its JSON."""
        fields: dict[str, Any] = json.loads(self.text)
        return fields

    def check(self, config: KernelConfig) -> None:
        """Raise LibraryError if the library does not compute, or was built with other knobs than `config`."""
        mode = self.fields().get("mode", EXECUTE)
        if mode != EXECUTE:
            raise LibraryError(
                f"the library {self.name} is built in mode {mode}: it records and computes nothing; take {self.name}.so"
            )
        for knob in ("s1_tile", "qk_preload", "kv_split"):
            built, asked = getattr(self, knob), getattr(config, knob)
            if built != asked:
                raise LibraryError(
                    f"the library {self.name} was built with {knob} = {built}, but {knob} = {asked} is asked for; "
                    "rebuild it"
                )


def library_name(config: KernelConfig) -> str:
    """Return the name of the Bazel target that builds this configuration, for example `fa_s1tile512_preload4`."""
    name = f"fa_s1tile{config.s1_tile}"
    if config.qk_preload != DEFAULT_QK_PRELOAD:
        name += f"_preload{config.qk_preload}"
    if config.kv_split != 1:
        name += f"_kvsplit{config.kv_split}"
    return name


def library_path(config: KernelConfig, directory: Path | None = None) -> Path:
    """Return the library for `config` in `directory` (default: beside this file, where Bazel's runfiles have it).

    Raises LibraryError if it is not there.
    """
    directory = directory or Path(__file__).parent
    path = directory / f"{library_name(config)}.so"
    if not path.exists():
        there = ", ".join(sorted(p.name for p in directory.glob("fa_*.so"))) or "none"
        raise LibraryError(
            f"there is no {path.name} in {directory} (libraries there: {there}); start this program with `tools/bazel "
            f"run --//flash_atten:kernels={path.stem}`, which brings it along, or build //flash_atten:{path.name} and "
            "name it with --library=PATH"
        )
    return path


class KernelLibrary:
    """A loaded library, checked against the configuration that it is to serve."""

    def __init__(self, path: Path, config: KernelConfig) -> None:
        """Load `path` and check it. Raises LibraryError if it does not load or is not built for `config`."""
        self.path = path
        self.config = config
        try:
            self._library = load_library(path)
            self._call = self._library.call_kernel
            self._info = self._library.fa_build_info
        except (OSError, AttributeError) as error:
            raise LibraryError(f"{path} does not load as a kernel library: {error}") from error
        self._info.restype = ctypes.c_char_p
        self._call.argtypes = [ctypes.c_uint32, *[ctypes.c_void_p] * 6, ctypes.c_int64, ctypes.c_int64]
        self._call.restype = ctypes.c_int
        self.info = BuildInfo.parse(self._info().decode())
        self.info.check(config)
        if self.info.backend == HOST:
            self._call_checked = self._checked_entry()

    def _checked_entry(self) -> Callable[..., int]:
        try:
            entry = self._library.call_kernel_checked
            _ = self._library.pto_poll, self._library.pto_interleave
        except AttributeError as error:
            raise LibraryError(f"{self.path} is from an older version of this project: {error}; rebuild it") from error
        operands, sizes = [ctypes.c_void_p] * 4, [ctypes.c_int64] * 2
        entry.argtypes = [ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint64, *operands, *sizes]
        checked: Callable[..., int] = entry
        return checked

    def call(self, block_dim: int, stream: int, pointers: Sequence[int], q_rows: int, s1: int) -> None:
        """Call `call_kernel`. The five `pointers` are those of GM slots, q, k, v and o; they must outlive the launch.

        Returns when the host kernel is done, or when the device has taken the launch. Raises KernelError with the
        library's report if it says that the launch failed.
        """
        self._check(self._call(block_dim, stream, *pointers, q_rows, s1))

    def call_checked(
        self,
        block_dim: int,
        slots_bytes: int,
        pointers: Sequence[int],
        q_rows: int,
        s1: int,
        interleave: int | None = None,
    ) -> None:
        """As `call`, of a host library: every access to GM must lie in one of the five arrays.

        `slots_bytes` is the size of the GM slots; q_rows and s1 say those of the others. An access outside of them is
        a KernelError, not a crash. With the seed `interleave` the simulated cores run in a random order. Ctrl-C ends
        the launch.
        """
        slots, *operands = pointers
        if interleave is not None:
            self._library.pto_interleave(ctypes.c_uint64(interleave))
        with interruptible_launch(self._library):
            code = self._call_checked(block_dim, slots, slots_bytes, *operands, q_rows, s1)
        self._check(code)

    def _check(self, code: int) -> None:
        if code != 0:
            raise KernelError(self._report(code))

    def _report(self, code: int) -> str:
        summary = f"the kernel {self.info.name} failed with code {code}"
        last_error = getattr(self._library, "pto_last_error", None)
        if last_error is None:
            return summary
        last_error.restype = ctypes.c_char_p
        return f"{summary}:\n{(last_error() or b'no report').decode(errors='replace')}"
