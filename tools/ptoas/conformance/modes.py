"""Modes of stores, moves, products and functions: what ptoas 0.48 prints for them."""

from __future__ import annotations

from tools.ptoas.conformance.case import accepts, refuses
from tools.ptoas.conformance.one_operation import use

RELU = "reluPreMode = #pto<relu_pre_mode normal_relu>"
ADD = "atomicType = #pto<atomic_type atomic_add>"
FINAL = "stPhase = #pto<st_phase final>"

ADDED = "TSTORE<Tile<", "AtomicType::AtomicAdd>($g, $a);"

STORES = [
    accepts("tstore, atomic", use("tstore", "A", "G", behind=ADD), *ADDED),
    accepts("tstore of a vec tile, atomic", use("tstore", "V", "G", behind=ADD), *ADDED),
    accepts("tstore with a phase", use("tstore", "A", "G", behind=FINAL), "TSTORE<STPhase::Final>($g, $a);"),
    accepts(
        "tstore with both",
        use("tstore", "A", "G", behind=f"{FINAL}, {ADD}"),
        "TSTORE<STPhase::Final, Tile<",
        "AtomicType::AtomicAdd>($g, $a);",
    ),
    accepts(
        "tstore with relu",
        use("tstore", "A", "G", behind=RELU),
        "AtomicType::AtomicNone, ReluPreMode::NormalRelu>($g, $a);",
    ),
]

PLACE = "%at0:index %at0:index"

MOVES = [
    accepts("tmov with relu", use("tmov", "A", "M", behind=RELU), "TMOV<Tile<", "ReluPreMode::NormalRelu>($m, $a);"),
    accepts("tmov to a scaling tile", use("tmov", "W", "S"), "TileType::Scaling", "TMOV($s, $w);"),
    accepts("tmov.fp", use("tmov.fp", "I S", "M"), "TMOV_FP<Tile<", "($m, $i, $s);"),
    accepts("tmov with a scaling tile", use("tmov", "I S", "M", typed=True), "TMOV_FP<Tile<", "($m, $i, $s);"),
    accepts("textract from acc", use("textract", f"A {PLACE}", "M"), "TEXTRACT($m, $a, "),
    accepts(
        "textract with relu",
        use("textract", f"A {PLACE}", "M", behind=RELU),
        "TEXTRACT<Tile<",
        "ReluPreMode::NormalRelu>($m, $a, ",
    ),
    accepts("textract with a scale", use("textract", f"I {PLACE} %cq:i64", "M"), "TEXTRACT($m, $i, "),
    accepts("textract_fp", use("textract_fp", f"I S {PLACE}", "M"), "TEXTRACT_FP($m, $i, $s, "),
    accepts("tinsert_fp", use("tinsert_fp", f"I S {PLACE}", "M"), "TINSERT_FP($m, $i, $s, "),
]

PRODUCTS = [
    *(
        accepts(
            f"{operation}, {phase}",
            use(operation, ins, "A", behind=f"accPhase = #pto<acc_phase {phase}>"),
            f"{printed}($a, {arguments});",
        )
        for operation, ins, phase, printed, arguments in (
            ("tmatmul", "L R", "final", "TMATMUL<pto::AccPhase::Final>", "$l, $r"),
            ("tmatmul", "L R", "partial", "TMATMUL<pto::AccPhase::Partial>", "$l, $r"),
            ("tmatmul", "L R", "unspecified", "TMATMUL", "$l, $r"),
            ("tmatmul.acc", "A L R", "partial", "TMATMUL_ACC<pto::AccPhase::Partial>", "$a, $l, $r"),
            ("tmatmul.bias", "L R B", "final", "TMATMUL_BIAS<pto::AccPhase::Final>", "$l, $r, $b"),
        )
    ),
    accepts("tmatmul into a tile without boxes", use("tmatmul", "L R", "K"), "TMATMUL($k, $l, $r);", warned=True),
    accepts("tgemv of a tile of one row", use("tgemv", "E R", "F"), "TGEMV($f, $e, $r);", warned=True),
]


def precise(operation: str, ins: str, kind: str) -> str:
    """An operation with high precision, which is said by an attribute of its kind."""
    return use(operation, ins, "V3", behind=f"precisionType = #pto<{kind}_precision high_precision>")


PRECISE = [
    *(
        accepts(
            f"{operation} of {ins}, precise",
            precise(operation, ins, kind),
            f"{operation.upper()}<pto::{kind.capitalize()}Algorithm::HIGH_PRECISION>($d,",
        )
        for operation, ins, kind in (
            ("tdiv", "V1 V2", "div"),
            ("texp", "V1", "exp"),
            ("tlog", "V1", "log"),
            ("tsqrt", "V1", "sqrt"),
            ("trecip", "V1", "recip"),
            ("trsqrt", "V1 V2", "rsqrt"),
            ("trowexpanddiv", "V1 C V2", "div"),
        )
    ),
    refuses("trsqrt without scratch, precise", precise("trsqrt", "V1", "rsqrt")),
    refuses("trowexpanddiv without scratch, precise", precise("trowexpanddiv", "V1 C", "div")),
    refuses("exp with the precision of a division", precise("texp", "V1", "div")),
]

MODES = [*STORES, *MOVES, *PRODUCTS, *PRECISE]
