"""Operations with rules of their own: what ptoas 0.48 reads or refuses, and the calls that it prints."""

from __future__ import annotations

from tools.ptoas.conformance.case import Case, cube_function, vector_function

TYPES = {
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
    "g": "vec, 16x64xf32, valid=?x?",
    "d": "vec, 32x32xui8",
}
"""Tiles by a letter: `t1` and `t2` are two of the first."""

CONSTANTS = (
    "%c0 = arith.constant 0 : index\n%c8 = arith.constant 8 : index\n%n64 = arith.constant 64 : i32\n"
    "%n48 = arith.constant 48 : i32\n%cw = arith.constant 3 : i32\n%cs = arith.constant 3 : i16\n"
    "%ch = arith.constant 3.0 : f16\n"
)


def use(operation: str, ins: str, out: str, inside: str = "", behind: str = "") -> str:
    """A kernel with one operation on tiles `ins` (letters and numbers, and values with their types: `%cw:i32`)."""
    names, types = [], []
    for item in ins.split():
        name, _, ty = item.partition(":")
        names.append(name if ty else f"%{name}")
        types.append(ty or f"!pto.tile_buf<{TYPES[name[0]]}>")
    outs = out.split()
    results = ", ".join(f"%{name}" for name in outs)
    kinds = ", ".join(f"!pto.tile_buf<{TYPES[name[0]]}>" for name in outs)
    used = sorted({item for item in [*ins.split(), *outs] if ":" not in item})
    allocations = "".join(f"%{name} = pto.alloc_tile : !pto.tile_buf<{TYPES[name[0]]}>\n" for name in used)
    call = f"pto.{operation} ins({', '.join(names)}{inside} : {', '.join(types)}) outs({results} : {kinds}){behind}"
    return vector_function(f"{CONSTANTS}{allocations}{call}")


def comparison(mode: str) -> str:
    """Its attribute."""
    return f" {{cmpMode = #pto<cmp {mode}>}}"


COMPARISONS = [
    case
    for mode in ("eq", "ne", "lt", "le", "gt", "ge")
    for case in (
        Case(
            f"tcmp {mode}",
            use("tcmp", "t1 t2", "m1", comparison(mode)),
            True,
            [f"CmpMode $a = CmpMode::{mode.upper()};", "TCMP($m, $t, $u, $a);"],
        ),
        Case(f"tcmps {mode}", use("tcmps", "t1 %x:f32", "m1", comparison(mode)), True, ["TCMPS($m, $t, v3, $a);"]),
    )
]


SELECTIONS = [
    *COMPARISONS,
    Case("tcmp without a mode", use("tcmp", "t1 t2", "m1"), True, ["CmpMode::EQ", "TCMP("]),
    Case("tcmp lt of i32", use("tcmp", "w1 w2", "m1", comparison("lt")), True, ["TCMP("], warned=True),
    Case("tcmp into i8", use("tcmp", "t1 t2", "k1"), True, ["TCMP("], warned=True),
    Case("tcmp of f32 into f32", use("tcmp", "t1 t2", "t3"), False),
    Case("tcmp, angle brackets", use("tcmp", "t1 t2", "m1", " {cmpMode = #pto.cmp<lt>}"), False),
    Case("tsel", use("tsel", "m1 t1 t2 b1", "t3"), True, ["TSEL($d, $m, $a, $b, $t);"]),
    Case("tsel, mask of i8", use("tsel", "k1 t1 t2 b1", "t3"), True, ["TSEL($d, $m, $a, $b, $t);"]),
    Case("tsels", use("tsels", "m1 t1 b1 %x:f32", "t3"), True, ["TSELS($d, $m, $a, $t, v3);"]),
    Case("tprelu", use("tprelu", "t1 t2 d1", "t3"), True, ["TPRELU($d, $a, $b, $t);"]),
]

