"""Operations with rules of their own: what ptoas 0.48 reads or refuses, and the calls that it prints."""

from __future__ import annotations

from tools.ptoas.conformance.case import accepts, cube_function, refuses, vector_function
from tools.ptoas.conformance.one_operation import use

COMPARISONS = [
    accepts(
        f"{operation} {mode}",
        use(operation, ins, "m1", f" {{cmpMode = #pto<cmp {mode}>}}"),
        f"CmpMode $a = CmpMode::{mode.upper()};",
        call,
    )
    for mode in ("eq", "ne", "lt", "le", "gt", "ge")
    for operation, ins, call in (
        ("tcmp", "t1 t2", "TCMP($m, $t, $u, $a);"),
        ("tcmps", "t1 %x:f32", "TCMPS($m, $t, v3, $a);"),
    )
]


SIGNED = "quant_type = #pto<quant_type INT8_SYM>"
SIGNED_CALL = "TQUANT<pto::QuantType::INT8_SYM, ", "($d, $a, $s, $t);"

SELECTIONS = [
    *COMPARISONS,
    accepts("tcmp without a mode", use("tcmp", "t1 t2", "m1"), "CmpMode::EQ", "TCMP("),
    accepts("tcmp lt of i32", use("tcmp", "w1 w2", "m1", " {cmpMode = #pto<cmp lt>}"), "TCMP(", warned=True),
    accepts("tcmp into i8", use("tcmp", "t1 t2", "k1"), "TCMP(", warned=True),
    refuses("tcmp of f32 into f32", use("tcmp", "t1 t2", "t3")),
    refuses("tcmp, angle brackets", use("tcmp", "t1 t2", "m1", " {cmpMode = #pto.cmp<lt>}")),
    accepts("tsel", use("tsel", "m1 t1 t2 b1", "t3"), "TSEL($d, $m, $a, $b, $t);"),
    accepts("tsel, mask of i8", use("tsel", "k1 t1 t2 b1", "t3"), "TSEL($d, $m, $a, $b, $t);"),
    accepts("tsels", use("tsels", "m1 t1 b1 %x:f32", "t3"), "TSELS($d, $m, $a, $t, v3);"),
    accepts("tprelu", use("tprelu", "t1 t2 d1", "t3"), "TPRELU($d, $a, $b, $t);"),
]

COMBINATIONS = [
    accepts("taxpy", use("taxpy", "t1 %x:f32", "t2"), "TAXPY($d, $a, v3);"),
    accepts("trem", use("trem", "t1 t2 t4", "t3"), "TREM($d, $a, $b, $t);"),
    accepts("trems", use("trems", "t1 %x:f32 t4", "t3"), "TREMS($d, $a, v3, $t);"),
    accepts("txors", use("txors", "s1 %cs:i16 s2", "s3"), "TXORS($d, $a,", "$t);"),
    accepts("tshl", use("tshl", "w1 w2", "w3"), "TSHL($d, $a, $b);"),
    accepts("tshr", use("tshr", "y1 y2", "y3"), "TSHR($d, $a, $b);"),
    *(
        accepts(f"tpart{name}", use(f"tpart{name}", "z1 t2", "t3"), f"TPART{name.upper()}($d, $a, $b);")
        for name in ("add", "mul", "max", "min")
    ),
    accepts("tquant to signed bytes", use("tquant", "t1 r1", "y1", behind=SIGNED), *SIGNED_CALL),
    accepts(
        "tquant to unsigned bytes",
        use("tquant", "t1 r1 r2", "x1", behind="quant_type = #pto<quant_type INT8_ASYM>"),
        "* $o = &$r;",
        "TQUANT<pto::QuantType::INT8_ASYM, ",
        "($d, $a, $s, $t, $o);",
    ),
    accepts("tquant with scratch", use("tquant", "t1 r1", "y1 t2", behind=SIGNED), *SIGNED_CALL),
    refuses("tquant with a row of scales", use("tquant", "t1 c1", "y1", behind=SIGNED)),
    refuses("tquant, angle brackets", use("tquant", "t1 r1", "y1", behind="quant_type = #pto.quant_type<INT8_SYM>")),
    accepts("tdequant", use("tdequant", "y1 r1 r2", "t1"), "TDEQUANT<", "($d, $a, $s, $o);"),
    accepts(
        "tcolsum as a tree",
        use("tcolsum", "t1 t2", "c1", " {isBinary = true}"),
        "const bool $f = true;",
        "TCOLSUM($d, $a, $t, $f);",
    ),
    refuses("tcolsum with scratch alone", use("tcolsum", "t1 t2", "c1")),
    refuses("tcolsum as a tree without scratch", use("tcolsum", "t1", "c1", " {isBinary = true}")),
    *(
        accepts(
            f"trowexpand{name} with scratch",
            use(f"trowexpand{name}", "t1 r1 t2", "t3"),
            f"TROWEXPAND{name.upper()}($d, $a, $r, $t);",
        )
        for name in ("add", "sub", "mul", "div", "max", "min", "expdif")
    ),
]

