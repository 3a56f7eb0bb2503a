"""What the scalar unit does with a tile: single elements, sequences, and its valid shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import IntegerAttr, i1
from xdsl.ir import SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, opt_prop_def, result_def, traits_def
from xdsl.utils.exceptions import VerifyException

from isa.ops import BY_DIALECT
from ptodsl.dialect import checks
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import DYNAMIC, element_name, element_type
from ptodsl.dialect.syntax import INDEX, DpsOp, Value
from ptodsl.dialect.tile_type import Loc, TileBufType


def sequence_form(ins: Sequence[SSAValue], outs: Sequence[SSAValue]) -> str:
    """Without scratch, or with it."""
    return "pto.tci" if len(ins) == 1 else "pto.tci.scratch"


@irdl_op_definition
class TCiOp(DpsOp):
    """dst = scalar, scalar + 1, ...; or - 1, with `{descending = true}`. By the scalar unit, element by element.

    With scratch it is `pto.tci.scratch`, which runs on V; the real assembler orders it as if the scalar unit ran it.
    """

    name = "pto.tci"
    traits = traits_def(tile_effects("tci"))

    BEHIND: ClassVar[Sequence[str]] = ("descending",)
    FORM: ClassVar[Callable[[Sequence[SSAValue], Sequence[SSAValue]], str] | None] = sequence_form

    scalar = operand_def()
    dst = operand_def()
    descending = opt_prop_def(IntegerAttr.constr(i1))

    def __init__(self, scalar: Value, dst: Value, *, descending: bool = False) -> None:
        super().__init__(scalar, dst, properties={"descending": IntegerAttr(1, i1) if descending else None})

    @property
    def falls(self) -> bool:
        """Whether each number is less than the one before."""
        return self.descending is not None and bool(self.descending.value.data)

    def verify_(self) -> None:
        """Check the tile, one row of whole numbers, and that the scalar is one."""
        dst = checks.tile(self, "dst", Loc.VEC)
        checks.dtype_in(self, "dst", dst, tuple(map(element_type, BY_DIALECT["tci"].types)))
        checks.scalar(self, "scalar", dst.dtype)
        checks.row_major(self, dst=dst)
        checks.one_row(self, dst)


def _check_element(op: IRDLOperation, name: str, offset: SSAValue) -> TileBufType:
    """Check a tile and a position in it; the type of the tile."""
    ty = checks.tile(op, name, Loc.VEC)
    checks.index(op, "offset", offset)
    # Offsets count what is stored, valid or not.
    position, size = checks.constant_int(offset), ty.shape[0] * ty.shape[1]
    if position is not None and not 0 <= position < size:
        raise VerifyException(f"{op.name}: offset {position} is outside of the tile's {size} elements")
    return ty


@irdl_op_definition
class TGetValOp(IRDLOperation):
    """The element `offset` of a tile, counted flat from its start: `pto.tgetval ins(%a, %i : T, index) outs : f32`."""

    name = "pto.tgetval"
    traits = traits_def(tile_effects("tgetval"))
    assembly_format = (
        "`ins` `(` $src `,` $offset `:` type($src) `,` type($offset) `)` `outs` `:` type($result) attr-dict"
    )

    src = operand_def()
    offset = operand_def()
    result = result_def()

    def __init__(self, src: Value, offset: Value) -> None:
        ty = SSAValue.get(src).type
        # Of a src that is no tile any type will do: the verifier says what is wrong with it.
        dtype = ty.dtype if isinstance(ty, TileBufType) else INDEX
        super().__init__(operands=[src, offset], result_types=[dtype])

    def verify_(self) -> None:
        """Check the tile, the position, and that the result has the element type, which has a sign."""
        ty = _check_element(self, "src", self.offset)
        if element_name(ty.dtype).startswith("u"):
            raise VerifyException(
                f"{self.name}: scalars have no unsigned types, so src cannot be {element_name(ty.dtype)}: "
                "use a tile of the signed type on the same bytes"
            )
        if self.result.type != ty.dtype:
            raise VerifyException(f"{self.name}: the result must be {ty.dtype} like src's elements")


@irdl_op_definition
class TSetValOp(DpsOp):
    """The element `offset` of dst, counted flat from its start, = value."""

    name = "pto.tsetval"
    traits = traits_def(tile_effects("tsetval"))

    offset = operand_def()
    value = operand_def()
    dst = operand_def()

    def verify_(self) -> None:
        """Check the tile, the position, and the type of the value."""
        ty = _check_element(self, "dst", self.offset)
        wanted = checks.signless(ty.dtype)
        if self.value.type != wanted:
            raise VerifyException(f"{self.name}: value must be a {wanted} like dst's elements, not {self.value.type}")


@irdl_op_definition
class SetValidShapeOp(IRDLOperation):
    """Let a tile of the valid shape ?x? have `rows` and `cols` from here on: `pto.set_validshape %a, %r, %c : T`."""

    name = "pto.set_validshape"
    assembly_format = "$tile `,` $rows `,` $cols `:` type($tile) attr-dict"

    tile = operand_def()
    rows = operand_def(INDEX)
    cols = operand_def(INDEX)

    def __init__(self, tile: Value, rows: Value, cols: Value) -> None:
        super().__init__(operands=[tile, rows, cols])

    def verify_(self) -> None:
        """Check that the tile's type leaves both open, and constant sizes."""
        ty = checks.tile(self, "tile")
        if ty.valid_shape != (DYNAMIC, DYNAMIC):
            raise VerifyException(
                f"{self.name}: the tile is {checks.describe(ty)}: only a tile whose type says valid=?x? can be changed"
            )
        for name, value, limit in (("rows", self.rows, ty.shape[0]), ("cols", self.cols, ty.shape[1])):
            size = checks.constant_int(value)
            if size is not None and not 0 <= size <= limit:
                raise VerifyException(f"{self.name}: {name} {size} is not between 0 and the tile's {limit}")


@irdl_op_definition
class GetValidShapeOp(IRDLOperation):
    """Valid rows and columns of a tile: `%r, %c = pto.get_validshape %a : T`."""

    name = "pto.get_validshape"
    assembly_format = "$tile `:` type($tile) attr-dict"

    tile = operand_def()
    rows = result_def(INDEX)
    cols = result_def(INDEX)

    def __init__(self, tile: Value) -> None:
        super().__init__(operands=[tile], result_types=[INDEX, INDEX])

    def verify_(self) -> None:
        """Check that it is a tile."""
        checks.tile(self, "tile")
