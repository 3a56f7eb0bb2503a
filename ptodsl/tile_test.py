"""Tests of the operations on tiles: each becomes the operation that it is named for, with its operands in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from ptodsl import pto, tile
from ptodsl.dialect import TCvtOp, TileBufType
from ptodsl.module import ModuleBuilder
from ptodsl.values import Tile

F32 = pto.TileBufType([16, 64], pto.float32)
F16 = pto.TileBufType([16, 64], pto.float16)
I16 = pto.TileBufType([16, 64], pto.int16)
I32 = pto.TileBufType([16, 64], pto.int32)
ROW = pto.TileBufType([16, 1], pto.float32, config=pto.TileBufConfig("ColMajor", "NoneBox"))
COL = pto.TileBufType([1, 64], pto.float32)
MAT = pto.TileBufType([64, 64], pto.float16, "MAT")
LEFT = pto.TileBufType([64, 64], pto.float16, "LEFT")
RIGHT = pto.TileBufType([64, 64], pto.float16, "RIGHT")
ACC = pto.TileBufType([64, 64], pto.float32, "ACC")
BIAS = pto.TileBufType([1, 64], pto.float32, "BIAS")

BINARY = [tile.add, tile.sub, tile.mul, tile.div, tile.max, tile.min]
UNARY = [tile.exp, tile.log, tile.sqrt, tile.rsqrt, tile.relu, tile.abs, tile.neg]
ROW_EXPAND = ["add", "sub", "mul", "div", "max", "min"]

CASES: list[tuple[Callable[..., None], str, list[TileBufType]]] = [
    *((f, f"pto.t{f.__name__}", [F32, F32, F32]) for f in BINARY),
    *((f, f"pto.t{f.__name__}", [F32, F32]) for f in UNARY),
    (tile.reciprocal, "pto.trecip", [F32, F32]),
    (tile.and_, "pto.tand", [I16, I16, I16]),
    (tile.or_, "pto.tor", [I16, I16, I16]),
    (tile.xor, "pto.txor", [I16, I16, I16, I16]),
    (tile.cvt, "pto.tcvt", [F32, F16]),
    (tile.row_sum, "pto.trowsum", [F32, F32, ROW]),
    (tile.row_max, "pto.trowmax", [F32, F32, ROW]),
    (tile.row_min, "pto.trowmin", [F32, F32, ROW]),
    (tile.row_expand, "pto.trowexpand", [ROW, F32]),
    *((getattr(tile, f"row_expand_{n}"), f"pto.trowexpand{n}", [F32, ROW, F32]) for n in ROW_EXPAND),
    (tile.col_sum, "pto.tcolsum", [F32, COL]),
    (tile.col_max, "pto.tcolmax", [F32, COL]),
    (tile.col_min, "pto.tcolmin", [F32, COL]),
    (tile.col_expand, "pto.tcolexpand", [COL, F32]),
    *((getattr(tile, f"col_expand_{n}"), f"pto.tcolexpand{n}", [F32, COL, F32]) for n in ROW_EXPAND),
    (tile.mov, "pto.tmov", [MAT, LEFT]),
    (tile.matmul, "pto.tmatmul", [LEFT, RIGHT, ACC]),
    (tile.matmul_acc, "pto.tmatmul.acc", [ACC, LEFT, RIGHT, ACC]),
    (tile.matmul_bias, "pto.tmatmul.bias", [LEFT, RIGHT, BIAS, ACC]),
    (tile.print, "pto.tprint", [F32]),
]


def _last_operation(types: list[TileBufType], body: Callable[[list[Tile]], object]) -> tuple[list[Tile], Operation]:
    """Build a function that allocates tiles of `types` and runs `body` on them; they and its last operation."""
    module = ModuleBuilder()
    with module.function("main", {}):
        tiles = [pto.alloc_tile(ty) for ty in types]
        body(tiles)
    function = module.finish().body.block.first_op
    assert isinstance(function, FuncOp)
    end = function.body.block.last_op
    assert end is not None
    assert end.prev_op is not None
    return tiles, end.prev_op


@pytest.mark.parametrize(("function", "name", "types"), CASES, ids=[name for _, name, _ in CASES])
def test_operation_has_its_name_and_operands(
    function: Callable[..., None], name: str, types: list[TileBufType]
) -> None:
    tiles, op = _last_operation(types, lambda tiles: function(*tiles))
    assert op.name == name
    assert list(op.operands) == [t.ssa for t in tiles]


@pytest.mark.parametrize(("function", "name"), [(tile.muls, "pto.tmuls"), (tile.adds, "pto.tadds")])
def test_a_python_number_becomes_a_scalar_of_the_tiles_type(function: Callable[..., None], name: str) -> None:
    tiles, op = _last_operation([F16, F16], lambda tiles: function(tiles[0], 0.5, tiles[1]))
    assert op.name == name
    assert [op.operands[0], op.operands[2]] == [t.ssa for t in tiles]
    assert op.operands[1].type == pto.float16


def test_a_tile_is_filled_with_a_number_of_its_type() -> None:
    tiles, op = _last_operation([F16], lambda tiles: tile.expands(0, tiles[0]))
    assert op.name == "pto.texpands"
    assert (op.operands[0].type, op.operands[1]) == (pto.float16, tiles[0].ssa)


@pytest.mark.parametrize(("rmode", "spelling"), [(None, "RINT"), ("CAST_FLOOR", "FLOOR"), ("trunc", "TRUNC")])
def test_conversion_rounds_to_nearest_even_unless_told(rmode: str | None, spelling: str) -> None:
    _, op = _last_operation([F32, I32], lambda tiles: tile.cvt(tiles[0], tiles[1], rmode))
    assert isinstance(op, TCvtOp)
    assert op.rounding.value == spelling


def test_extract_takes_its_offsets_as_indices() -> None:
    wide = pto.TileBufType([64, 128], pto.float16, "MAT")
    _, op = _last_operation([wide, LEFT], lambda tiles: tile.extract(tiles[0], 0, 64, tiles[1]))
    assert (op.name, [str(operand.type) for operand in op.operands[1:3]]) == ("pto.textract", ["index", "index"])


def test_reshape_and_subview_are_new_tiles_on_the_same_bytes() -> None:
    flat = pto.TileBufType([1, 16], pto.float32)
    _, reshape = _last_operation([ROW], lambda tiles: tile.reshape(flat, tiles[0]))
    assert (reshape.name, reshape.results[0].type) == ("pto.treshape", flat)
    _, window = _last_operation([F32], lambda tiles: tile.subview(tiles[0], [8, 0], [8, 64]))
    ty = window.results[0].type
    assert isinstance(ty, TileBufType)
    assert (window.name, ty.valid_shape) == ("pto.subview", (8, 64))


def test_wrong_arguments_are_named_with_the_signature() -> None:
    with pytest.raises(TypeError, match=r"tile\.muls\(src, scalar, dst\): missing a required argument: 'dst'"):
        tile.muls(1, 2)
    with pytest.raises(AttributeError, match="has no attribute 'cosine'"):
        tile.cosine
    assert {"add", "row_expand_sub", "mov"} <= set(dir(tile))