PATTERN = ", {maskPattern = #pto.mask_pattern<P0101>}"

ARRANGEMENTS = [
    accepts("tgather by index", use("tgather", "t1 w1 w2", "t2"), "TGATHER($d, $a, $i, $t);"),
    refuses("tgather without scratch", use("tgather", "t1 w1", "t2")),
    accepts("tgather by pattern", use("tgather", "t1", "n1", PATTERN), "TGATHER<", "MaskPattern::P0101>($d, $a);"),
    refuses("tgather, no comma", use("tgather", "t1", "n1", PATTERN[1:])),
    refuses("tgather, short pattern", use("tgather", "t1", "n1", ", {maskPattern = #pto<mask_pattern P0101>}")),
    accepts("tscatter", use("tscatter", "t1 w1", "t2"), "TSCATTER($d, $a, $i);"),
    refuses("tscatter with short indices", use("tscatter", "t1 s1", "t2")),
    accepts("tfillpad", use("tfillpad", "t1", "p1"), "PadValue::Max", "TFILLPAD($d, $a);"),
    refuses("tfillpad without a pad value", use("tfillpad", "t1", "t2")),
    refuses("tfillpad into a larger tile", use("tfillpad", "t1", "e1")),
    accepts("tfillpad_expand", use("tfillpad_expand", "t1", "e1"), "TFILLPAD_EXPAND($d, $a);"),
    accepts("tfillpad_inplace of one tile", use("tfillpad_inplace", "p1", "p1"), "TFILLPAD_INPLACE($d, $d);"),
    accepts(
        "tfillpad_inplace of two tiles", use("tfillpad_inplace", "t1", "p1"), "TFILLPAD_INPLACE($d, $a);", warned=True
    ),
    accepts("ttrans", use("ttrans", "t1 t2", "f1"), "TTRANS($d, $a, $t);"),
    accepts("tconcat", use("tconcat", "t1 t2", "q1"), "TCONCAT($d, $a, $b);"),
    accepts("tsort32", use("tsort32", "t1 i1", "q1"), "TSORT32($d, $a, $i);"),
    accepts("tsort32 with scratch", use("tsort32", "t1 i1 t2", "q1"), "TSORT32($d, $a, $i, $t);"),
    accepts("tmrgsort", use("tmrgsort", "l1 %n64:i32", "l2"), "TMRGSORT($d, $a, "),
    refuses("tmrgsort of an index", use("tmrgsort", "l1 %n:index", "l2")),
    refuses("tmrgsort in blocks of 48", use("tmrgsort", "l1 %n48:i32", "l2")),
    *(
        accepts(f"trow{name}", use(f"trow{name}", "t1 t2", "j1"), f"TROW{name.upper()}($d, $a, $t);")
        for name in ("argmax", "argmin")
    ),
    *(
        accepts(f"tcol{name}", use(f"tcol{name}", "t1 t2", "o1"), f"TCOL{name.upper()}($d, $a, $t);")
        for name in ("argmax", "argmin")
    ),
    accepts("tinsert", use("tinsert", "z1 %at8:index %at8:index", "t1"), "TINSERT($d, $a, "),
]

ELEMENT = "%g = pto.tgetval ins(%t1, %n : !pto.tile_buf<vec, 16x64xf32>, index) outs : f32\n"
TILE = "%t1 = pto.alloc_tile : !pto.tile_buf<vec, 16x64xf32>\n"
OPEN = "%g1 = pto.alloc_tile valid_row = %n valid_col = %n : !pto.tile_buf<vec, 16x64xf32, valid=?x?>\n"

