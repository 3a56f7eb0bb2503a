"""Kernels with one operation on tiles that are called by letters."""

from __future__ import annotations

from tools.ptoas.conformance.case import cube_function, vector_function

TILES = {
    "t": "vec, 16x64xf32",
    "h": "vec, 16x64xf16",
    "w": "vec, 16x64xi32",
    "s": "vec, 16x64xi16",
    "u": "vec, 16x64xui32",
    "v": "vec, 16x64xui16",
    "m": "vec, 16x32xui8",
    "k": "vec, 16x32xi8",
    "y": "vec, 16x64xi8",
    "x": "vec, 16x64xui8",
    "n": "vec, 16x32xf32",
    "b": "vec, 1x8xf32",
    "c": "vec, 1x64xf32",
    "i": "vec, 1x64xui32",
    "l": "vec, 1x256xf32",
    "q": "vec, 16x128xf32",
    "o": "vec, 1x64xi32",
    "r": "vec, 16x1xf32, blayout=col_major",
    "j": "vec, 16x1xi32, blayout=col_major",
    "p": "vec, 16x64xf32, pad=2",
    "e": "vec, 24x64xf32, pad=1",
    "f": "vec, 64x16xf32",
    "z": "vec, 8x32xf32",
    "d": "vec, 32x32xui8",
    "V": "vec, 32x64xf32",
    "C": "vec, 32x1xf32, blayout=col_major",
    "Y": "vec, 1x32xi32",
    "Z": "vec, 32x64xi32",
    "L": "left, 32x64xf16, blayout=row_major, slayout=row_major",
    "R": "right, 64x64xf16, blayout=row_major, slayout=col_major",
    "A": "acc, 32x64xf32, blayout=col_major, slayout=row_major, fractal=1024",
    "I": "acc, 32x64xi32, blayout=col_major, slayout=row_major, fractal=1024",
    "K": "acc, 32x64xf32",
    "M": "mat, 32x64xf16, blayout=col_major, slayout=row_major",
    "S": "scaling, 1x64xui64",
    "W": "mat, 1x64xui64",
    "B": "bias, 1x64xf32",
    "E": "left, 1x64xf16, blayout=row_major, slayout=row_major",
    "F": "acc, 1x64xf32, blayout=col_major, slayout=row_major, fractal=1024",
}
"""Types of tiles: `t1` and `t2` are two of the first."""

CONSTANTS = "".join(f"%at{number} = arith.constant {number} : index\n" for number in (0, 1, 8, 32, 64)) + (
    "%n64 = arith.constant 64 : i32\n%n48 = arith.constant 48 : i32\n%cw = arith.constant 3 : i32\n"
    "%cs = arith.constant 3 : i16\n%ch = arith.constant 3.0 : f16\n%cq = arith.constant 5 : i64\n"
)

SLICE = "G"
"""The letter of a slice of GM, %G."""

SLICE_TYPE, VIEW_TYPE = "!pto.partition_tensor_view<32x64xf32>", "!pto.tensor_view<32x64xf32>"

SLICE_LINES = (
    f"%o = pto.make_tensor_view %p, shape = [%at32, %at64], strides = [%at64, %at1] : {VIEW_TYPE}\n"
    f"%G = pto.partition_view %o, offsets = [%at0, %at0], sizes = [%at32, %at64] : {VIEW_TYPE} -> {SLICE_TYPE}\n"
)


def use(operation: str, ins: str, outs: str, inside: str = "", *, behind: str = "", typed: bool = False) -> str:
    """A kernel with one operation on tiles, the slice `G`, and values with their types (`%cw:i32`).

    Args:
        operation: its name without `pto.`.
        ins: operands in `ins(..)`.
        outs: operands in `outs(..)`.
        inside: what stands in `ins` behind the operands.
        behind: attributes, without braces.
        typed: whether each type of `ins` stands behind its operand.
    """
    items = [*ins.split(), *outs.split()]
    operands = [_operand(item) for item in items]
    given, results = operands[: len(ins.split())], operands[len(ins.split()) :]
    tiles = sorted({item for item in items if ":" not in item and item != SLICE})
    lines = [f"%{tile} = pto.alloc_tile : {_operand(tile)[1]}\n" for tile in tiles]
    read = ", ".join(f"{name} : {ty}" for name, ty in given) if typed else _list(given, inside)
    call = f"pto.{operation} ins({read}) outs({_list(results)}){f' {{{behind}}}' if behind else ''}"
    body = "".join([CONSTANTS, SLICE_LINES if SLICE in items else "", *lines, call])
    of_vectors = all(TILES[tile[0]].startswith("vec") for tile in tiles)
    return vector_function(body) if of_vectors else cube_function(body)


def _operand(item: str) -> tuple[str, str]:
    """Name and type."""
    name, _, ty = item.partition(":")
    if ty:
        return name, ty
    return f"%{name}", SLICE_TYPE if name == SLICE else f"!pto.tile_buf<{TILES[name[0]]}>"


def _list(operands: list[tuple[str, str]], inside: str = "") -> str:
    return f"{', '.join(name for name, _ in operands)}{inside} : {', '.join(ty for _, ty in operands)}"
