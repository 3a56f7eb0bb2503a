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
    VECTOR_OPS,
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
from ptodsl.dialect.testing import ALIASES, fifo, load_mat, snippet, use_of
from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel
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

PARTS = {
    "tfillpad_inplace": "%t0 = pto.alloc_tile : !pto.tile_buf<vec, 32x256xf32, valid=20x100>\n"
    "%t1 = pto.treshape %t0 : !pto.tile_buf<vec, 32x256xf32, valid=20x100> -> "
    "!pto.tile_buf<vec, 32x256xf32, pad=1>\n"
    "pto.tfillpad_inplace ins(%t0 : !pto.tile_buf<vec, 32x256xf32, valid=20x100>) "
    "outs(%t1 : !pto.tile_buf<vec, 32x256xf32, pad=1>)",
    "tgetval": "%t0 = pto.alloc_tile : !vec\n%y = pto.tgetval ins(%t0, %c2 : !vec, index) outs : f32",
    "tsetval": "%t0 = pto.alloc_tile : !vec\npto.tsetval ins(%c2, %x : index, f32) outs(%t0 : !vec)",
    "tinsert": "%t0 = pto.alloc_tile : !small\n%t1 = pto.alloc_tile : !vec\n"
    "pto.tinsert ins(%t0, %c8, %c128 : !small, index, index) outs(%t1 : !vec)",
    "tgather_columns": "%t0 = pto.alloc_tile : !small\n%t1 = pto.alloc_tile : !vec\n"
    "pto.tgather ins(%t0, {maskPattern = #pto.mask_pattern<P0101>} : !small) outs(%t1 : !vec)",
}
"""Bodies for the vector core whose operations touch a part of a tile: the dialect speaks of all of it."""

TILES = {
    **{name: text for name, text in ALIASES.items() if text.startswith("!pto.tile_buf")},
    "bytes": "!pto.tile_buf<vec, 32x256xi8>",
    "one_left": "!pto.tile_buf<left, 128x128xf16, valid=1x128, slayout=row_major>",
    "one_acc": "!pto.tile_buf<acc, 128x128xf32, valid=1x128, blayout=col_major, slayout=row_major, fractal=1024>",
    "bias_row": "!pto.tile_buf<mat, 1x128xf32>",
    "scale_row": "!pto.tile_buf<mat, 1x128xui64>",
    "scales": "!pto.tile_buf<scaling, 1x128xui64>",
    "padded": "!pto.tile_buf<vec, 32x64xf32, valid=32x50, pad=1>",
    "corner": "!pto.tile_buf<vec, 32x64xf32, valid=20x50>",
}
"""Types of the operands by name: those of snippets, and more."""


def tiles(*kinds: str) -> list[str]:
    """Lines that make tiles %t0, %t1, ... of the named types."""
    return [f"%t{number} = pto.alloc_tile : {TILES[kind]}" for number, kind in enumerate(kinds)]


def op(name: str, ins: Sequence[str], out: str, more: str = "", types: str = "") -> str:
    """Lines of one operation, every operand a tile of its own; `more` and `types` are its further operands."""
    operands = ", ".join(f"%t{number}" for number in range(len(ins)))
    kinds = ", ".join(TILES[kind] for kind in ins)
    last = len(ins)
    call = f"pto.{name} ins({operands}{more} : {kinds}{types}) outs(%t{last} : {TILES[out]})"
    return "\n".join([*tiles(*ins, out), call])


def slice_of(rows: int, cols: int, pitch: int, dtype: str = "f32", pointer: str = "%p") -> str:
    """Lines that make %g, [rows, cols] at the second row of rows that are `pitch` elements apart."""
    view, part = f"!pto.tensor_view<?x{pitch}x{dtype}>", f"!pto.partition_tensor_view<{rows}x{cols}x{dtype}>"
    return "\n".join(
        [
            *(f"%k{value} = arith.constant {value} : index" for value in sorted({rows, cols, pitch})),
            f"%w = pto.make_tensor_view {pointer}, shape = [%n, %k{pitch}], strides = [%k{pitch}, %c1] : {view}",
            f"%g = pto.partition_view %w, offsets = [%c1, %c0], sizes = [%k{rows}, %k{cols}] : {view} -> {part}",
        ]
    )


