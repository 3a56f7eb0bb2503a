"""What the dialect says that an operation does to memory is what the runtime records of it: pipe, and bytes.

Every operation of the dialect has a case here, or is named as one that touches no memory. Cases are functions of one
module, so that one compilation serves all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, SSAValue

from isa.pipes import Kind, Pipe
from ptodsl.dialect import (
    AddPtrOp,
    Effects,
    FifoOp,
    LoadScalarOp,
    MakeTensorViewOp,
    PartitionTensorViewType,
    PartitionViewOp,
    PtoDialect,
    PtrType,
    StoreScalarOp,
    TileBufType,
    checks,
    effects_of,
    element_bytes,
)
from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel
from sim.effects_cases import CUBE, PARTLY_VALID, PARTS, SLOT, VECTOR, module_text
from sim.regions import merge_ranges, row_ranges
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.complete_fifos import complete_fifos
from tools.ptoas.diagnostics import OperationWarning
from tools.ptoas.emit_cpp.module import emit_module
from tools.ptoas.expand_sums import PARTS as SUMS
from tools.ptoas.expand_sums import expand_sums
from tools.ptoas.parse import parse_module
from tools.ptoas.plan_memory import apply_plan, plan_memory
from tools.ptoas.verify import verify_module
from tracing.file import read_trace
from tracing.format import Buffer, Records, Rw, Trace

NO_MEMORY = frozenset(
    {
        *("addptr", "make_tensor_view", "partition_view", "alloc_tile", "declare_global"),
        *("get_block_idx", "get_block_num", "get_subblock_idx", "get_subblock_num"),
        *("section.cube", "section.vector", "set_ffts", "initialize_l2g2l_pipe", "print"),
        *("alloc_multi_tile", "multi_tile_get", "reserve_buffer", "import_reserved_buffer"),
        *("aic_initialize_pipe", "aiv_initialize_pipe", "tfree_from_aic", "tfree_from_aiv"),
        *(
            "declare_tile",
            "talloc_to_aic",
            "talloc_to_aiv",
            "declare_eventid_array",
            "eventid_array_set",
            "eventid_array_get",
        ),
        *(
            "record_event",
            "wait_event",
            "barrier_sync",
            "set_flag",
            "wait_flag",
            "set_flag_dyn",
            "wait_flag_dyn",
            "barrier",
        ),
        *("set_validshape", "get_validshape", "trap", "syncall", "tsync"),
        *("sync.set", "sync.wait", "ptrtoint", "inttoptr"),
        *("declare_local_array", "local_array_set", "local_array_get"),
    }
)
"""Operations of the dialect (without `pto.`) that touch no bytes: names for memory, core identity, syncs."""

NOT_HERE = ("pto.mgather", "pto.mscatter")
"""Operations whose C++ compiles neither for the device nor here."""

AS_OTHERS = ("pto.tpop_from_aic", "pto.tpop_from_aiv", "pto.tpush_to_aic", "pto.tpush_to_aiv", *SUMS, *NOT_HERE)
"""Operations that are made of others: by the runtime of TALLOC, TSTORE and TPUSH, or TPOP, TLOAD and TFREE (//jit tests
them), by the assembler of sums of two.
"""

Arrays = dict[str, NDArray[np.generic]]

Memory = dict[str, list[tuple[int, int]]]
"""Disjoint ranges of bytes by buffer, in order; GM as offsets in the array of argument 0 ("p") or 1 ("h")."""


@dataclass(frozen=True)
class Touched:
    """What one operation does."""

    pipe: Pipe
    reads: Memory
    writes: Memory


@dataclass(frozen=True)
class Case:
    """A function with its memory plan, and what the runtime recorded of it."""

    operations: tuple[Operation, ...]
    """Those that have effects."""
    ranges: ByteRanges
    recorded: tuple[Touched, ...]

    @property
    def expected(self) -> tuple[Touched, ...]:
        """What the dialect says."""
        return tuple(_expected(operation, self.ranges) for operation in self.operations)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """All functions of the module, traced."""
    directory = tmp_path_factory.mktemp("effects")
    module = parse_module(module_text(), "effects.mlir").module
    assert [str(error) for error in verify_module(module) if not isinstance(error, OperationWarning)] == []
    expand_sums(module, lambda op, written: None)
    complete_fifos(module)
    plan = plan_memory(module)
    apply_plan(plan)
    ranges = ByteRanges(plan)
    kernel = host_kernel(emit_module(module, ranges, tail_sync=False).text, directory, "tadd", mode="trace")
    names = [*VECTOR, *CUBE, *PARTLY_VALID, *PARTS]
    operations = {name: _with_effects(module, name) for name in [*names, "f_cube", "f_vector"]}
    found = {}
    for name in [*names, "fifos"]:
        trace, arrays = _traced(kernel, directory / "trace", name)
        for core, function in ((0, "f_cube"), (1, "f_vector")) if name == "fifos" else ((name not in CUBE, name),):
            found[function] = Case(operations[function], ranges, tuple(_recorded(trace, core, arrays)))
    return found


def _with_effects(module: ModuleOp, name: str) -> tuple[Operation, ...]:
    (function,) = (o for o in module.walk() if isinstance(o, FuncOp) and o.sym_name.data == name)
    return tuple(o for o in function.body.walk() if effects_of(o) is not None and o.name != "pto.subview")


def _traced(kernel: HostKernel, path: Path, name: str) -> tuple[Trace, Arrays]:
    arrays: Arrays = {"p": np.zeros(8 * SLOT, np.uint8), "h": np.zeros(2 * 128 * 256, np.float16)}
    kernel.trace(path, 1, arrays["p"], arrays["h"], 0, 64, 1, 1.0, 0, entry=name)
    return read_trace(path), arrays


def _recorded(trace: Trace, core: int, arrays: Arrays) -> list[Touched]:
    touched = []
    for event in trace.core_events(trace.cores[core]):
        if event["kind"] == Kind.BARRIER:  # behind scalar stores, whose cache is written back
            continue
        own = trace.accesses[event["first_access"] : event["first_access"] + event["n_access"]]
        memories = [_ranges_of(own[own["rw"] == rw], arrays) for rw in (Rw.READ, Rw.WRITE)]
        touched.append(Touched(Pipe(event["pipe"]), *memories))
    return touched


def _ranges_of(accesses: Records, arrays: Arrays) -> Memory:
    memory: Memory = {}
    for buffer in np.unique(accesses["buffer"]):
        lo, hi, _ = row_ranges(accesses[accesses["buffer"] == buffer])
        pairs = list(zip(*(column.tolist() for column in merge_ranges(lo, hi)), strict=True))
        if buffer != Buffer.GM:
            memory[Buffer(buffer).name] = pairs
            continue
        for name, array in arrays.items():
            base = array.ctypes.data
            inside = [(a - base, b - base) for a, b in pairs if base <= a and b <= base + array.nbytes]
            if inside:
                memory[name] = inside
        assert sum(len(memory.get(name, ())) for name in arrays) == len(pairs)
    return memory


def _expected(operation: Operation, ranges: ByteRanges) -> Touched:
    effects = effects_of(operation)
    assert effects is not None
    pipe = Pipe[effects.pipe.name]
    if isinstance(operation, FifoOp):  # entries are bound and passed on; TLOAD and TSTORE touch their bytes
        return Touched(pipe, {}, {})
    reads, writes = (
        [_bytes_of(operation, value, ranges) for value in side] for side in (effects.reads, effects.writes)
    )
    return Touched(pipe, _united(reads), _united([*writes, *_scratch(effects)]))


def _scratch(effects: Effects) -> list[Memory]:
    region = effects.scratch
    return [] if region is None else [{region.buffer.name: [(region.start, region.end)]}]


def _bytes_of(operation: Operation, value: SSAValue, ranges: ByteRanges) -> Memory:
    match value.type:
        case TileBufType():
            return {part.buffer: [(r.start, r.end) for r in ranges.of(value)] for part in ranges.of(value)}
        case PartitionTensorViewType():
            return _slice_bytes(value)
        case PtrType() as ty:
            assert isinstance(operation, LoadScalarOp | StoreScalarOp)
            array, base = _base(value)
            start = base + _number(operation.offset) * element_bytes(ty.dtype)
            return {array: [(start, start + element_bytes(ty.dtype))]}
        case other:
            raise AssertionError(f"{operation.name} touches a {other}, which this test does not know")


def _slice_bytes(value: SSAValue) -> Memory:
    part = value.owner
    assert isinstance(part, PartitionViewOp)
    view, ty = part.source.owner, value.type
    assert isinstance(view, MakeTensorViewOp)
    assert isinstance(ty, PartitionTensorViewType)
    size = element_bytes(ty.dtype)
    array, base = _base(view.ptr)
    (row, col), (rows, cols) = ([_number(v) for v in values] for values in (part.offsets, part.sizes))
    down, right = (_number(v) for v in view.strides)
    elements = (base // size + (row + r) * down + (col + c) * right for r in range(rows) for c in range(cols))
    return _united([{array: [(e * size, (e + 1) * size) for e in elements]}])


def _base(pointer: SSAValue) -> tuple[str, int]:
    """The array, and the byte in it, that `pointer` points to."""
    if isinstance(pointer, BlockArgument):
        return "ph"[pointer.index], 0
    assert isinstance(pointer.owner, AddPtrOp)
    array, base = _base(pointer.owner.ptr)
    ty = pointer.type
    assert isinstance(ty, PtrType)
    return array, base + _number(pointer.owner.offset) * element_bytes(ty.dtype)


def _number(value: SSAValue) -> int:
    number = checks.constant_int(value)
    assert number is not None
    return number


def _united(parts: Sequence[Memory]) -> Memory:
    joined: Memory = {}
    for buffer in {name for part in parts for name in part}:
        pairs = np.array(sorted(pair for part in parts for pair in part.get(buffer, ())), np.int64)
        lo, hi = merge_ranges(pairs[:, 0], pairs[:, 1])
        joined[buffer] = list(zip(lo.tolist(), hi.tolist(), strict=True))
    return joined


@pytest.mark.parametrize("name", [*VECTOR, *CUBE, "f_cube", "f_vector"])
def test_the_runtime_records_what_the_dialect_says(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    assert case.operations
    assert case.recorded == case.expected


@pytest.mark.parametrize("name", PARTS)
def test_what_touches_a_part_of_a_tile_touches_no_more_than_the_dialect_says(cases: dict[str, Case], name: str) -> None:
    seen, said = cases[name].recorded[-1], cases[name].expected[-1]
    assert seen.pipe == said.pipe
    assert seen.reads or seen.writes
    for mine, whole in ((seen.reads, said.reads), (seen.writes, said.writes)):
        for buffer, ranges in mine.items():
            assert all(any(lo <= a and b <= hi for lo, hi in whole[buffer]) for a, b in ranges)


@pytest.mark.parametrize("name", PARTLY_VALID)
def test_what_is_not_valid_is_not_touched_but_may_be(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    for seen, said in zip(case.recorded, case.expected, strict=True):
        assert seen.pipe == said.pipe
        for mine, whole in ((seen.reads, said.reads), (seen.writes, said.writes)):
            assert {name: mine[name] for name in mine if name in "ph"} == {n: whole[n] for n in whole if n in "ph"}
            for buffer in mine.keys() - {"p", "h"}:
                ((start, end),) = whole[buffer]
                assert start == mine[buffer][0][0]
                assert mine[buffer][-1][1] < end
                assert len(mine[buffer]) > 1


def test_every_operation_of_the_dialect_has_a_case(cases: dict[str, Case]) -> None:
    covered = {operation.name for case in cases.values() for operation in case.operations}
    all_names = {operation.name for operation in PtoDialect.operations}
    assert all_names - covered - {f"pto.{name}" for name in NO_MEMORY} == {"pto.subview", *AS_OTHERS}
    assert covered.isdisjoint(f"pto.{name}" for name in NO_MEMORY)
    assert {f"pto.{name}" for name in NO_MEMORY} <= all_names
