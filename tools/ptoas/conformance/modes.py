"""Modes of stores, moves, products and functions: what ptoas 0.48 prints for them."""

from __future__ import annotations

from tools.ptoas.conformance.case import Case, cube_function, vector_function

TILES = {
    "l": "left, 32x64xf16, blayout=row_major, slayout=row_major",
    "r": "right, 64x64xf16, blayout=row_major, slayout=col_major",
    "a": "acc, 32x64xf32, blayout=col_major, slayout=row_major, fractal=1024",
    "i": "acc, 32x64xi32, blayout=col_major, slayout=row_major, fractal=1024",
    "m": "mat, 32x64xf16, blayout=col_major, slayout=row_major",
    "s": "scaling, 1x64xui64",
    "w": "mat, 1x64xui64",
    "b": "bias, 1x64xf32",
    "t": "vec, 32x64xf32",
    "u": "vec, 32x64xf32",
    "v": "vec, 32x64xf32",
    "c": "vec, 32x1xf32, blayout=col_major",
    "k": "acc, 32x64xf32",
    "y": "vec, 1x32xi32",
    "z": "vec, 32x64xi32",
    "e": "left, 1x64xf16, blayout=row_major, slayout=row_major",
    "f": "acc, 1x64xf32, blayout=col_major, slayout=row_major, fractal=1024",
}
"""Tiles by a letter."""

OTHERS = {"%q": "i64", "%c0": "index"}
"""Values that are no tiles."""

FRAME = """%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c32 = arith.constant 32 : index
%c64 = arith.constant 64 : index
%q = arith.constant 5 : i64
"""


def gm(dtype: str) -> str:
    """Lines that make %g, a slice of 32x64 elements."""
    view = f"!pto.tensor_view<32x64x{dtype}>"
    return (
        f"%o = pto.make_tensor_view %p, shape = [%c32, %c64], strides = [%c64, %c1] : {view}\n"
        f"%g = pto.partition_view %o, offsets = [%c0, %c0], sizes = [%c32, %c64] : {view} -> {part(dtype)}\n"
    )


def part(dtype: str) -> str:
    """Type of such a slice."""
    return f"!pto.partition_tensor_view<32x64x{dtype}>"


def use(operation: str, ins: str, out: str, behind: str = "", kind: str = "cube", *, typed: bool = False) -> str:
    """One operation on tiles (letters), values, and `g`, a slice of GM; `typed`: each type behind its operand."""
    names = [*ins.split(), out]
    types = {name: f"!pto.tile_buf<{TILES[name]}>" for name in names if name in TILES}
    lines = [f"%{name} = pto.alloc_tile : {ty}" for name, ty in types.items()]
    types |= {"g": part("f32"), **OTHERS}
    spelled = [(name if name.startswith("%") else f"%{name}", types[name]) for name in names]
    given = ", ".join(f"{name} : {ty}" for name, ty in spelled[:-1])
    if not typed:
        given = f"{', '.join(name for name, _ in spelled[:-1])} : {', '.join(ty for _, ty in spelled[:-1])}"
    call = f"pto.{operation} ins({given}) outs({spelled[-1][0]} : {spelled[-1][1]}){behind}"
    body = FRAME + (gm("f32") if "g" in names else "") + "\n".join([*lines, call])
    return cube_function(body) if kind == "cube" else vector_function(body)


RELU = "reluPreMode = #pto<relu_pre_mode normal_relu>"
ADD = "atomicType = #pto<atomic_type atomic_add>"
FINAL = "stPhase = #pto<st_phase final>"


def phase(value: str) -> str:
    """Attribute of a product."""
    return f" {{accPhase = #pto<acc_phase {value}>}}"


def precise(name: str) -> str:
    """Attribute of a function."""
    return f" {{precisionType = #pto<{name}_precision high_precision>}}"


STORES = [
    Case(
        "tstore, atomic",
        use("tstore", "a", "g", f" {{{ADD}}}"),
        True,
        ["TSTORE<Tile<", "AtomicType::AtomicAdd>($g, $a);"],
    ),
    Case(
        "tstore of a vec tile, atomic",
        use("tstore", "t", "g", f" {{{ADD}}}", "vector"),
        True,
        ["TSTORE<Tile<", "AtomicType::AtomicAdd>($g, $a);"],
    ),
    Case("tstore with a phase", use("tstore", "a", "g", f" {{{FINAL}}}"), True, ["TSTORE<STPhase::Final>($g, $a);"]),
    Case(
        "tstore with both",
        use("tstore", "a", "g", f" {{{FINAL}, {ADD}}}"),
        True,
        ["TSTORE<STPhase::Final, Tile<", "AtomicType::AtomicAdd>($g, $a);"],
    ),
    Case(
        "tstore with relu",
        use("tstore", "a", "g", f" {{{RELU}}}"),
        True,
        ["AtomicType::AtomicNone, ReluPreMode::NormalRelu>($g, $a);"],
    ),
]