COMBINATIONS = [
    Case("taxpy", use("taxpy", "t1 %x:f32", "t2"), True, ["TAXPY($d, $a, v3);"]),
    Case("trem", use("trem", "t1 t2 t4", "t3"), True, ["TREM($d, $a, $b, $t);"]),
    Case("trems", use("trems", "t1 %x:f32 t4", "t3"), True, ["TREMS($d, $a, v3, $t);"]),
    Case("txors", use("txors", "s1 %cs:i16 s2", "s3"), True, ["TXORS($d, $a,", "$t);"]),
    Case("tshl", use("tshl", "w1 w2", "w3"), True, ["TSHL($d, $a, $b);"]),
    Case("tshr", use("tshr", "y1 y2", "y3"), True, ["TSHR($d, $a, $b);"]),
    *(
        Case(f"tpart{name}", use(f"tpart{name}", "z1 t2", "t3"), True, [f"TPART{name.upper()}($d, $a, $b);"])
        for name in ("add", "mul", "max", "min")
    ),
    Case(
        "tquant to signed bytes",
        use("tquant", "t1 r1", "y1", behind=" {quant_type = #pto<quant_type INT8_SYM>}"),
        True,
        ["TQUANT<pto::QuantType::INT8_SYM, ", "($d, $a, $s, $t);"],
    ),
    Case(
        "tquant to unsigned bytes",
        use("tquant", "t1 r1 r2", "x1", behind=" {quant_type = #pto<quant_type INT8_ASYM>}"),
        True,
        ["* $o = &$r;", "TQUANT<pto::QuantType::INT8_ASYM, ", "($d, $a, $s, $t, $o);"],
    ),
    Case(
        "tquant with scratch",
        use("tquant", "t1 r1", "y1 t2", behind=" {quant_type = #pto<quant_type INT8_SYM>}"),
        True,
        ["TQUANT<pto::QuantType::INT8_SYM, ", "($d, $a, $s, $t);"],
    ),
    Case(
        "tquant with a row of scales",
        use("tquant", "t1 c1", "y1", behind=" {quant_type = #pto<quant_type INT8_SYM>}"),
        False,
    ),
    Case(
        "tquant, angle brackets",
        use("tquant", "t1 r1", "y1", behind=" {quant_type = #pto.quant_type<INT8_SYM>}"),
        False,
    ),
    Case("tdequant", use("tdequant", "y1 r1 r2", "t1"), True, ["TDEQUANT<", "($d, $a, $s, $o);"]),
    Case(
        "tcolsum as a tree",
        use("tcolsum", "t1 t2", "c1", " {isBinary = true}"),
        True,
        ["const bool $f = true;", "TCOLSUM($d, $a, $t, $f);"],
    ),
    Case("tcolsum with scratch alone", use("tcolsum", "t1 t2", "c1"), False),
    Case("tcolsum as a tree without scratch", use("tcolsum", "t1", "c1", " {isBinary = true}"), False),
    *(
        Case(
            f"trowexpand{name} with scratch",
            use(f"trowexpand{name}", "t1 r1 t2", "t3"),
            True,
            [f"TROWEXPAND{name.upper()}($d, $a, $r, $t);"],
        )
        for name in ("add", "sub", "mul", "div", "max", "min", "expdif")
    ),
]

PATTERN = ", {maskPattern = #pto.mask_pattern<P0101>}"

ARRANGEMENTS = [
    Case("tgather by index", use("tgather", "t1 w1 w2", "t2"), True, ["TGATHER($d, $a, $i, $t);"]),
    Case("tgather without scratch", use("tgather", "t1 w1", "t2"), False),
    Case("tgather by pattern", use("tgather", "t1", "n1", PATTERN), True, ["TGATHER<", "MaskPattern::P0101>($d, $a);"]),
    Case("tgather, no comma", use("tgather", "t1", "n1", PATTERN[1:]), False),
    Case("tgather, short pattern", use("tgather", "t1", "n1", ", {maskPattern = #pto<mask_pattern P0101>}"), False),
    Case("tscatter", use("tscatter", "t1 w1", "t2"), True, ["TSCATTER($d, $a, $i);"]),
    Case("tscatter with short indices", use("tscatter", "t1 s1", "t2"), False),
    Case("tfillpad", use("tfillpad", "t1", "p1"), True, ["PadValue::Max", "TFILLPAD($d, $a);"]),
    Case("tfillpad without a pad value", use("tfillpad", "t1", "t2"), False),
    Case("tfillpad into a larger tile", use("tfillpad", "t1", "e1"), False),
    Case("tfillpad_expand", use("tfillpad_expand", "t1", "e1"), True, ["TFILLPAD_EXPAND($d, $a);"]),
    Case("tfillpad_inplace of one tile", use("tfillpad_inplace", "p1", "p1"), True, ["TFILLPAD_INPLACE($d, $d);"]),
    Case(
        "tfillpad_inplace of two tiles",
        use("tfillpad_inplace", "t1", "p1"),
        True,
        ["TFILLPAD_INPLACE($d, $a);"],
        warned=True,
    ),
    Case("ttrans", use("ttrans", "t1 t2", "f1"), True, ["TTRANS($d, $a, $t);"]),
    Case("tconcat", use("tconcat", "t1 t2", "q1"), True, ["TCONCAT($d, $a, $b);"]),
    Case("tsort32", use("tsort32", "t1 i1", "q1"), True, ["TSORT32($d, $a, $i);"]),
    Case("tsort32 with scratch", use("tsort32", "t1 i1 t2", "q1"), True, ["TSORT32($d, $a, $i, $t);"]),
    Case("tmrgsort", use("tmrgsort", "l1 %n64:i32", "l2"), True, ["TMRGSORT($d, $a, "]),
    Case("tmrgsort of an index", use("tmrgsort", "l1 %n:index", "l2"), False),
    Case("tmrgsort in blocks of 48", use("tmrgsort", "l1 %n48:i32", "l2"), False),
    *(
        Case(f"trow{name}", use(f"trow{name}", "t1 t2", "j1"), True, [f"TROW{name.upper()}($d, $a, $t);"])
        for name in ("argmax", "argmin")
    ),
    *(
        Case(f"tcol{name}", use(f"tcol{name}", "t1 t2", "o1"), True, [f"TCOL{name.upper()}($d, $a, $t);"])
        for name in ("argmax", "argmin")
    ),
    Case("tinsert", use("tinsert", "z1 %c8:index %c8:index", "t1"), True, ["TINSERT($d, $a, "]),
]

