"""Second forms of operations: other operands under the same name, and what has two results.

A form is an operation of its own here: its name in the dialect has a part more, which is read, but need not be written.
"""

from __future__ import annotations

from isa.elements import FLOATS, INDEX_TYPES, MASK_TYPES, NUMBERS
from isa.families import POP_TILE, PUSH_ACC, PUSH_VEC
from isa.make import (
    DST,
    OTHER_DST,
    OWN_DST,
    OWN_SRC,
    OWN_TMP,
    SCALAR,
    SRC,
    number,
    own,
    plain,
    scratch,
    special,
    vector,
)
from isa.op import Op, Role

PARTIAL_ARGUMENT = vector(
    "PARTIAL_ARGUMENT",
    "dst, and dst_index, = {}",
    "lhs rhs lhs_index rhs_index out_index out",
    own("lhs"),
    own("rhs"),
    own("lhs_index", Role.READ, INDEX_TYPES),
    own("rhs_index", Role.READ, INDEX_TYPES),
    own("dst_index", Role.WRITE, INDEX_TYPES),
    OWN_DST,
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
    scratch(),
    number("executed"),
    OWN_DST,
)
SEQUENCE_SCRATCH = vector(
    "SEQUENCE_SCRATCH", "dst = {}; `tmp` is f32 scratch", "scalar tmp dst", SCALAR, scratch(FLOATS), OWN_DST
)
SCALAR_TILE = vector("SCALAR_TILE", "dst = {}", "scalar src dst", SCALAR, SRC, DST)
GATHER_COMPARED = vector(
    "GATHER_COMPARED",
    "dst[r, ..] = {}, and counts[r] how many these are",
    "src scalar tmp counts out",
    OWN_SRC,
    SCALAR,
    scratch(MASK_TYPES),
    own("counts", Role.WRITE, ("i32",)),
    own("dst", Role.WRITE, ("i32",)),
)

_LARGER = "the larger of the two and its index where both are valid, else the one that is"
_SMALLER = "the smaller of the two and its index where both are valid, else the one that is"
_APART = (("dst", "src0"), ("dst", "src1"), ("tmp", "dst"), ("tmp", "src0"), ("tmp", "src1"))
_LISTS, _COMPARED = "two to four sorted lists merged into one", "the columns of src that compare so with scalar"

FORMS: tuple[Op, ...] = (
    special(PARTIAL_ARGUMENT, "TPARTARGMAX", "part_argmax", FLOATS, _LARGER, "compare select select", ()),
    special(PARTIAL_ARGUMENT, "TPARTARGMIN", "part_argmin", FLOATS, _SMALLER, "compare select select", ()),
    special(MERGE_LISTS, "TMRGSORT_LISTS", None, FLOATS, _LISTS, "sort", _APART, dialect="tmrgsort.lists"),
    special(
        SEQUENCE_SCRATCH,
        "TCI_SCRATCH",
        None,
        ("i16", "i32"),
        "scalar, scalar + 1, ...",
        "add",
        (("tmp", "dst"),),
        dialect="tci.scratch",
    ),
    # The device writes the scalar into all of dst first, so that src would be lost there.
    special(SCALAR_TILE, "TDIVS_SCALAR", None, NUMBERS, "scalar / src", "copy div", OTHER_DST, dialect="tdivs.scalar"),
    special(
        GATHER_COMPARED,
        "TGATHER_COMPARED",
        None,
        NUMBERS,
        _COMPARED,
        "compare gather",
        OWN_TMP,
        dialect="tgather.compared",
    ),
)
"""They come last in the table."""

# On FIFOs whose entries are tiles: in C++ they are TPUSH and TPOP like those on entries in GM, which have the rows of
# these names in `isa.ops`. A push is a store that waits for a slot, a pop a load that waits for data.
_PUSHES, _POPS = "store src into the next slot, and signal full", "load the next slot, and signal free"
PUSH_FROM_CUBE = plain(PUSH_ACC, "TPUSH", "tpush_to_aiv", None, _PUSHES)
PUSH_FROM_VECTOR = plain(PUSH_VEC, "TPUSH", "tpush_to_aic", None, _PUSHES)
POP_TO_VECTOR = plain(POP_TILE, "TPOP", "tpop_from_aic", None, _POPS)
POP_TO_CUBE = plain(POP_TILE, "TPOP", "tpop_from_aiv", None, _POPS)
