"""Kernels with their syncs planned in several ways, and a timeline of each: what the sync report compares.

All kernels and plans are compiled as one library, since a compiler spends most of its time on the headers. One with
FIFOs of tiles gets one of its own: the assembler numbers such FIFOs through a module, and there are few numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from flash_atten.config import QK_PRELOADS, S0, S1_TILES, KernelConfig
from flash_atten.described import AttentionKernel
from flash_atten.kernel import build_module
from flash_atten.plan import ENTRY
from isa.pipes import Kind
from isa.pipes import Pipe as Queue
from isa.repeats import VRule
from kernels.arguments import arguments_of
from kernels.kernel import Case
from kernels.module_entries import entries_of
from ptodsl.dialect import BarrierOp, ImportReservedBufferOp, Pipe, SetFlagDynOp, SetFlagOp, TileFifoOp
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from ptodsl.examples.host_run import host_kernel
from runtime.host_kernel import HostKernel, RawArgument
from sim.hazards import judge
from sim.program import bytes_of
from sim.reference_structure import build_reference_structure
from sim.timeline.program import NOTHING, TimedProgram, timed_program
from tools.ptoas.assemble import Options, Sync
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.options import Scope, SyncOptions
from tools.ptoas.plan_memory import plan_memory
from tracing.file import read_trace

S1 = 6144
"""Rows of K and V of the attention kernels: 24 and 12 tiles."""

CONFIGS = tuple(itertools.starmap(KernelConfig, itertools.product(S1_TILES, QK_PRELOADS)))
"""Kernels of a whole S1 and one head."""


class Plan(Enum):
    """A way to plan the syncs of a kernel."""

    STRICT = SyncOptions()
    REPEATS = SyncOptions(v_rule=VRule.REPEATS)
    SOURCE = SyncOptions(scope=Scope.SOURCE)


@dataclass(frozen=True)
class Kernel:
    """A kernel, and a launch of it on one block."""

    name: str
    entry: str
    build: Callable[[], ModuleOp]
    case: Callable[[], Case]


@dataclass(frozen=True)
class Counts:
    """Syncs in the text of a kernel."""

    v_barriers: int
    flags: int
    all_barriers: int
    in_loops: int
    """Barriers of all pipes in loops."""


@dataclass(frozen=True)
class Planned:
    """A kernel under a plan."""

    counts: Counts
    program: TimedProgram


def kernels() -> list[Kernel]:
    """The attention kernels, the same in the reference's structure, and all examples of the DSL."""
    return [
        *(_attention("attention", build_module, config) for config in CONFIGS),
        *(_attention("reference structure", build_reference_structure, config) for config in CONFIGS),
        *map(_example, EXAMPLES),
    ]


def _attention(name: str, build: Callable[[KernelConfig], ModuleOp], config: KernelConfig) -> Kernel:
    kernel = AttentionKernel(config)
    return Kernel(
        f"{name} {config.s1_tile}, {config.qk_preload}",
        ENTRY,
        lambda: build(config),
        lambda: kernel.case({"q_rows": S0, "s1": S1}, 0, 1, kernel.traced_kind),
    )


def _example(example: Example) -> Kernel:
    return Kernel(example.name, example.name, example.build, lambda: example.case({}, 0, 1))


def counts_of(module: ModuleOp) -> Counts:
    """Count the syncs of a module."""
    barriers = [op for op in module.walk() if isinstance(op, BarrierOp)]
    full = [op for op in barriers if op.pipe.data is Pipe.ALL]
    return Counts(
        v_barriers=sum(op.pipe.data is Pipe.V for op in barriers),
        flags=sum(isinstance(op, SetFlagOp | SetFlagDynOp) for op in module.walk()),
        all_barriers=len(full),
        in_loops=sum(_is_in_loop(op) for op in full),
    )


def planned_module(kernel: Kernel, options: SyncOptions) -> ModuleOp:
    """Build a kernel and add its syncs."""
    module = kernel.build()
    insert_sync(module, plan_memory(module), options)
    return module