ELEMENT = "%g = pto.tgetval ins(%t1, %n : !pto.tile_buf<vec, 16x64xf32>, index) outs : f32\n"
TILE = "%t1 = pto.alloc_tile : !pto.tile_buf<vec, 16x64xf32>\n"
OPEN = "%g1 = pto.alloc_tile valid_row = %n valid_col = %n : !pto.tile_buf<vec, 16x64xf32, valid=?x?>\n"

SCALARS = [
    Case("tci", use("tci", "%cw:i32", "o1"), True, ["TCI<", ", int32_t, 0>($d, "]),
    Case("tci downwards", use("tci", "%cw:i32", "o1", behind=" {descending = true}"), True, ["int32_t, 1>($d, "]),
    Case("tci of another type", use("tci", "%cs:i16", "o1"), False),
    Case(
        "tgetval and tsetval",
        vector_function(
            f"{TILE}{ELEMENT}pto.tsetval ins(%n, %g : index, f32) outs(%t1 : !pto.tile_buf<vec, 16x64xf32>)"
        ),
        True,
        ["float $g = $t.GetValue(v2);", "$t.SetValue(v2, $g);"],
    ),
    Case("tgetval of another type", vector_function(TILE + ELEMENT.replace(": f32", ": f16")), False),
    Case(
        "set_validshape",
        vector_function(f"{OPEN}pto.set_validshape %g1, %n, %n : !pto.tile_buf<vec, 16x64xf32, valid=?x?>"),
        True,
        ["$g.SetValidShape(v2, v2);"],
    ),
    Case(
        "set_validshape of a fixed tile",
        vector_function(f"{TILE}pto.set_validshape %t1, %n, %n : !pto.tile_buf<vec, 16x64xf32>"),
        False,
    ),
    Case(
        "get_validshape",
        vector_function(f"{OPEN}%r, %c = pto.get_validshape %g1 : !pto.tile_buf<vec, 16x64xf32, valid=?x?>"),
        True,
        ["= $g.GetValidRow();", "= $g.GetValidCol();"],
    ),
]

_LEFT = "!pto.tile_buf<left, 16x64xf16, valid=1x64, blayout=row_major, slayout=row_major>"
_RIGHT = "!pto.tile_buf<right, 64x32xf16, blayout=row_major, slayout=col_major>"
_ACC = "!pto.tile_buf<acc, 16x32xf32, valid=1x32, blayout=col_major, slayout=row_major, fractal=1024>"

_VECTOR_PRODUCTS = f"""%l = pto.alloc_tile : {_LEFT}
%r = pto.alloc_tile : {_RIGHT}
%a = pto.alloc_tile : {_ACC}
%b = pto.alloc_tile : !pto.tile_buf<bias, 1x32xf32>
pto.tgemv ins(%l, %r : {_LEFT}, {_RIGHT}) outs(%a : {_ACC})
pto.tgemv.acc ins(%a, %l, %r : {_ACC}, {_LEFT}, {_RIGHT}) outs(%a : {_ACC})
pto.tgemv.bias ins(%l, %r, %b : {_LEFT}, {_RIGHT}, !pto.tile_buf<bias, 1x32xf32>) outs(%a : {_ACC})"""

