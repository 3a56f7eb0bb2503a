"""Rules of second forms of operations (`isa.form_ops`): which one is meant, and what it checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects.builtin import IntegerAttr, VectorType, i1, i16, i32
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import opt_prop_def
from xdsl.utils.exceptions import VerifyException

from isa.families import TILE_SCALAR
from isa.form_ops import GATHER_COMPARED, MERGE_LISTS, PARTIAL_ARGUMENT, SEQUENCE_SCRATCH
from isa.special_ops import GATHER, MERGE
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import CmpMode, CmpModeAttr
from ptodsl.dialect.checks import Tiles
from ptodsl.dialect.elements import DYNAMIC, element_bytes
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.tile_type import TileBufType

EXECUTED = VectorType(i16, [4])
"""Type of the counts of a merge."""

SEQUENCE_BYTES = {4: 1024, 2: 2048}
"""Scratch of a sequence, by the bytes of an element."""


def by_results(one: str, two: str) -> Callable[[Sequence[SSAValue], Sequence[SSAValue]], str]:
    """The form with one result, or the one with two."""
    return lambda ins, outs: one if len(outs) == 1 else two


def scalar_form(ins: Sequence[SSAValue], outs: Sequence[SSAValue]) -> str:
    """A tile by a scalar, or a scalar by a tile."""
    # A wrong program may have no tile, or two: then the name means what it says, and that verifier complains.
    first_is_scalar = len(ins) > 1 and isinstance(ins[1].type, TileBufType) and not isinstance(ins[0].type, TileBufType)
    return "pto.tdivs.scalar" if first_is_scalar else ""


def check_partial_argument(op: Operation, tiles: Tiles) -> None:
    """Check that one source covers dst, and that indices are like what they are of."""
    checks.row_major(op, **tiles)
    for name, index in (("lhs", "lhs_index"), ("rhs", "rhs_index"), ("dst", "dst_index")):
        checks.same_shape(op, **{name: tiles[name], index: tiles[index]})
    checks.same_dtype(op, **{name: tiles[name] for name in ("lhs_index", "rhs_index", "dst_index")})
    whole = tiles["dst"].valid_shape
    if not any(checks.shapes_agree(tiles[name].valid_shape, whole) for name in ("lhs", "rhs")):
        raise VerifyException(f"{op.name}: lhs or rhs must have the valid shape of dst, {list(whole)}")


def check_merge_lists(op: Operation, tiles: Tiles) -> None:
    """Check tiles of one row, and room for all lists in dst and in scratch."""
    checks.row_major(op, **tiles)
    executed = op.executed.type  # type: ignore[attr-defined]
    if executed != EXECUTED:
        raise VerifyException(f"{op.name}: the counts must be {EXECUTED}, not {executed}")
    for name, ty in tiles.items():
        if ty.shape[0] != 1:
            raise VerifyException(f"{op.name}: {name} is {checks.describe(ty)}, but must have one row")
    lists = sum(ty.valid_shape[1] for name, ty in tiles.items() if name.startswith("src"))
    if any(DYNAMIC in ty.valid_shape for ty in tiles.values()):
        return
    # The device merges into tmp and copies to dst, so that both hold all lists.
    for name in ("tmp", "dst"):
        if tiles[name].shape[1] < lists:
            raise DeviceLimit(f"{op.name}: {name} has {tiles[name].shape[1]} columns, but the lists have {lists}")


def check_sequence(op: Operation, tiles: Tiles) -> None:
    """Check a row of whole numbers, and scratch."""
    dst, tmp = tiles["dst"], tiles["tmp"]
    checks.row_major(op, dst=dst, tmp=tmp)
    checks.one_row(op, dst)
    wanted = SEQUENCE_BYTES[element_bytes(dst.dtype)]
    if tmp.byte_size < wanted:
        raise DeviceLimit(f"{op.name}: tmp has {tmp.byte_size} bytes, but the device overwrites {wanted}")


def check_compared(op: Operation, tiles: Tiles) -> None:
    """Check the mode; the device's headers have another order of arguments."""
    checks.row_major(op, src=tiles["src"], tmp=tiles["tmp"], dst=tiles["dst"])
    mode = op.cmp_mode  # type: ignore[attr-defined]
    if mode is not None and mode.data not in (CmpMode.EQ, CmpMode.GT):
        raise VerifyException(f"{op.name}: cmpMode is {mode.data}, but must be eq or gt")
    raise DeviceLimit(f"{op.name}: the headers of 2026-08-21 want a tile in place of the scalar")


FORM_CHECKS: Mapping[str, Callable[[Operation, Tiles], None]] = {
    PARTIAL_ARGUMENT.name: check_partial_argument,
    MERGE_LISTS.name: check_merge_lists,
    SEQUENCE_SCRATCH.name: check_sequence,
    GATHER_COMPARED.name: check_compared,
}
"""As `vector_rules.FAMILY_CHECKS`."""

FORM_FIELDS: Mapping[str, Mapping[str, object]] = {
    TILE_SCALAR.name: {"FORM": scalar_form},
    MERGE.name: {"FORM": by_results("pto.tmrgsort", "pto.tmrgsort.lists")},
    GATHER.name: {"FORM": by_results("pto.tgather", "pto.tgather.compared")},
    PARTIAL_ARGUMENT.name: {"SECOND": "dst_index"},
    MERGE_LISTS.name: {"SECOND": "executed", "exhausted": opt_prop_def(IntegerAttr.constr(i1))},
    SEQUENCE_SCRATCH.name: {"descending": opt_prop_def(IntegerAttr.constr(i1)), "BEHIND": ("descending",)},
    GATHER_COMPARED.name: {
        "SECOND": "counts",
        "cmp_mode": opt_prop_def(CmpModeAttr, prop_name="cmpMode"),
        "offset": opt_prop_def(IntegerAttr.constr(i32)),
        "BEHIND": ("cmpMode", "offset"),
    },
}
"""As `vector_rules.OWN_FIELDS`; and which operation is meant by the operands."""
