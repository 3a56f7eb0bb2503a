"""`@jit`: a kernel that compiles itself when it is called, and runs.

    @jit(meta_data=types, block_dim=8)
    def add(x: "ptr", y: "ptr", z: "ptr", n: "count"): ...

    add(x, y, z, 4096)  # arrays of NumPy, or of torch on the CPU

Arrays of the host are worked on there, by the same assembler and the same tile ISA as everywhere in this project;
tensors on an NPU there, by the same C++ compiled by bisheng.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import Any, overload

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from jit.arguments import host_arguments
from jit.cache import compiled, user_cache
from jit.npu import DeviceKernel, device_of
from kernels.module_entries import entries_of
from ptodsl.decorators import to_ir_module
from ptodsl.dialect import AllocTileOp
from ptodsl.module import ENTRY
from ptodsl.printing import module_text
from runtime.host_kernel import Argument, HostKernel, KernelFailure
from sim.hazards import judge
from sim.report import verdict_text
from sim.timeline.program import timed_program
from sim.timeline.times import timeline
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.assemble import Options, Sync, assemble_with_origins
from tools.ptoas.diagnostics import Diagnostic
from tracing.file import read_trace

MetaData = Callable[[], Mapping[str, Any]]

NPU_ARCH = "dav-2201"
"""What bisheng calls the cores of A2 and A3, the only ones that this project compiles for."""


class RaceError(RuntimeError):
    """The judge found accesses that nothing orders; the text is its report."""


class KernelWarning(UserWarning):
    """The assembler found something that is no error, such as a tile that nobody uses."""


@dataclass(frozen=True)
class JitOptions:
    """What the decorator was given; see `jit`."""

    meta_data: MetaData | None = None
    output_dir: Path | None = None
    block_dim: int | None = 1
    enable_insert_sync: bool = True
    module: bool = False
    trace: Path | None = None
    detect_races: bool = False
    interleave: int | None = None


@dataclass(frozen=True)
class _Kernel:
    """An assembled kernel: its C++, and the parameters of its entry."""

    module: ModuleOp
    cpp: str
    entry: str
    names: tuple[str, ...]
    types: tuple[Any, ...]
    places: Mapping[int, str]
    """Line of the C++ -> the user's `file:line` that it comes from."""

    def located(self, report: str) -> str:
        """Return a report that names lines of the C++, with where these come from."""
        numbers = sorted({int(number) for number in _CPP_LINE.findall(report)} & self.places.keys())
        return "\n".join([report, *(f"  line {number} of the C++ is {self.places[number]}" for number in numbers)])


# Reports name lines in two ways: `line 12` and `name.cpp:12`.
_CPP_LINE = re.compile(r"(?:\bline |\.cpp:)(\d+)")


