"""Families of operations: the operands that their members share, what happens to them, and on which pipe."""

from __future__ import annotations

from isa.op import Decides, Extent, Family, Hidden, Operand, Role, Work
from isa.pipes import Pipe


def _whole(name: str, role: Role = Role.READ) -> Operand:
    return Operand(name, role, Extent.WHOLE, None)


def _rows(name: str, role: Role = Role.READ) -> Operand:
    return Operand(name, role, Extent.ROWS, None)


def _cols(name: str, role: Role = Role.READ) -> Operand:
    return Operand(name, role, Extent.COLS, None)


def _other(name: str, role: Role = Role.READ) -> Operand:
    return Operand(name, role, Extent.OTHER, None)


_SCALAR = Operand("scalar", Role.SCALAR, Extent.OTHER, None)


def _vector(
    name: str,
    rule: str,
    parameters: str,
    *operands: Operand,
    work: Work = Work.PASS,
    hidden: Hidden = Hidden.NEVER,
) -> Family:
    """A family of vector operations on tiles in UB."""
    return Family(name, operands, tuple(parameters.split()), Pipe.V, hidden, work, 0, rule)


BINARY = _vector("BINARY", "dst = {}", "lhs rhs out", _whole("lhs"), _whole("rhs"), _whole("dst", Role.WRITE))

BINARY_SCRATCH = _vector(
    "BINARY_SCRATCH",
    "dst = {}; `tmp` is scratch like dst",
    "lhs rhs tmp out",
    _whole("lhs"),
    _whole("rhs"),
    _whole("tmp", Role.SCRATCH),
    _whole("dst", Role.WRITE),
)

UNARY = _vector("UNARY", "dst = {}", "inp out", _whole("src"), _whole("dst", Role.WRITE))

TILE_SCALAR = _vector("TILE_SCALAR", "dst = {}", "src scalar dst", _whole("src"), _SCALAR, _whole("dst", Role.WRITE))

FILL = _vector("FILL", "dst = {}", "scalar dst", _SCALAR, _whole("dst", Role.WRITE))

ROW_REDUCTION = _vector(
    "ROW_REDUCTION",
    "dst[r] = {}; `tmp` is scratch like src, dst is [rows, 1] column-major",
    "src tmp dst",
    _whole("src"),
    Operand("tmp", Role.SCRATCH, Extent.ENOUGH, None),
    _rows("dst", Role.WRITE),
    work=Work.ROW_REDUCTION,
)

COL_REDUCTION = _vector(
    "COL_REDUCTION",
    "dst[c] = {}; dst is [1, cols]",
    "src dst",
    _whole("src"),
    _cols("dst", Role.WRITE),
    work=Work.COLUMN_REDUCTION,
)

ROW_EXPANSION = _vector(
    "ROW_EXPANSION", "dst[r, c] = {}", "src dst", _rows("src"), _whole("dst", Role.WRITE), work=Work.BROADCAST
)

COL_EXPANSION = _vector("COL_EXPANSION", "dst[r, c] = {}", "src dst", _cols("src"), _whole("dst", Role.WRITE))

ROW_BINARY = _vector(
    "ROW_BINARY",
    "dst[r, c] = {}",
    "src0 src1 dst",
    _whole("src"),
    _rows("row"),
    _whole("dst", Role.WRITE),
    work=Work.BROADCAST,
    hidden=Hidden.COLUMN_MAJOR_ROWS,
)

COL_BINARY = _vector(
    "COL_BINARY", "dst[r, c] = {}", "src0 src1 dst", _whole("src"), _cols("col"), _whole("dst", Role.WRITE)
)


def _family(
    name: str,
    rule: str,
    parameters: str,
    pipe: Pipe | Decides,
    work: Work,
    *operands: Operand,
    hidden: Hidden = Hidden.NEVER,
    modes: int = 0,
) -> Family:
    """A family whose operands a class of the dialect checks by rules of its own."""
    return Family(name, operands, tuple(parameters.split()), pipe, hidden, work, modes, rule)


_SRC, _DST = _other("src"), _other("dst", Role.WRITE)
_ENTRY = "{}"

CONVERSION = _family(
    "CONVERSION", "dst = {}", "src dst", Pipe.V, Work.PASS, _SRC, _DST, hidden=Hidden.BY_CONVERSION, modes=2
)
LOAD = _family("LOAD", "dst = {}", "source dest", Pipe.MTE2, Work.MOVED, _SRC, _DST)
STORE = _family("STORE", "dst = {}", "source dest", Decides.STORED, Work.MOVED, _SRC, _DST)
MOVE = _family("MOVE", "dst = {}", "source dest", Decides.SOURCE, Work.MOVED, _SRC, _DST)
EXTRACT = _family(
    "EXTRACT",
    "dst = {}",
    "source index_row index_col out",
    Decides.SOURCE,
    Work.MOVED,
    _SRC,
    Operand("row", Role.INDEX, Extent.OTHER, None),
    Operand("col", Role.INDEX, Extent.OTHER, None),
    _DST,
    hidden=Hidden.WITHIN_UB,
)

_LEFT, _RIGHT = _other("left"), _other("right")
PRODUCT = _family("PRODUCT", "dst = {}", "lhs rhs out", Pipe.M, Work.PRODUCT, _LEFT, _RIGHT, _DST)
PRODUCT_SUM = _family(
    "PRODUCT_SUM", "dst = {}", "acc lhs rhs out", Pipe.M, Work.PRODUCT, _other("acc"), _LEFT, _RIGHT, _DST
)
PRODUCT_BIAS = _family(
    "PRODUCT_BIAS", "dst = {}", "lhs rhs bias out", Pipe.M, Work.PRODUCT, _LEFT, _RIGHT, _other("bias"), _DST
)

PRODUCER_WAIT = _family("PRODUCER_WAIT", _ENTRY, "", Pipe.MTE3, Work.SIGNAL, _other("entry", Role.WRITE))
PRODUCER_SIGNAL = _family("PRODUCER_SIGNAL", _ENTRY, "", Decides.DIRECTION, Work.SIGNAL, _other("entry"))
CONSUMER_WAIT = _family("CONSUMER_WAIT", _ENTRY, "", Pipe.MTE2, Work.SIGNAL, _other("entry", Role.WRITE))
CONSUMER_SIGNAL = _family("CONSUMER_SIGNAL", _ENTRY, "", Pipe.S, Work.SIGNAL, _other("entry"))

PUSH_ACC = _family("PUSH_ACC", _ENTRY, "", Pipe.FIX, Work.MOVED, _SRC)
PUSH_VEC = _family("PUSH_VEC", _ENTRY, "", Pipe.MTE3, Work.MOVED, _SRC)
POP_TILE = _family("POP_TILE", _ENTRY, "", Pipe.MTE2, Work.MOVED, _other("result", Role.WRITE))
"""Of FIFOs whose entries are tiles."""

SCALAR_LOAD = _family("SCALAR_LOAD", "{}", "", Pipe.S, Work.SIGNAL, _other("ptr"))
SCALAR_STORE = _family("SCALAR_STORE", "{}", "", Pipe.S, Work.SIGNAL, _other("ptr", Role.WRITE))
PRINT = _family("PRINT", "{}", "", Pipe.S, Work.SIGNAL, _SRC)
NAME = _family("NAME", "{}", "", Pipe.S, Work.SIGNAL)
"""New names for bytes: nothing happens to them."""

SYNC = _family("SYNC", "{}", "", Pipe.S, Work.SIGNAL)
"""Flags and barriers: the pipes are their arguments."""
