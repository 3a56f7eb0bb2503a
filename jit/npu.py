"""`@jit` on an NPU: the same C++, compiled by bisheng and queued on a stream of torch_npu.

A launch is one of the device's if an argument is a tensor there. Nothing here has run on hardware yet; tests stand in
for bisheng and torch_npu.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jit.arguments import NUMPY_TYPES, check_count, number
from jit.cache import cached_home
from kernels.callers import npu_caller
from kernels.library import NPU, KernelLibrary
from kernels.npu import import_torch_npu
from kernels.signature import FFTS, Entry, Parameter, entries_to_json
from runtime.host_kernel import RawArgument
from tools.bisheng.library import LibraryRequest
from tools.bisheng.npu_compile import compile_npu, npu_build_info
from tools.bisheng.npu_toolchain import NpuToolchain, detect_npu_toolchain

TORCH_TYPES: Mapping[str, str] = {**NUMPY_TYPES, "bf16": "bfloat16"}
"""Element types as torch names them."""


def device_of(arguments: Sequence[object]) -> str | None:
    """Return the NPU that an argument is on, such as npu:0; None if there is none, and the launch is the host's."""
    devices = (str(getattr(argument, "device", "")) for argument in arguments)
    return next((device for device in devices if device.startswith(NPU)), None)


@dataclass(frozen=True)
class DeviceKernel:
    """An assembled kernel, to be compiled for the device."""

    name: str
    cpp: str
    entry: Entry
    directory: Path
    """Where libraries are kept, each in a directory of its own."""

    def library(self, toolchain: NpuToolchain) -> Path:
        """Return the compiled library. Raises CompileError with bisheng's messages, or with what is missing here."""
        info = npu_build_info({"name": self.name, "knobs": {}, **_fields(self.entry)}, toolchain)
        shim_text = npu_caller(self.name, [self.entry])
        # The caller's text has the signature of the entry, which the digest must not miss.
        home = cached_home(self.directory, self.cpp, shim_text, toolchain.to_json())
        library = home / f"{self.entry.name}.npu.so"
        if not library.exists():
            home.mkdir(parents=True, exist_ok=True)
            source, shim = home / f"{self.entry.name}.cpp", home / f"{self.entry.name}_caller.cpp"
            source.write_text(self.cpp, encoding="utf-8")
            shim.write_text(shim_text, encoding="utf-8")
            compile_npu(LibraryRequest(source, library, self.entry.name, shims=(shim,), build_info=info), toolchain)
        return library

    def launch(self, block_dim: int, device: str, given: Sequence[object], stream_ptr: int | None) -> None:
        """Compile, queue a launch on `stream_ptr` or the current stream of `device`, and return. With another stream
        than the current one, the caller keeps the tensors until it is done.

        Raises TypeError or ValueError naming the parameter, CompileError, LibraryError, KernelError.
        """
        arguments, tensors = self._arguments(device, given)
        toolchain = detect_npu_toolchain(os.environ)  # where CANN's set_env.sh says that it is
        library = KernelLibrary(self.library(toolchain))
        npu = import_torch_npu().npu
        with npu.device(device):
            stream = npu.current_stream()
            queue = stream_ptr or stream.npu_stream
            library.launch_on_stream(self.entry.name, block_dim, queue, arguments)
            # The allocator may not hand their memory out before the kernel is done. It knows torch's streams only.
            for tensor in tensors if queue == stream.npu_stream else ():
                tensor.record_stream(stream)

    def _arguments(self, device: str, given: Sequence[object]) -> tuple[list[RawArgument], list[Any]]:
        """Return all arguments of the entry, and the tensors among them."""
        parameters, values = self.entry.parameters, list(given)
        # As on the host, the parameter for cross-core flags may be left out.
        if len(values) == len(parameters) - 1 and parameters[0].type == FFTS:
            values.insert(0, None)
        check_count(self.entry.name, [parameter.name for parameter in parameters], values)
        pairs = list(zip(parameters, values, strict=True))
        tensors = [value for parameter, value in pairs if parameter.is_pointer]
        return [self._argument(parameter, value, device) for parameter, value in pairs], tensors

    def _argument(self, parameter: Parameter, value: object, device: str) -> RawArgument:
        where = f"{self.entry.name}: {parameter.name}"
        if parameter.type == FFTS:
            return RawArgument(0)  # the caller in the library fills it in
        if not parameter.is_pointer:
            return RawArgument.of(number(where, parameter.type, value))
        tensor: Any = value
        if str(getattr(tensor, "device", "")) != device:
            raise ValueError(f"{where} must be a tensor on {device}, as another argument is: tensor.to({device!r})")
        wanted = TORCH_TYPES[parameter.type.removesuffix("*")]
        if str(tensor.dtype) != f"torch.{wanted}":
            raise TypeError(f"{where} points to {parameter.type[:-1]}: pass a tensor of {wanted}, not {tensor.dtype}")
        if not tensor.is_contiguous():
            raise ValueError(f"{where} is not contiguous: pass tensor.contiguous()")
        return RawArgument(tensor.data_ptr())


def _fields(entry: Entry) -> dict[str, Any]:
    """Return what a build info says of the entry."""
    fields: dict[str, Any] = json.loads(entries_to_json([entry]))
    return fields