PRODUCTS = [
    Case(
        "tgemv",
        cube_function(_VECTOR_PRODUCTS),
        True,
        ["TGEMV($c, $l, $r);", "TGEMV_ACC($c, $c, $l, $r);", "TGEMV_BIAS($c, $l, $r, $b);"],
    ),
    Case("tgemv of 16 rows", cube_function(_VECTOR_PRODUCTS.replace("valid=1x64, ", "")), False),
]

UPPER = " {upperOrLower = 1 : i32}"

SUMS_AND_POWERS = [
    Case("taddc", use("taddc", "t1 t2 t4", "t3"), True, ["TADD($d, $a, $b);", "TADD($d, $d, $c);"]),
    Case("tsubc", use("tsubc", "t1 t2 t4", "t3"), True, ["TSUB($d, $a, $b);", "TADD($d, $d, $c);"]),
    Case("taddsc", use("taddsc", "t1 %x:f32 t2", "t3"), True, ["TADDS($d, $a, v3);", "TADD($d, $d, $c);"]),
    Case("tsubsc", use("tsubsc", "t1 %x:f32 t2", "t3"), True, ["TSUBS($d, $a, v3);", "TADD($d, $d, $c);"]),
    Case("taddc of columns", use("taddc", "r1 r2 r4", "r3"), True, ["TADD($d, $a, $b);", "TADD($d, $d, $c);"]),
    Case("tpow", use("tpow", "t1 t2 t4", "t3"), True, ["TPOW($d, $a, $b, $t);"]),
    Case("tpow without scratch", use("tpow", "t1 t2", "t3"), False),
    Case("tpow of i32", use("tpow", "w1 w2", "w3"), True, ["TPOW($d, $a, $b);"]),
    Case("tpow of i32 with scratch", use("tpow", "w1 w2 w4", "w3"), False),
    Case("tpows", use("tpows", "t1 %x:f32 t4", "t3"), True, ["TPOWS($d, $a, v3, $t);"]),
    Case("tpows of i32", use("tpows", "w1 %cw:i32", "w3"), True, ["TPOWS($d, $a,"]),
    Case("ttri", use("ttri", "%cw:i32", "t3"), True, ["TTRI<", ", 0>($d,"]),
    Case("ttri of the upper triangle", use("ttri", "%cw:i32", "t3", UPPER), True, ["TTRI<", ", 1>($d,"]),
    Case("ttri of i8", use("ttri", "%cw:i32", "y3"), False),
    Case("trsqrt with scratch", use("trsqrt", "t1 t2", "t3"), True, ["TRSQRT($d, $a, $t);"]),
    Case("taxpy from f16 to f32", use("taxpy", "h1 %ch:f16", "t2"), True, ["TAXPY($d, $a,"]),
    Case("tlrelu of f16", use("tlrelu", "h1 %x:f32", "h2"), True, ["TLRELU($d, $a, v3);"]),
    Case("tlrelu of f16 with such a slope", use("tlrelu", "h1 %ch:f16", "h2"), False),
    Case("tshls of i16", use("tshls", "s1 %cw:i32", "s2"), True, ["TSHLS($d, $a,"]),
    Case("tshrs of ui32", use("tshrs", "u1 %cw:i32", "u2"), True, ["TSHRS($d, $a,"]),
    Case("tshrs of i8", use("tshrs", "y1 %cw:i32", "y2"), False),
    *(
        Case(
            f"trowexpand{name} of a row and a tile",
            use(f"trowexpand{name}", "r1 t1", "t2"),
            True,
            [f"TROWEXPAND{name.upper()}($d, $r, $a);"],
        )
        for name in ("sub", "mul", "div", "max", "min", "expdif")
    ),
    Case("trowexpandadd of a row and a tile", use("trowexpandadd", "r1 t1", "t2"), False),
    Case("tcolexpandsub of a column and a tile", use("tcolexpandsub", "c1 t1", "t2"), False),
    Case("tpartadd of columns", use("tpartadd", "r1 r2", "r3"), True, ["TPARTADD($d, $a, $b);"]),
    Case("tadd of columns", use("tadd", "r1 r2", "r3"), False),
]

OPERATIONS = [*SELECTIONS, *COMBINATIONS, *ARRANGEMENTS, *SCALARS, *PRODUCTS, *SUMS_AND_POWERS]
