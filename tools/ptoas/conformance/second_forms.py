"""Other operands under the same name, indices into GM, and what concerns a whole core: what ptoas 0.48 prints."""

from __future__ import annotations

from tools.ptoas.conformance.case import accepts, refuses, vector_function
from tools.ptoas.conformance.one_operation import CONSTANTS, SLICE_LINES, SLICE_TYPE, use

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


def compared(mode: str) -> str:
    """A gather of what compares so."""
    return use("tgather", "t1 %x:f32 x1", "w3 j1", behind=f"cmpMode = #pto<cmp {mode}>, offset = 0 : i32")


def syncall(cores: str) -> str:
    """A point where all cores meet."""
    return vector_function(f"pto.syncall() mode = #pto.sync_all_mode<hard>, core_type = #pto.sync_core_type<{cores}>")


COUNTS = "pto::MrgSortExecutedNumList $e = pto::MrgSortExecutedNumList{0, 0, 0, 0};"

FORMS_OF_VECTORS = [
    *(
        accepts(name, use(name, "t1 t2 w1 w2", "t3 w3"), f"{name.upper()}($d, $a, $b, $e, $f, $g);")
        for name in ("tpartargmax", "tpartargmin")
    ),
    *(
        accepts(f"tmrgsort of {count} lists", merge(count, flag), COUNTS, "TMRGSORT<", f", {printed});")
        for count, flag, printed in (
            (2, " {exhausted = false}", "false>($d, $e, $t, $a, $b"),
            (3, " {exhausted = true}", "true>($d, $e, $t, $a, $b, $c"),
            (4, "", "false>($d, $e, $t, $a, $b, $c, $f"),
        )
    ),
    accepts("tci with scratch", use("tci", "%cw:i32 l1", "o1"), "TCI<Tile<", ", int32_t, 0>($d, ", ", $t);"),
    accepts("tdivs of a scalar by a tile", use("tdivs", "%x:f32 t1", "t2"), "TDIVS($d, v3, $a);"),
    accepts(
        "tgather by comparison", compared("gt"), "TGATHER<Tile<", ", CmpMode::GT>($d, $a, v3, $t, $c, ", warned=True
    ),
    refuses("tgather by another comparison", compared("lt")),
    accepts(
        "tscatter by a pattern",
        use("tscatter", "t1", "t2", ", {maskPattern = #pto.mask_pattern<P1111>}"),
        "TSCATTER<pto::MaskPattern::P1111>($d, $a);",
    ),
]

ROWS = "coalesce = #pto<coalesce row>, gatherOob = #pto<gather_oob clamp>"

BY_INDEX = [
    accepts(
        "mgather of rows",
        use("mgather", "G Y", "V", behind=ROWS),
        "__gm__ float* $p = (__gm__ float*) $g;",
        "__ubuf__ int32_t* $q = $y.data();",
        "MGATHER<pto::Coalesce::Row, pto::GatherOOB::Clamp>(",
        warned=True,
    ),
    accepts(
        "mgather of elements",
        use("mgather", "G Z", "V", behind="coalesce = #pto<coalesce elem>"),
        "MGATHER<pto::Coalesce::Elem>(",
        warned=True,
    ),
    refuses("mgather without coalesce", use("mgather", "G Z", "V")),
    accepts("mscatter", use("mscatter", "V Z", "G"), "MSCATTER(", warned=True),
    accepts("tprefetch", use("tprefetch", "G", "V"), "TPREFETCH($t, $g);"),
]

WHOLE_CORES = [
    accepts("trap", vector_function("pto.trap"), "trap();"),
    *(
        accepts(f"syncall, {cores}", syncall(cores), f"SYNCALL<SyncCoreType::{printed}>();")
        for cores, printed in (("mix", "Mix"), ("aiv_only", "AIVOnly"), ("aic_only", "AICOnly"))
    ),
    accepts(
        "tprint of a slice", vector_function(f"{CONSTANTS}{SLICE_LINES}pto.tprint ins(%G : {SLICE_TYPE})"), "TPRINT("
    ),
]

SECOND_FORMS = [*FORMS_OF_VECTORS, *BY_INDEX, *WHOLE_CORES]