SCALARS = [
    accepts("tci", use("tci", "%cw:i32", "o1"), "TCI<", ", int32_t, 0>($d, "),
    accepts("tci downwards", use("tci", "%cw:i32", "o1", behind="descending = true"), "int32_t, 1>($d, "),
    refuses("tci of another type", use("tci", "%cs:i16", "o1")),
    accepts(
        "tgetval and tsetval",
        vector_function(
            f"{TILE}{ELEMENT}pto.tsetval ins(%n, %g : index, f32) outs(%t1 : !pto.tile_buf<vec, 16x64xf32>)"
        ),
        "float $g = $t.GetValue(v2);",
        "$t.SetValue(v2, $g);",
    ),
    refuses("tgetval of another type", vector_function(TILE + ELEMENT.replace(": f32", ": f16"))),
    accepts(
        "set_validshape",
        vector_function(f"{OPEN}pto.set_validshape %g1, %n, %n : !pto.tile_buf<vec, 16x64xf32, valid=?x?>"),
        "$g.SetValidShape(v2, v2);",
    ),
    refuses(
        "set_validshape of a fixed tile",
        vector_function(f"{TILE}pto.set_validshape %t1, %n, %n : !pto.tile_buf<vec, 16x64xf32>"),
    ),
    accepts(
        "get_validshape",
        vector_function(f"{OPEN}%r, %c = pto.get_validshape %g1 : !pto.tile_buf<vec, 16x64xf32, valid=?x?>"),
        "= $g.GetValidRow();",
        "= $g.GetValidCol();",
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
    accepts(
        "tgemv",
        cube_function(_VECTOR_PRODUCTS),
        "TGEMV($c, $l, $r);",
        "TGEMV_ACC($c, $c, $l, $r);",
        "TGEMV_BIAS($c, $l, $r, $b);",
    ),
    refuses("tgemv of 16 rows", cube_function(_VECTOR_PRODUCTS.replace("valid=1x64, ", ""))),
]

SUMS_AND_POWERS = [
    accepts("taddc", use("taddc", "t1 t2 t4", "t3"), "TADD($d, $a, $b);", "TADD($d, $d, $c);"),
    accepts("tsubc", use("tsubc", "t1 t2 t4", "t3"), "TSUB($d, $a, $b);", "TADD($d, $d, $c);"),
    accepts("taddsc", use("taddsc", "t1 %x:f32 t2", "t3"), "TADDS($d, $a, v3);", "TADD($d, $d, $c);"),
    accepts("tsubsc", use("tsubsc", "t1 %x:f32 t2", "t3"), "TSUBS($d, $a, v3);", "TADD($d, $d, $c);"),
    accepts("taddc of columns", use("taddc", "r1 r2 r4", "r3"), "TADD($d, $a, $b);", "TADD($d, $d, $c);"),
    accepts("tpow", use("tpow", "t1 t2 t4", "t3"), "TPOW($d, $a, $b, $t);"),
    refuses("tpow without scratch", use("tpow", "t1 t2", "t3")),
    accepts("tpow of i32", use("tpow", "w1 w2", "w3"), "TPOW($d, $a, $b);"),
    refuses("tpow of i32 with scratch", use("tpow", "w1 w2 w4", "w3")),
    accepts("tpows", use("tpows", "t1 %x:f32 t4", "t3"), "TPOWS($d, $a, v3, $t);"),
    accepts("tpows of i32", use("tpows", "w1 %cw:i32", "w3"), "TPOWS($d, $a,"),
    accepts("ttri", use("ttri", "%cw:i32", "t3"), "TTRI<", ", 0>($d,"),
    accepts(
        "ttri of the upper triangle", use("ttri", "%cw:i32", "t3", " {upperOrLower = 1 : i32}"), "TTRI<", ", 1>($d,"
    ),
    refuses("ttri of i8", use("ttri", "%cw:i32", "y3")),
    accepts("trsqrt with scratch", use("trsqrt", "t1 t2", "t3"), "TRSQRT($d, $a, $t);"),
    accepts("taxpy from f16 to f32", use("taxpy", "h1 %ch:f16", "t2"), "TAXPY($d, $a,"),
    accepts("tlrelu of f16", use("tlrelu", "h1 %x:f32", "h2"), "TLRELU($d, $a, v3);"),
    refuses("tlrelu of f16 with such a slope", use("tlrelu", "h1 %ch:f16", "h2")),
    accepts("tshls of i16", use("tshls", "s1 %cw:i32", "s2"), "TSHLS($d, $a,"),
    accepts("tshrs of ui32", use("tshrs", "u1 %cw:i32", "u2"), "TSHRS($d, $a,"),
    refuses("tshrs of i8", use("tshrs", "y1 %cw:i32", "y2")),
    *(
        accepts(
            f"trowexpand{name} of a row and a tile",
            use(f"trowexpand{name}", "r1 t1", "t2"),
            f"TROWEXPAND{name.upper()}($d, $r, $a);",
        )
        for name in ("sub", "mul", "div", "max", "min", "expdif")
    ),
    refuses("trowexpandadd of a row and a tile", use("trowexpandadd", "r1 t1", "t2")),
    refuses("tcolexpandsub of a column and a tile", use("tcolexpandsub", "c1 t1", "t2")),
    accepts("tpartadd of columns", use("tpartadd", "r1 r2", "r3"), "TPARTADD($d, $a, $b);"),
    refuses("tadd of columns", use("tadd", "r1 r2", "r3")),
]

OPERATIONS = [*SELECTIONS, *COMBINATIONS, *ARRANGEMENTS, *SCALARS, *PRODUCTS, *SUMS_AND_POWERS]
