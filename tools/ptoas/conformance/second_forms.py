"""Other operands under the same name, indices into GM, and what concerns a whole core: what ptoas 0.48 prints."""

from __future__ import annotations

from tools.ptoas.conformance.case import Case, vector_function
from tools.ptoas.conformance.modes import FRAME, gm, part
from tools.ptoas.conformance.modes import use as use_mode
from tools.ptoas.conformance.operations import use

LIST = "!pto.tile_buf<vec, 1x64xf32>"
ALL = "!pto.tile_buf<vec, 1x256xf32>"


def merge(count: int, flag: str) -> str:
    """A merge of several lists."""
    names = [f"%l{number}" for number in range(count)]
    lines = ["%ex = arith.constant dense<0> : vector<4xi16>"]
    lines += [f"{name} = pto.alloc_tile : {LIST}" for name in names]
    lines += [f"%{name} = pto.alloc_tile : {ALL}" for name in "td"]
    ins = f"{', '.join(names)}, %t{flag} : {', '.join([LIST] * count)}, {ALL}"
    return vector_function("\n".join([*lines, f"pto.tmrgsort ins({ins}) outs(%d, %ex : {ALL}, vector<4xi16>)"]))


def syncall(cores: str) -> str:
    """A point where all cores meet."""
    return vector_function(f"pto.syncall() mode = #pto.sync_all_mode<hard>, core_type = #pto.sync_core_type<{cores}>")


COUNTS = "pto::MrgSortExecutedNumList $e = pto::MrgSortExecutedNumList{0, 0, 0, 0};"
COMPARED = " {cmpMode = #pto<cmp MODE>, offset = 0 : i32}"

FORMS_OF_VECTORS = [
    *(
        Case(name, use(name, "t1 t2 w1 w2", "t3 w3"), True, [f"{name.upper()}($d, $a, $b, $e, $f, $g);"])
        for name in ("tpartargmax", "tpartargmin")
    ),
    Case(
        "tmrgsort of two lists",
        merge(2, " {exhausted = false}"),
        True,
        [COUNTS, "TMRGSORT<", ", false>($d, $e, $t, $a, $b);"],
    ),
    Case(
        "tmrgsort of three lists",
        merge(3, " {exhausted = true}"),
        True,
        [COUNTS, "TMRGSORT<", ", true>($d, $e, $t, $a, $b, $c);"],
    ),
    Case("tmrgsort of four lists", merge(4, ""), True, [COUNTS, ", false>($d, $e, $t, $a, $b, $c, $f);"]),
    Case("tci with scratch", use("tci", "%cw:i32 l1", "o1"), True, ["TCI<Tile<", ", int32_t, 0>($d, ", ", $t);"]),
    Case("tdivs of a scalar by a tile", use("tdivs", "%x:f32 t1", "t2"), True, ["TDIVS($d, v3, $a);"]),
    Case(
        "tgather by comparison",
        use("tgather", "t1 %x:f32 x1", "w3 j1", behind=COMPARED.replace("MODE", "gt")),
        True,
        ["TGATHER<Tile<", ", CmpMode::GT>($d, $a, v3, $t, $c, "],
        warned=True,
    ),
    Case(
        "tgather by another comparison",
        use("tgather", "t1 %x:f32 x1", "w3 j1", behind=COMPARED.replace("MODE", "lt")),
        False,
    ),
    Case(
        "tscatter by a pattern",
        use("tscatter", "t1", "t2", ", {maskPattern = #pto.mask_pattern<P1111>}"),
        True,
        ["TSCATTER<pto::MaskPattern::P1111>($d, $a);"],
    ),
]

ROWS = " {coalesce = #pto<coalesce row>, gatherOob = #pto<gather_oob clamp>}"

BY_INDEX = [
    Case(
        "mgather of rows",
        use_mode("mgather", "g y", "t", ROWS, "vector"),
        True,
        [
            "__gm__ float* $p = (__gm__ float*) $g;",
            "__ubuf__ int32_t* $q = $y.data();",
            "MGATHER<pto::Coalesce::Row, pto::GatherOOB::Clamp>(",
        ],
        warned=True,
    ),
    Case(
        "mgather of elements",
        use_mode("mgather", "g z", "t", " {coalesce = #pto<coalesce elem>}", "vector"),
        True,
        ["MGATHER<pto::Coalesce::Elem>("],
        warned=True,
    ),
    Case("mgather without coalesce", use_mode("mgather", "g z", "t", "", "vector"), False),
    Case("mscatter", use_mode("mscatter", "t z", "g", "", "vector"), True, ["MSCATTER("], warned=True),
    Case("tprefetch", use_mode("tprefetch", "g", "t", "", "vector"), True, ["TPREFETCH($t, $g);"]),
]

WHOLE_CORES = [
    Case("trap", vector_function("pto.trap"), True, ["trap();"]),
    *(
        Case(f"syncall, {cores}", syncall(cores), True, [f"SYNCALL<SyncCoreType::{printed}>();"])
        for cores, printed in (("mix", "Mix"), ("aiv_only", "AIVOnly"), ("aic_only", "AICOnly"))
    ),
    Case(
        "tprint of a slice",
        vector_function(f"{FRAME}{gm('f32')}pto.tprint ins(%g : {part('f32')})"),
        True,
        ["TPRINT("],
    ),
]

SECOND_FORMS = [*FORMS_OF_VECTORS, *BY_INDEX, *WHOLE_CORES]
