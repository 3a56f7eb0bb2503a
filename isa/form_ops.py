"""Second forms of operations: other operands under the same name, and what has two results.

A form is an operation of its own here: its name in the dialect has a part more, which is read, but need not be written.
"""

from __future__ import annotations

from isa.elements import FLOATS, INDEX_TYPES, MASK_TYPES, NUMBERS
from isa.make import SCALAR, own, scratch, vector, whole
from isa.op import Extent, Op, Operand, Order, Role
from isa.rows import OTHER_DST, OWN_TMP

PARTIAL_ARGUMENT = vector(
    "PARTIAL_ARGUMENT",
    "dst, and dst_index, = {}",
    "lhs rhs lhs_index rhs_index out_index out",
    own("lhs"),
    own("rhs"),
    own("lhs_index", Role.READ, INDEX_TYPES),
    own("rhs_index", Role.READ, INDEX_TYPES),
    own("dst_index", Role.WRITE, INDEX_TYPES),
    own("dst", Role.WRITE),
    signature="lhs rhs lhs_index rhs_index out out_index",
)

MERGE_LISTS = vector(
    "MERGE_LISTS",
    "dst = {}; `tmp` is scratch like dst",
    "src0 src1 src2 src3 tmp executed dst",
    own("src0"),
    own("src1"),
    own("src2", optional=True),
    own("src3", optional=True),
    own("tmp", Role.SCRATCH),
    Operand("executed", Role.INDEX, Extent.OTHER, None, False),
    own("dst", Role.WRITE),
)

SEQUENCE_SCRATCH = vector(
    "SEQUENCE_SCRATCH",
    "dst = {}; `tmp` is f32 scratch",
    "scalar tmp dst",
    SCALAR,
    scratch(FLOATS),
    own("dst", Role.WRITE),
)

SCALAR_TILE = vector("SCALAR_TILE", "dst = {}", "scalar src dst", SCALAR, whole("src"), whole("dst", Role.WRITE))

GATHER_COMPARED = vector(
    "GATHER_COMPARED",
    "dst[r, ..] = {}, and counts[r] how many these are",
    "src scalar tmp counts out",
    own("src"),
    SCALAR,
    scratch(MASK_TYPES),
    own("counts", Role.WRITE, ("i32",)),
    own("dst", Role.WRITE, ("i32",)),
)

_LARGER = "the larger of the two and its index where both are valid, else the one that is"
_SMALLER = "the smaller of the two and its index where both are valid, else the one that is"

FORMS: tuple[Op, ...] = (
    Op(
        "TPARTARGMAX",
        "tpartargmax",
        "part_argmax",
        PARTIAL_ARGUMENT,
        FLOATS,
        _LARGER,
        None,
        ("compare", "select", "select"),
        Order.UNKNOWN,
        (),
    ),
    Op(
        "TPARTARGMIN",
        "tpartargmin",
        "part_argmin",
        PARTIAL_ARGUMENT,
        FLOATS,
        _SMALLER,
        None,
        ("compare", "select", "select"),
        Order.UNKNOWN,
        (),
    ),
    Op(
        "TMRGSORT_LISTS",
        "tmrgsort.lists",
        None,
        MERGE_LISTS,
        FLOATS,
        "two to four sorted lists merged into one",
        None,
        ("sort",),
        Order.UNKNOWN,
        (("dst", "src0"), ("dst", "src1"), ("tmp", "dst"), ("tmp", "src0"), ("tmp", "src1")),
    ),
    Op(
        "TCI_SCRATCH",
        "tci.scratch",
        None,
        SEQUENCE_SCRATCH,
        ("i16", "i32"),
        "scalar, scalar + 1, ...",
        None,
        ("add",),
        Order.UNKNOWN,
        (("tmp", "dst"),),
    ),
    Op(
        "TDIVS_SCALAR",
        "tdivs.scalar",
        None,
        SCALAR_TILE,
        NUMBERS,
        "scalar / src",
        None,
        ("copy", "div"),
        Order.UNKNOWN,
        # The device writes the scalar into all of dst first, so that src would be lost there.
        OTHER_DST,
    ),
    Op(
        "TGATHER_COMPARED",
        "tgather.compared",
        None,
        GATHER_COMPARED,
        NUMBERS,
        "the columns of src that compare so with scalar",
        None,
        ("compare", "gather"),
        Order.UNKNOWN,
        OWN_TMP,
    ),
)
"""They come last in the table."""