class JitWrapper:
    """A kernel that compiles on its first call and runs on each. Made by `jit`."""

    def __init__(self, fn: Callable[..., object], options: JitOptions) -> None:
        self._function = fn
        self._name = str(getattr(fn, "__name__", "kernel"))
        self._options = options
        self._block_dim = options.block_dim
        update_wrapper(self, fn)

    def __call__(self, *args: object, stream_ptr: int | None = None) -> None:
        """Run the kernel on arrays and numbers; it writes into the arrays. A host launch is complete on return.

        With tensors of torch_npu on an NPU, bisheng compiles the kernel, and the launch is queued on `stream_ptr`, or
        on the stream that is current there; nothing is judged or traced. The tensors of a launch on another stream than
        that must be kept until it is done. The host has no stream.

        Raises DslError or AssemblerError for a wrong kernel, CompileError, TypeError or ValueError for wrong arguments,
        KernelFailure for what the machine cannot do, RaceError with `detect_races`; LibraryError or KernelError of a
        device.
        """
        if (device := device_of(args)) is not None:
            self._on_device(device, args, stream_ptr)
            return
        if stream_ptr:
            raise ValueError("stream_ptr is a stream of an NPU; this call runs on the host: leave it out")
        blocks, arguments = self._launch_of(args)
        # Before the launch: a kernel that races must not run, and the recording leaves the arrays as they are.
        if self._options.detect_races or self._options.trace is not None:
            self._trace(blocks, arguments)
        with self._located():
            library = HostKernel(self.library_path())
            library.launch(blocks, *arguments, interleave=self._options.interleave)

    def _on_device(self, device: str, args: tuple[object, ...], stream_ptr: int | None) -> None:
        options = self._options
        if options.detect_races or options.trace is not None or options.interleave is not None:
            raise ValueError("detect_races, trace and interleave are of the host: call the kernel with arrays there")
        module = self._kernel.module
        (entry,) = entries_of(module)
        kernel = DeviceKernel(self._name, self._kernel.cpp, entry, self.output_dir())
        kernel.launch(self._blocks(), device, args, stream_ptr)

    def predicted_cycles(self, *args: object) -> float:
        """Return the cycles of a launch on an A3 by the model of docs/timeline.md: a prediction, no measurement.

        The kernel is not run, the arrays stay as they are. Raises what a call does, and CostError if the model has no
        price for an operation.
        """
        blocks, arguments = self._launch_of(args)
        with self._recorded(blocks, arguments, None) as path:
            return timeline(timed_program(read_trace(path))).cycles

    def _launch_of(self, args: tuple[object, ...]) -> tuple[int, list[Argument]]:
        """Return number of blocks and arguments of a launch."""
        kernel = self._kernel
        return self._blocks(), host_arguments(kernel.entry, kernel.names, kernel.types, args)

    def _blocks(self) -> int:
        if self._block_dim is None:
            raise ValueError(f"{self._name}: no block_dim: give it to jit, or call set_block_dim before")
        return self._block_dim

    def set_block_dim(self, block_dim: int) -> None:
        """Launch `block_dim` blocks from now on."""
        self._block_dim = _checked_blocks(block_dim)

    def library_path(self) -> Path:
        """Return the library for the host; compiles it if that has not been done."""
        return self._library("execute")

    def output_dir(self) -> Path:
        """Return the directory under which libraries are kept."""
        return self._options.output_dir or user_cache()

    def cpp(self) -> str:
        """Return the C++ of the assembler."""
        return self._kernel.cpp

    @cached_property
    def _kernel(self) -> _Kernel:
        traced = to_ir_module(meta_data=self._options.meta_data, module=self._options.module)(self._function)
        entry = _entry(traced.op, self._name)
        # One tile with an address says that the user has planned memory: then all of them need one.
        placed = any(isinstance(op, AllocTileOp) and op.addr is not None for op in traced.op.walk())
        sync = Sync.INSERT if self._options.enable_insert_sync else Sync.NONE
        options = Options(sync=sync, addresses=placed)
        assembled = assemble_with_origins(module_text(traced), f"{self._name}.mlir", options)
        for warning in assembled.warnings:
            warnings.warn(_in_python(warning), KernelWarning, stacklevel=3)
        places = {origin.cpp: f"{origin.file}:{origin.line}" for origin in assembled.origins if origin.file}
        names = tuple(arg.name_hint or f"argument {i}" for i, arg in enumerate(entry.body.block.args))
        types = tuple(entry.body.block.arg_types)
        return _Kernel(traced.op, assembled.text, entry.sym_name.data, names, types, places)

    def _library(self, mode: str) -> Path:
        kernel = self._kernel
        return compiled(kernel.cpp, kernel.entry, mode, host_toolchain(), self.output_dir())

    @contextmanager
    def _located(self) -> Iterator[None]:
        """Add the user's lines to the runtime's report of a failure in the body of a `with`."""
        try:
            yield
        except KernelFailure as failure:
            raise KernelFailure(self._kernel.located(str(failure))) from None

    @contextmanager
    def _recorded(self, blocks: int, arguments: list[Argument], kept: Path | None) -> Iterator[Path]:
        """Record what a launch does, without doing it; the file is gone after the body of a `with` unless `kept`."""
        # The same object of the kernel on a machine that writes instructions down instead of running them.
        recorder = HostKernel(self._library("trace"))
        with tempfile.TemporaryDirectory(prefix="jit_trace_") as directory:
            path = kept or Path(directory) / "trace"
            with self._located():
                recorder.trace(path, blocks, *arguments)
            yield path

    def _trace(self, blocks: int, arguments: list[Argument]) -> None:
        """Record a launch, and judge it if that is asked for."""
        with self._recorded(blocks, arguments, self._options.trace) as path:
            if not self._options.detect_races:
                return
            verdict = judge(read_trace(path))
        if not verdict.ok:
            raise RaceError(self._kernel.located(verdict_text(self._name, verdict)))