MOVES = [
    Case(
        "tmov with relu",
        use("tmov", "a", "m", f" {{{RELU}}}"),
        True,
        ["TMOV<Tile<", "ReluPreMode::NormalRelu>($m, $a);"],
    ),
    Case("tmov to a scaling tile", use("tmov", "w", "s"), True, ["TileType::Scaling", "TMOV($s, $w);"]),
    Case("tmov.fp", use("tmov.fp", "i s", "m"), True, ["TMOV_FP<Tile<", "($m, $i, $s);"]),
    Case("tmov with a scaling tile", use("tmov", "i s", "m", typed=True), True, ["TMOV_FP<Tile<", "($m, $i, $s);"]),
    Case("textract from acc", use("textract", "a %c0 %c0", "m"), True, ["TEXTRACT($m, $a, "]),
    Case(
        "textract with relu",
        use("textract", "a %c0 %c0", "m", f" {{{RELU}}}"),
        True,
        ["TEXTRACT<Tile<", "ReluPreMode::NormalRelu>($m, $a, "],
    ),
    Case("textract with a scale", use("textract", "i %c0 %c0 %q", "m"), True, ["TEXTRACT($m, $i, "]),
    Case("textract_fp", use("textract_fp", "i s %c0 %c0", "m"), True, ["TEXTRACT_FP($m, $i, $s, "]),
    Case("tinsert_fp", use("tinsert_fp", "i s %c0 %c0", "m"), True, ["TINSERT_FP($m, $i, $s, "]),
]

PRODUCTS = [
    *(
        Case(f"tmatmul, {value}", use("tmatmul", "l r", "a", phase(value)), True, [f"TMATMUL{printed}($a, $l, $r);"])
        for value, printed in (
            ("final", "<pto::AccPhase::Final>"),
            ("partial", "<pto::AccPhase::Partial>"),
            ("unspecified", ""),
        )
    ),
    Case(
        "tmatmul.acc, partial",
        use("tmatmul.acc", "a l r", "a", phase("partial")),
        True,
        ["TMATMUL_ACC<pto::AccPhase::Partial>($a, $a, $l, $r);"],
    ),
    Case(
        "tmatmul.bias, final",
        use("tmatmul.bias", "l r b", "a", phase("final")),
        True,
        ["TMATMUL_BIAS<pto::AccPhase::Final>($a, $l, $r, $b);"],
    ),
    Case("tmatmul into a tile without boxes", use("tmatmul", "l r", "k"), True, ["TMATMUL($k, $l, $r);"], warned=True),
    Case("tgemv of a tile of one row", use("tgemv", "e r", "f"), True, ["TGEMV($f, $e, $r);"], warned=True),
]

PRECISE = [
    Case(
        "tdiv, precise",
        use("tdiv", "t u", "v", precise("div"), "vector"),
        True,
        ["TDIV<pto::DivAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case(
        "texp, precise",
        use("texp", "t", "v", precise("exp"), "vector"),
        True,
        ["TEXP<pto::ExpAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case(
        "tlog, precise",
        use("tlog", "t", "v", precise("log"), "vector"),
        True,
        ["TLOG<pto::LogAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case(
        "tsqrt, precise",
        use("tsqrt", "t", "v", precise("sqrt"), "vector"),
        True,
        ["TSQRT<pto::SqrtAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case(
        "trecip, precise",
        use("trecip", "t", "v", precise("recip"), "vector"),
        True,
        ["TRECIP<pto::RecipAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case("trsqrt, precise", use("trsqrt", "t", "v", precise("rsqrt"), "vector"), False),
    Case(
        "trsqrt with scratch, precise",
        use("trsqrt", "t u", "v", precise("rsqrt"), "vector"),
        True,
        ["TRSQRT<pto::RsqrtAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case("trowexpanddiv, precise", use("trowexpanddiv", "t c", "v", precise("div"), "vector"), False),
    Case(
        "trowexpanddiv with scratch, precise",
        use("trowexpanddiv", "t c u", "v", precise("div"), "vector"),
        True,
        ["TROWEXPANDDIV<pto::DivAlgorithm::HIGH_PRECISION>($d,"],
    ),
    Case("exp with the precision of a division", use("texp", "t", "v", precise("div"), "vector"), False),
]

MODES = [*STORES, *MOVES, *PRODUCTS, *PRECISE]
