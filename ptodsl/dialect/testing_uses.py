"""A use of each operation with rules of its own, for tests: types of its operands that the rules allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from isa.op import Op, Role

VEC = "vec, 32x256xf32"
ROWS = "vec, 32x1x{}, blayout=col_major"
MASK = "vec, 32x32xui8"
BLOCK = "vec, 1x8xf32"
POSITIONS = "vec, 32x256xi32"
SMALL = "vec, 8x128xf32"
PADDED = "vec, 32x256xf32, pad=1"


@dataclass(frozen=True)
class Use:
    """Types of tiles, by operand; what is not here is `VEC`, or left out if it may be. And attributes."""

    types: Mapping[str, str]
    inside: str = ""
    """Attributes inside `ins`."""
    behind: str = ""
    """Attributes behind `outs`."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Constants of operands that are no tiles: `64 : i32`."""


_COMPARED = Use({"dst": MASK}, inside=" {cmpMode = #pto<cmp lt>}")
_SELECTED = Use({"mask": MASK, "tmp": BLOCK})
_REMAINDER = Use({"tmp": "vec, 2x256xf32"})
_PARTIAL = Use({"rhs": SMALL})
_ROW_ARGUMENT = Use({"dst": ROWS.format("i32")})
_COL_ARGUMENT = Use({"tmp": "vec, 2x64xf32", "dst": "vec, 1x256xi32"})

OWN_USES: Mapping[str, Use] = {
    **dict.fromkeys(
        ("tpartargmax", "tpartargmin"),
        Use({**{"lhs_index": POSITIONS, "dst_index": POSITIONS, "rhs": SMALL}, "rhs_index": "vec, 8x128xi32"}),
    ),
    "tmrgsort.lists": Use(
        {**{"src0": "vec, 1x256xf32", "src1": "vec, 1x128xf32"}, **{"tmp": "vec, 1x384xf32", "dst": "vec, 1x384xf32"}},
        values={"executed": "dense<0> : vector<4xi16>"},
    ),
    "tci.scratch": Use({"tmp": "vec, 1x256xf32", "dst": "vec, 1x64xi32"}, values={"scalar": "3 : i32"}),
    "tgather.compared": Use(
        {"tmp": MASK, "counts": ROWS.format("i32"), "dst": POSITIONS}, behind=" {cmpMode = #pto<cmp gt>}"
    ),
    "tdivs.scalar": Use({}),
    "ttri": Use({}, values={"diagonal": "3 : i32"}),
    **dict.fromkeys(("tpow", "tpows"), Use({"tmp": VEC})),
    "tprelu": Use({"tmp": "vec, 64x32xui8"}),
    "trem": _REMAINDER,
    "trems": _REMAINDER,
    **dict.fromkeys(("tpartadd", "tpartmul", "tpartmax", "tpartmin"), _PARTIAL),
    "tcmp": _COMPARED,
    "tcmps": _COMPARED,
    "tsel": _SELECTED,
    "tsels": _SELECTED,
    "tgather": Use({"indices": POSITIONS, "tmp": POSITIONS}),
    "tscatter": Use({"indices": POSITIONS}),
    "tfillpad": Use({"dst": PADDED}),
    "tfillpad_expand": Use({"dst": "vec, 40x256xf32, pad=3"}),
    "tsort32": Use({"src": SMALL, "idx": "vec, 1x128xui32", "dst": "vec, 8x256xf32"}),
    "tmrgsort": Use({"src": "vec, 1x512xf32", "dst": "vec, 1x512xf32"}, values={"block_len": "64 : i32"}),
    "tquant": Use(
        {"fp": ROWS.format("f32"), "tmp": VEC, "dst": "vec, 32x256xi8"},
        behind=" {quant_type = #pto<quant_type INT8_SYM>}",
    ),
    "tdequant": Use({"src": "vec, 32x256xi8", "fp": ROWS.format("f32"), "offset": ROWS.format("f32")}),
    "ttrans": Use({"src": SMALL, "tmp": "vec, 128x16xf32", "dst": "vec, 128x8xf32"}),
    "tconcat": Use({"lhs": SMALL, "rhs": SMALL, "dst": "vec, 8x256xf32"}),
    **dict.fromkeys(("trowargmax", "trowargmin"), _ROW_ARGUMENT),
    **dict.fromkeys(("tcolargmax", "tcolargmin"), _COL_ARGUMENT),
}
"""By the names of operations in the dialect."""

TWO_RESULTS = ("tquant", "tpartargmax", "tpartargmin", "tmrgsort.lists", "tgather.compared")
"""Operations with two operands in `outs`."""

IN_PLACE = (
    f"%q = pto.treshape %vec : !vec -> !pto.tile_buf<{PADDED}>\n"
    f"pto.tfillpad_inplace ins(%q : !pto.tile_buf<{PADDED}>) outs(%q : !pto.tile_buf<{PADDED}>)"
)
"""Its operands are the same bytes."""


def own_use(row: Op) -> str:
    """Lines that use an operation with rules of its own; every operand is a tile of its own, `%t0`, `%t1`, ..."""
    if row.dialect == "tfillpad_inplace":
        return IN_PLACE
    assert row.dialect is not None
    use = OWN_USES[row.dialect]
    lines, names, types = [], [], []
    for number, operand in enumerate(row.family.operands):
        if operand.optional and operand.name not in use.types:
            continue
        if operand.role is Role.SCALAR and operand.name not in use.values:
            names.append("%x")
            types.append("f32")
            continue
        names.append(f"%t{number}")
        if operand.name in use.values:
            lines.append(f"{names[-1]} = arith.constant {use.values[operand.name]}")
            types.append(use.values[operand.name].split()[-1])
            continue
        types.append(f"!pto.tile_buf<{use.types.get(operand.name, VEC)}>")
        lines.append(f"{names[-1]} = pto.alloc_tile : {types[-1]}")
    outs = 2 if row.dialect in TWO_RESULTS else 1
    ins = f"{', '.join(names[:-outs])}{use.inside} : {', '.join(types[:-outs])}"
    results = f"{', '.join(reversed(names[-outs:]))} : {', '.join(reversed(types[-outs:]))}"
    return "\n".join([*lines, f"pto.{row.dialect} ins({ins}) outs({results}){use.behind}"])
