"""The verdict of ptoas 0.48 on 497 combinations of operation and element type, in place or not (accepts.tsv)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isa.conversions import CONVERSIONS
from isa.op import Extent, Role
from isa.ops import BY_DIALECT
from isa.ptoas_types import LOOSE_TYPES
from tools.ptoas.conformance.case import Case, cube_function, vector_function

TABLE = Path(__file__).parent / "accepts.tsv"

SHAPES = {Extent.ROWS: ("32x1", ", blayout=col_major"), Extent.COLS: ("1x64", "")}
"""Sizes and layout of the tiles that are not of 32x64 elements."""

SCALARS = {"f32": "2.0", "f16": "2.0", "bf16": "2.0", "i32": "2", "i16": "2", "i8": "2"}


def table_cases() -> Iterator[Case]:
    """The cases of the table, in its order."""
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        operation, in_place, accepted, refused = line.split("\t")
        for verdict, types in ((True, accepted), (False, refused)):
            for dtype in () if types == "-" else types.split():
                yield _case(operation, in_place == "yes", dtype, verdict)


def _case(operation: str, in_place: bool, types: str, accepted: bool) -> Case:
    source, _, target = types.partition("->")
    if operation.startswith("tmatmul"):
        text = cube_function(_matmul(operation, source, target))
    else:
        text = vector_function(_vector_lines(operation, source, target or source, in_place))
    loose = source in LOOSE_TYPES.get(operation, ()) and source not in BY_DIALECT[operation].types
    warned = accepted and (loose or (operation == "tcvt" and (source, target) not in CONVERSIONS))
    place = " in place" if in_place else ""
    return Case(f"{operation} {types}{place}", text, accepted, warned=warned)


def _tile(name: str, shape: str, loc: str = "vec", layout: str = "") -> tuple[str, str]:
    """Line that allocates a tile, and its type."""
    ty = f"!pto.tile_buf<{loc}, {shape}{layout}>"
    return f"%{name} = pto.alloc_tile : {ty}", ty


def _vector_lines(operation: str, dtype: str, target: str, in_place: bool) -> str:
    """Lines with one operation on tiles of 32x64 elements."""
    lines, names, types = [], [], []
    for operand in BY_DIALECT[operation].family.operands:
        if operand.optional:
            continue
        if operand.role is Role.SCALAR:
            line, ty = f"%{operand.name} = arith.constant {SCALARS.get(dtype)} : {dtype}", dtype
        else:
            shape, layout = SHAPES.get(operand.extent, ("32x64", ""))
            element = target if operand.role is Role.WRITE else dtype
            line, ty = _tile(operand.name, f"{shape}x{element}", layout=layout)
        lines.append(line)
        names.append(f"%{operand.name}")
        types.append(ty)
    if in_place:
        # The last operand is the destination, which now is the first one.
        lines, names = lines[:-1], [*names[:-1], names[0]]
    ins = f"{', '.join(names[:-1])} : {', '.join(types[:-1])}"
    return "\n".join([*lines, f"pto.{operation} ins({ins}) outs({names[-1]} : {types[-1]})"])


def _matmul(operation: str, dtype: str, result: str) -> str:
    boxed = ", blayout={}, slayout={}"
    left, left_type = _tile("l", f"32x32x{dtype}", "left", boxed.format("row_major", "row_major"))
    right, right_type = _tile("r", f"32x32x{dtype}", "right", boxed.format("row_major", "col_major"))
    acc, acc_type = _tile("c", f"32x32x{result}", "acc", boxed.format("col_major", "row_major") + ", fractal=1024")
    bias, bias_type = _tile("b", f"1x32x{result}", "bias")
    lines, ins, types = [left, right, acc], "%l, %r", f"{left_type}, {right_type}"
    if operation == "tmatmul.bias":
        lines, ins, types = [*lines, bias], f"{ins}, %b", f"{types}, {bias_type}"
    return "\n".join([*lines, f"pto.{operation} ins({ins} : {types}) outs(%c : {acc_type})"])
