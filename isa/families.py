"""Families of operations: the operands that their members share, what happens to them, and on which pipe."""

from __future__ import annotations

from isa.elements import BY_MLIR
from isa.make import DST, LHS, RHS, SCALAR, SRC, col_values, family, number, other, row_values, scratch, vector, whole
from isa.op import Decides, Extent, Hidden, Operand, Role, Work
from isa.pipes import Pipe

_TMP = whole("tmp", Role.SCRATCH)
_SCRATCH_RULE = "dst = {}; `tmp` is scratch like dst"

BINARY = vector("BINARY", "dst = {}", "lhs rhs out", LHS, RHS, DST)
BINARY_SCRATCH = vector("BINARY_SCRATCH", _SCRATCH_RULE, "lhs rhs tmp out", LHS, RHS, _TMP, DST)
UNARY = vector("UNARY", "dst = {}", "inp out", SRC, DST)
TILE_SCALAR = vector("TILE_SCALAR", "dst = {}", "src scalar dst", SRC, SCALAR, DST)
TILE_SCALAR_SCRATCH = vector("TILE_SCALAR_SCRATCH", _SCRATCH_RULE, "src scalar tmp dst", SRC, SCALAR, _TMP, DST)
SHIFT = vector("SHIFT", "dst = {}", "src scalar dst", SRC, number("scalar", Role.SCALAR, ("i32", "i16", "i8")), DST)
FILL = vector("FILL", "dst = {}", "scalar dst", SCALAR, DST)

ROW_REDUCTION = vector(
    "ROW_REDUCTION",
    "dst[r] = {}; `tmp` is scratch like src, dst is [rows, 1] column-major",
    "src tmp dst",
    SRC,
    Operand("tmp", Role.SCRATCH, Extent.ENOUGH, tuple(BY_MLIR), False),
    row_values("dst", Role.WRITE),
    work=Work.ROW_REDUCTION,
)
COL_SUM = vector(
    "COL_SUM",
    "dst[c] = {}; dst is [1, cols]; with `tmp`, scratch of half the rows, as a tree",
    "src tmp dst",
    SRC,
    scratch(optional=True),
    col_values("dst", Role.WRITE),
    signature="src tmp dst is_binary=True",
    work=Work.COLUMN_REDUCTION,
    modes=1,
)
COL_REDUCTION = vector(
    "COL_REDUCTION",
    "dst[c] = {}; dst is [1, cols]",
    "src dst",
    SRC,
    col_values("dst", Role.WRITE),
    work=Work.COLUMN_REDUCTION,
)

ROW_EXPANSION = vector("ROW_EXPANSION", "dst[r, c] = {}", "src dst", row_values("src"), DST, work=Work.BROADCAST)
COL_EXPANSION = vector("COL_EXPANSION", "dst[r, c] = {}", "src dst", col_values("src"), DST)
ROW_BINARY = vector(
    "ROW_BINARY",
    "dst[r, c] = {}",
    "src0 src1 tmp dst",
    SRC,
    row_values("row"),
    scratch(tuple(BY_MLIR), optional=True),
    DST,
    signature="src0 src1 dst",
    work=Work.BROADCAST,
    hidden=Hidden.COLUMN_MAJOR_ROWS,
)
COL_BINARY = vector("COL_BINARY", "dst[r, c] = {}", "src0 src1 dst", SRC, col_values("col"), DST)

_SRC, _FP, _DST, _PART_OF_DST = other("src"), other("fp"), other("dst", Role.WRITE), other("dst", Role.UPDATE)
_PLACE = number("row"), number("col")

CONVERSION = family(
    "CONVERSION",
    "dst = {}",
    "src dst",
    Pipe.V,
    Work.PASS,
    _SRC,
    _DST,
    signature="src dst rmode=None sat_mode=None",
    hidden=Hidden.BY_CONVERSION,
    modes=2,
)
LOAD = family("LOAD", "dst = {}", "source dest", Pipe.MTE2, Work.MOVED, _SRC, _DST)
STORE = family("STORE", "dst = {}", "source dest", Decides.STORED, Work.MOVED, _SRC, _DST)
MOVE = family("MOVE", "dst = {}", "source dest", Decides.SOURCE, Work.MOVED, _SRC, _DST)
EXTRACT = family(
    "EXTRACT",
    "dst = {}",
    "source index_row index_col out",
    Decides.SOURCE,
    Work.MOVED,
    _SRC,
    *_PLACE,
    _DST,
    hidden=Hidden.WITHIN_UB,
)
INSERT = family(
    "INSERT", "{}", "source index_row index_col out", Decides.SOURCE, Work.MOVED, _SRC, *_PLACE, _PART_OF_DST
)