def plan_all(chosen: Sequence[Kernel], directory: Path) -> list[dict[Plan, Planned]]:
    """Each of `chosen` under every plan; files go into `directory`.

    Raises:
        ValueError: the judge finds something in one of them, by the rule of its plan.
    """
    shared = ModuleOp([])
    wholes: list[ModuleOp] = []
    found: list[dict[Plan, tuple[str, Counts]]] = []
    for number, kernel in enumerate(chosen):
        modules = {plan: planned_module(kernel, plan.value) for plan in Plan}
        found.append({plan: (f"{kernel.entry}_{number}_{plan.name}", counts_of(modules[plan])) for plan in Plan})
        wholes.append(ModuleOp([]) if any(map(_has_tile_fifos, modules.values())) else shared)
        for plan, module in modules.items():
            _rename(module, f"_{number}_{plan.name}")
            # Clones, as an operation belongs to one module only.
            wholes[-1].body.block.add_ops([op.clone() for op in module.body.block.ops])
    libraries: dict[ModuleOp, HostKernel] = {}
    traced: list[dict[Plan, Planned]] = []
    for kernel, plans, whole in zip(chosen, found, wholes, strict=True):
        # Kernels of the same module share a library.
        if (library := libraries.get(whole)) is None:
            entry, _ = plans[Plan.STRICT]
            # Sync.NONE: the modules have the syncs of their plans already.
            library = libraries[whole] = host_kernel(whole, entry, directory, Options(Sync.NONE), mode="trace")
        case = kernel.case()
        scratch = [np.zeros(part.bytes, np.uint8) for part in case.plan.scratch]
        arguments = _arguments(kernel, case, scratch)
        traced.append({})
        for plan, (name, counts) in plans.items():
            library.prepare(name, 1, arguments, trace=directory / "trace").run()
            trace = read_trace(directory / "trace")
            verdict = judge(trace, scratch=list(map(bytes_of, scratch)), v_rule=plan.value.v_rule)
            if not verdict.ok:
                raise ValueError(f"{name} is not in order: {verdict.findings[0]}")
            traced[-1][plan] = Planned(counts, timed_program(trace))
    return traced


def _arguments(kernel: Kernel, case: Case, scratch: Sequence[NDArray[np.uint8]]) -> list[RawArgument]:
    """Return what its entry is launched with. The arrays are the case's."""
    (parameters,) = (entry.parameters for entry in entries_of(kernel.build()) if entry.name == kernel.entry)
    arrays = {name: RawArgument.of(array) for name, array in case.arrays.items()}
    return arguments_of(parameters, case.plan, arrays, list(map(RawArgument.of, scratch)))


def without_syncs(program: TimedProgram) -> TimedProgram:
    """Return a program without flags and barriers; FIFOs still order its cores."""
    syncs = (Kind.SET_FLAG, Kind.WAIT_FLAG, Kind.BARRIER)
    return _chosen(program, lambda kind: [] if kind in syncs else [False])


def with_all_barriers(program: TimedProgram) -> TimedProgram:
    """Return a program with a barrier of all pipes before each operation, and no other syncs."""
    syncs = (Kind.SET_FLAG, Kind.WAIT_FLAG, Kind.BARRIER)
    return _chosen(program, lambda kind: [] if kind in syncs else [True, False])


def _chosen(program: TimedProgram, instead: Callable[[int], list[bool]]) -> TimedProgram:
    """Return a program with other instructions: per kind, True is a barrier and False the instruction itself."""
    streams, costs, names, lines = [], [], [], []
    for core in range(len(program.cores)):
        places = [
            (place, barrier) for place, (kind, *_) in enumerate(program.streams[core]) for barrier in instead(kind)
        ]
        streams.append([_BARRIER if barrier else program.streams[core][place] for place, barrier in places])
        costs.append([NOTHING if barrier else program.costs[core][place] for place, barrier in places])
        names.append(["pipe_barrier" if barrier else program.names[core][place] for place, barrier in places])
        lines.append([program.lines[core][place] for place, _ in places])
    return replace(program, streams=tuple(streams), costs=tuple(costs), names=tuple(names), lines=tuple(lines))


_BARRIER = (int(Kind.BARRIER), int(Queue.ALL), 0, 0)


def _is_in_loop(op: Operation) -> bool:
    return any(isinstance(around, scf.ForOp) for around in _around(op))


def _around(op: Operation) -> Iterator[Operation]:
    outer = op.parent_op()
    while outer is not None:
        yield outer
        outer = outer.parent_op()


def _has_tile_fifos(module: ModuleOp) -> bool:
    return any(isinstance(op, TileFifoOp) for op in module.walk())


def _rename(module: ModuleOp, suffix: str) -> None:
    """Give the functions of a module other names."""
    for op in module.walk():
        if isinstance(op, FuncOp):
            op.sym_name = StringAttr(op.sym_name.data + suffix)
        elif isinstance(op, CallOp):
            op.callee = SymbolRefAttr(op.callee.root_reference.data + suffix)
        elif isinstance(op, ImportReservedBufferOp):
            op.peer_func = SymbolRefAttr(op.peer_func.root_reference.data + suffix)
