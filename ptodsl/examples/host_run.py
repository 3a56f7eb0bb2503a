"""Runs a module on the CPU: assembled, compiled with the host compiler, launched in this process."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ptodsl.examples.example import Array
from ptodsl.printing import module_text
from ptodsl.values import Number
from tools.bisheng.host_compile import compile_host, host_toolchain
from tools.ptoas.assemble import Options, Sync, assemble


class LaunchError(RuntimeError):
    """A kernel failed; the message is the runtime's report."""


class HostKernel:
    """A module compiled for the CPU."""

    def __init__(self, module: ModuleOp, entry: str, directory: Path, sync: Sync = Sync.BARRIER_ALL) -> None:
        """Assemble and compile `module`, whose entry is the function `entry`; files go into `directory`."""
        cpp = directory / f"{entry}.cpp"
        cpp.write_text(assemble(module_text(module), f"{entry}.mlir", Options(sync=sync)), encoding="utf-8")
        path = compile_host(cpp, directory / f"{entry}.so", toolchain=host_toolchain(), entry=entry)
        self._library = ctypes.CDLL(str(path))
        self._library.pto_last_error.restype = ctypes.c_char_p

    def launch(self, block_dim: int, arguments: Mapping[str, Any]) -> None:
        """Run the kernel on `block_dim` cores; arrays among `arguments` are read and written in place.

        Raises LaunchError with the runtime's report if it fails.
        """
        bits = [_bits(value) for value in arguments.values()]
        values = (ctypes.c_uint64 * len(bits))(*bits)
        if self._library.pto_launch(ctypes.c_uint32(block_dim), values, ctypes.c_uint32(len(bits))):
            raise LaunchError(self._library.pto_last_error().decode())


def _bits(value: Array | Number) -> int:
    """Return the bit pattern of an entry argument: an address, an integer, or an fp32 number."""
    if isinstance(value, np.ndarray):
        return int(value.ctypes.data)
    if isinstance(value, float):
        return int.from_bytes(struct.pack("<f", value), "little")
    return value & (2**64 - 1)