# By FIX, with a scale for each column; ptoas 0.48 orders a pto.tmov.fp as if MTE1 did the work.
MOVE_SCALED = family("MOVE_SCALED", "dst = {}", "", Pipe.FIX, Work.MOVED, _SRC, _FP, _DST)
EXTRACT_SCALED = family("EXTRACT_SCALED", "dst = {}", "", Pipe.FIX, Work.MOVED, _SRC, _FP, *_PLACE, _DST)
INSERT_SCALED = family("INSERT_SCALED", "{}", "", Pipe.FIX, Work.MOVED, _SRC, _FP, *_PLACE, _PART_OF_DST)

SEQUENCE = family(
    "SEQUENCE", "dst = {}", "scalar dst", Pipe.S, Work.PASS, SCALAR, _DST, signature="scalar dst descending=False"
)
"""By the scalar unit, element by element."""

_FACTORS = other("left"), other("right")
PRODUCT = family("PRODUCT", "dst = {}", "lhs rhs out", Pipe.M, Work.PRODUCT, *_FACTORS, _DST)
PRODUCT_SUM = family("PRODUCT_SUM", "dst = {}", "acc lhs rhs out", Pipe.M, Work.PRODUCT, other("acc"), *_FACTORS, _DST)
PRODUCT_BIAS = family(
    "PRODUCT_BIAS", "dst = {}", "lhs rhs bias out", Pipe.M, Work.PRODUCT, *_FACTORS, other("bias"), _DST
)

# The pipes of TALLOC and TPOP are those that ptoas takes them for, though both hold back the whole core.
PRODUCER_WAIT = family("PRODUCER_WAIT", "{}", "", Pipe.MTE3, Work.SIGNAL, other("entry", Role.WRITE))
PRODUCER_SIGNAL = family("PRODUCER_SIGNAL", "{}", "", Decides.DIRECTION, Work.SIGNAL, other("entry"))
CONSUMER_WAIT = family("CONSUMER_WAIT", "{}", "", Pipe.MTE2, Work.SIGNAL, other("entry", Role.WRITE))
# The scalar unit issues it; the signal comes behind the loads on MTE2 (isa.sync).
CONSUMER_SIGNAL = family("CONSUMER_SIGNAL", "{}", "", Pipe.S, Work.SIGNAL, other("entry"))

PUSH_ACC = family("PUSH_ACC", "{}", "", Pipe.FIX, Work.MOVED, _SRC)
PUSH_VEC = family("PUSH_VEC", "{}", "", Pipe.MTE3, Work.MOVED, _SRC)
POP_TILE = family("POP_TILE", "{}", "", Pipe.MTE2, Work.MOVED, other("result", Role.WRITE))
"""Of FIFOs whose entries are tiles."""

SCALAR_LOAD = family("SCALAR_LOAD", "{}", "", Pipe.S, Work.SIGNAL, other("ptr"))
SCALAR_STORE = family("SCALAR_STORE", "{}", "", Pipe.S, Work.SIGNAL, other("ptr", Role.WRITE))
_OFFSET = number("offset")
ELEMENT_READ = family("ELEMENT_READ", "{}", "source offset", Pipe.S, Work.SIGNAL, _SRC, _OFFSET)
ELEMENT_WRITE = family(
    "ELEMENT_WRITE",
    "{}",
    "offset value dest",
    Pipe.S,
    Work.SIGNAL,
    _OFFSET,
    number("value", Role.SCALAR),
    _PART_OF_DST,
    signature="dest offset value",
)
"""Of one element of a tile, by the scalar unit."""
GM_GATHER = family("GM_GATHER", "dst = {}", "", Pipe.MTE2, Work.MOVED, _SRC, other("indices"), _DST)
GM_SCATTER = family("GM_SCATTER", "{}", "", Pipe.MTE3, Work.MOVED, _SRC, other("indices"), _DST)
PREFETCH = family("PREFETCH", "{}", "", Pipe.MTE2, Work.MOVED, _SRC, other("dst", Role.SCRATCH))
PRINT = family("PRINT", "{}", "source", Pipe.S, Work.SIGNAL, _SRC)
NAME = family("NAME", "{}", "", Pipe.S, Work.SIGNAL, signature="dst_type src")
"""New names for bytes: nothing happens to them."""

SYNC = family("SYNC", "{}", "", Pipe.S, Work.SIGNAL)
"""Flags and barriers: the pipes are their arguments."""