def _in_python(warning: Diagnostic) -> str:
    """The warning at the user's line, if the operation has one."""
    # The place is a line of the MLIR, which the user never sees; the first note has the Python line.
    place = warning.notes[0][0] if warning.notes else warning.place
    return f"{place.file}:{place.line}: {warning.message}"


def _entry(module: ModuleOp, name: str) -> FuncOp:
    entries = [op for op in module.ops if isinstance(op, FuncOp) and ENTRY in op.attributes]
    if len(entries) != 1:
        found = ", ".join(op.sym_name.data for op in entries) or "none"
        raise ValueError(f"{name} must have one entry (a @pto.func without kernel=), and has {found}")
    return entries[0]


def _checked_blocks(block_dim: object) -> int:
    if isinstance(block_dim, bool) or not isinstance(block_dim, int) or block_dim < 1:
        raise ValueError(f"block_dim = {block_dim!r} is not a number of blocks: 1 or more")
    return block_dim


@overload
def jit(fn: Callable[..., object]) -> JitWrapper: ...


@overload
def jit(
    *,
    meta_data: MetaData | None = None,
    output_dir: str | Path | None = None,
    block_dim: int | None = 1,
    enable_insert_sync: bool = True,
    npu_arch: str = NPU_ARCH,
    module: bool = False,
    init_ffts: bool = False,
    trace: str | Path | None = None,
    detect_races: bool = False,
    interleave: int | None = None,
) -> Callable[[Callable[..., object]], JitWrapper]: ...


def jit(
    fn: Callable[..., object] | None = None,
    *,
    meta_data: MetaData | None = None,
    output_dir: str | Path | None = None,
    block_dim: int | None = 1,
    enable_insert_sync: bool = True,
    npu_arch: str = NPU_ARCH,
    module: bool = False,
    init_ffts: bool = False,
    trace: str | Path | None = None,
    detect_races: bool = False,
    interleave: int | None = None,
) -> JitWrapper | Callable[[Callable[..., object]], JitWrapper]:
    """Compile the decorated kernel when it is first called, and run it on each call.

    Args:
        fn: what is decorated, when there are no brackets.
        meta_data: returns the types that the kernel refers to by name, as for `to_ir_module`.
        output_dir: where libraries are kept; ~/.cache/ascend-fa/jit by default. Nothing there is overwritten.
        block_dim: blocks of a launch; None if `set_block_dim` says it later.
        enable_insert_sync: whether the assembler synchronises the kernel; False if it does that itself.
        npu_arch: the device's architecture; there is one.
        module: whether the function defines functions with `@pto.func`, as for `to_ir_module`.
        init_ffts: changes nothing: a first parameter of pto.ffts_type is filled in whenever it is left out.
        trace: file that each launch writes a trace to, for the programs of `sim`.
        detect_races: judge each launch before it runs; raises RaceError if something is not in order.
        interleave: seed of a random order of the simulated cores; without it each runs until a FIFO makes it wait.
    """
    del init_ffts
    if npu_arch != NPU_ARCH:
        raise ValueError(f"npu_arch is {npu_arch!r}; kernels are compiled for {NPU_ARCH} (A2 and A3)")
    directory, traces = (None if path is None else Path(path) for path in (output_dir, trace))
    blocks = None if block_dim is None else _checked_blocks(block_dim)
    options = JitOptions(meta_data, directory, blocks, enable_insert_sync, module, traces, detect_races, interleave)
    return (lambda function: JitWrapper(function, options)) if fn is None else JitWrapper(fn, options)