def transfer(name: str, kind: str, rows: int, cols: int, dtype: str = "f32", pointer: str = "%p") -> str:
    """Lines of a TLOAD into, or a TSTORE from, a tile of type `kind`."""
    part = f"%g : !pto.partition_tensor_view<{rows}x{cols}x{dtype}>"
    tile = f"%t0 : {TILES[kind]}"
    ins, outs, kinds = (part, tile, [kind]) if name != "tstore" and name != "tstore_fp" else (tile, part, [kind])
    if name == "tstore_fp":
        ins, kinds = f"%t0, %t1 : {TILES[kind]}, {TILES['scales']}", [kind, "scales"]
    lines = [slice_of(rows, cols, 2 * cols, dtype, pointer), *tiles(*kinds), f"pto.{name} ins({ins}) outs({outs})"]
    return "\n".join(lines)


VECTOR = {
    **{
        name.replace(".", "_"): use_of(op.ROW, apart=True)
        for name, op in VECTOR_OPS.items()
        if name != "tfillpad_inplace"
    },
    "tcvt": op("tcvt", ["vec"], "half"),
    "tcvt_scratch": op("tcvt", ["half"], "bytes"),
    "tmov_vec": op("tmov", ["vec"], "vec"),
    "textract_vec": op("textract", ["vec"], "narrow", ", %c0, %c128", ", index, index"),
    "tload": transfer("tload", "vec", 32, 256),
    "tstore": transfer("tstore", "vec", 32, 256),
    "window": "\n".join(
        [
            *tiles("vec"),
            "%u = pto.subview %t0[%c8, %c128] sizes [8, 128] : " + f"{TILES['vec']} -> !pto.tile_buf<vec, 8x128xf32>",
            "pto.texp ins(%u : !pto.tile_buf<vec, 8x128xf32>) outs(%u : !pto.tile_buf<vec, 8x128xf32>)",
        ]
    ),
    "tci": "%t0 = pto.alloc_tile : !pto.tile_buf<vec, 1x64xi32>\n%w = arith.constant 3 : i32\n"
    "pto.tci ins(%w : i32) outs(%t0 : !pto.tile_buf<vec, 1x64xi32>)",
    "tcolsum_tree": "%t0 = pto.alloc_tile : !vec\n%t1 = pto.alloc_tile : !vec\n%t2 = pto.alloc_tile : !cols\n"
    "pto.tcolsum ins(%t0, %t1 {isBinary = true} : !vec, !vec) outs(%t2 : !cols)",
    "row_and_tile": op("trowexpandsub", ["rows", "vec"], "vec"),
    "axpy_wide": "%t0 = pto.alloc_tile : !half\n%t1 = pto.alloc_tile : !vec\n%w = arith.constant 3.0 : f16\n"
    "pto.taxpy ins(%t0, %w : !half, f16) outs(%t1 : !vec)",
    "root_in_scratch": op("trsqrt", ["vec", "vec"], "vec"),
    "row_values_in_scratch": "%t0 = pto.alloc_tile : !vec\n%t1 = pto.alloc_tile : !rows\n"
    "%t2 = pto.alloc_tile : !vec\npto.trowexpandsub ins(%t0, %t1, %t2 : !vec, !rows, !vec) outs(%t0 : !vec)",
    "reshape": "\n".join(
        [
            *tiles("rows", "flat"),
            f"%u = pto.treshape %t0 : {TILES['rows']} -> {TILES['flat']}",
            f"pto.texp ins(%u : {TILES['flat']}) outs(%t1 : {TILES['flat']})",
        ]
    ),
    "scalars": "%y = pto.load_scalar %p[%c2] : !pto.ptr<f32> -> f32\n"
    "%r = pto.addptr %p, %c32 : !pto.ptr<f32> -> !pto.ptr<f32>\n"
    "pto.store_scalar %y, %r[%c1] : !pto.ptr<f32>, f32",
    "tprefetch": transfer("tprefetch", "vec", 32, 256),
    "tprint": "\n".join([*tiles("vec"), f"pto.tprint ins(%t0 : {TILES['vec']})"]),
}
"""Bodies of functions for the vector core."""

CUBE = {
    "load_nd": load_mat("nd", "mat"),
    "load_dn": load_mat("dn", "matt"),
    "store_acc": transfer("tstore", "acc", 128, 128),
    "store_narrowed": transfer("tstore", "acc", 128, 128, "f16", "%h"),
    "tmov_left": op("tmov", ["mat"], "left"),
    "tmov_right": op("tmov", ["matt"], "right"),
    "textract": op("textract", ["mat"], "left", ", %c0, %c0", ", index, index"),
    "tmov_scales": op("tmov", ["scale_row"], "scales"),
    "tmov_relu": op("tmov", ["acc"], "mat") + " {reluPreMode = #pto<relu_pre_mode normal_relu>}",
    "textract_acc": op("textract", ["acc"], "mat", ", %c0, %c0", ", index, index"),
    "tmov_fp": op("tmov.fp", ["acc", "scales"], "mat"),
    "textract_fp": op("textract_fp", ["acc", "scales"], "mat", ", %c0, %c0", ", index, index"),
    "tinsert_fp": op("tinsert_fp", ["acc", "scales"], "mat", ", %c0, %c0", ", index, index"),
    "tstore_fp": transfer("tstore_fp", "acc", 128, 128, "f16", "%h"),
    "tmatmul_phase": op("tmatmul", ["left", "right"], "acc") + " {accPhase = #pto<acc_phase final>}",
    "tgemv": op("tgemv", ["one_left", "right"], "one_acc"),
    "tgemv_acc": op("tgemv.acc", ["one_acc", "one_left", "right"], "one_acc"),
    "tgemv_bias": op("tgemv.bias", ["one_left", "right", "bias"], "one_acc"),
    "tmatmul": op("tmatmul", ["left", "right"], "acc"),
    "tmatmul_acc": op("tmatmul.acc", ["acc", "left", "right"], "acc"),
    "tmatmul_bias": op("tmatmul.bias", ["left", "right", "bias"], "acc"),
}
"""Bodies of functions for the cube core."""

PARTLY_VALID = {
    "load_corner": transfer("tload", "corner", 20, 50),
    "load_padded": transfer("tload", "padded", 32, 50),
    "copy_corner": op("tmov", ["corner"], "corner"),
}
"""Bodies for the vector core whose tiles are not valid everywhere: the dialect speaks of all their bytes."""

SLOT = 131072

Arrays = dict[str, NDArray[np.generic]]


def hand_over(producing: bool, dir_mask: int, name: str) -> str:
    """Lines of one side of a FIFO."""
    steps = ("talloc", "tpush") if producing else ("tpop", "tfree")
    entry = "e" if name == "pipe" else f"{name}_e"
    lines = fifo(dir_mask, slot_size=SLOT, flag_base=2 * (dir_mask - 1), name=name)
    return lines + "\n".join(f"pto.{step}(%{entry}, %{name} : !entry, !pto.pipe) {{split = 1}}" for step in steps)


FIFO_CUBE = hand_over(True, 1, "pipe") + "\n" + hand_over(False, 2, "back")
FIFO_VECTOR = hand_over(False, 1, "pipe") + "\n" + hand_over(True, 2, "back")
"""Both directions: the cube pushes to the vector cores, which push to the cube."""

PARAMETERS = "%p: !pto.ptr<f32>, %h: !pto.ptr<f16>, %ffts: memref<256xi64>, %n: index, %m: i64, %x: f32, %b: i1"

Memory = dict[str, list[tuple[int, int]]]
"""Disjoint ranges of bytes by buffer, in order; GM as offsets in the array of argument 0 ("p") or 1 ("h")."""


@dataclass(frozen=True)
class Touched:
    """What one operation does."""

    pipe: Pipe
    reads: Memory
    writes: Memory


def module_text() -> str:
    """One entry per case, and one with FIFOs that calls a function for each kind of core."""
    aliases = [f"!{name} = {text}" for name, text in ALIASES.items()]
    parts = [_function(name, body, "vector", entry=True) for name, body in {**VECTOR, **PARTLY_VALID, **PARTS}.items()]
    parts += [_function(name, body, "cube", entry=True) for name, body in CUBE.items()]
    parts += [_function("f_cube", FIFO_CUBE, "cube"), _function("f_vector", FIFO_VECTOR, "vector")]
    names = ", ".join(parameter.split(":")[0] for parameter in PARAMETERS.split(", "))
    types = ", ".join(parameter.split(": ")[1] for parameter in PARAMETERS.split(", "))
    calls = "\n".join(f"func.call @f_{kind}({names}) : ({types}) -> ()" for kind in ("cube", "vector"))
    parts.append(f"func.func @fifos({PARAMETERS}) attributes {{pto.entry}} {{\n{calls}\nfunc.return\n}}")
    return "\n".join([*aliases, *parts])


def _function(name: str, body: str, kind: str, *, entry: bool = False) -> str:
    text = snippet(body, kind)
    text = text[text.index("func.func") :].replace("@f(", f"@{name}(", 1)
    return text.replace("attributes {", "attributes {pto.entry, ", 1) if entry else text


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
