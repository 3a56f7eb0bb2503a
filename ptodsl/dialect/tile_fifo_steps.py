"""Operations on FIFOs of tiles (see `tile_fifo`): push, pop and free.

With an end that has a `gm_slot_tensor` they are of FIFOs with entries in GM: what they push, pop and free is a view of
GM, and the producer allocates it (`talloc_to_*`). The assembler rewrites these into the operations of `fifo`.
"""

from __future__ import annotations

import abc
from typing import ClassVar

from xdsl.dialects.builtin import IntegerAttr, i8, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    result_def,
    traits_def,
)
from xdsl.utils.exceptions import VerifyException

from isa.form_ops import POP_TO_CUBE, POP_TO_VECTOR, PUSH_FROM_CUBE, PUSH_FROM_VECTOR
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import KernelKind
from ptodsl.dialect.directives import Index, braces
from ptodsl.dialect.effects import TileEffects
from ptodsl.dialect.elements import DYNAMIC
from ptodsl.dialect.fifo_handle import CUBE_TO_VECTOR, VECTOR_TO_CUBE, SplitOp
from ptodsl.dialect.gm_type import TensorViewType
from ptodsl.dialect.syntax import Value
from ptodsl.dialect.tile_fifo import TileFifoOp, enclosing_function, number_of
from ptodsl.dialect.tile_type import Loc, TileBufType


class TileFifoStepOp(SplitOp, abc.ABC):
    """An operation on the FIFO of tiles with its `id`: `{split = 1}`, `{id = 3, split = 1}`."""

    custom_directives = (Index, braces(2))

    CORE: ClassVar[KernelKind]
    """The core that has it."""
    PRODUCES: ClassVar[bool]

    fifo_id = opt_prop_def(IntegerAttr, prop_name="id")

    @staticmethod
    def _numbers(split: int, id: int | None) -> dict[str, Attribute | None]:
        return {"id": None if id is None else IntegerAttr(id, i32), "split": IntegerAttr(split, i8)}

    @property
    def number(self) -> int:
        """The id of its FIFO."""
        return number_of(self.fifo_id, 0)

    @property
    def fifo(self) -> TileFifoOp | None:
        """The end of the FIFO that it works on, opened by its core in the same function; None if there is none."""
        function = enclosing_function(self)
        for op in function.walk() if function is not None else ():
            if isinstance(op, TileFifoOp) and (op.number, op.CORE) == (self.number, self.CORE) and self.way in op.ways:
                return op
        return None

    @property
    def way(self) -> int:
        """The direction in which its tile goes."""
        # The cube core that produces and the vector core that consumes are the two ends of this way.
        return CUBE_TO_VECTOR if (self.CORE is KernelKind.CUBE) == self.PRODUCES else VECTOR_TO_CUBE


class TPushTileOp(TileFifoStepOp, abc.ABC):
    """Store a tile into the next slot, once it is free, and tell the consumer: `(%tile : T) {split = 1}`."""

    SOURCE: ClassVar[Loc]
    PRODUCES: ClassVar = True

    assembly_format = "`(` $src `:` type($src) `)` custom<Braces>($id, $split) attr-dict"

    src = operand_def()

    def __init__(self, src: Value, split: int, *, id: int | None = None) -> None:
        super().__init__(operands=[src], properties=self._numbers(split, id))

    def verify_(self) -> None:
        """Check the tile and the split."""
        super().verify_()
        if not isinstance(self.src.type, TensorViewType):
            checks.tile(self, "src", self.SOURCE)


@irdl_op_definition
class TPushToAivOp(TPushTileOp):
    """The cube's push of an accumulator."""

    name = "pto.tpush_to_aiv"
    traits = traits_def(TileEffects(PUSH_FROM_CUBE))
    SOURCE: ClassVar = Loc.ACC
    CORE: ClassVar = KernelKind.CUBE


@irdl_op_definition
class TPushToAicOp(TPushTileOp):
    """A vector core's push of a tile of UB."""

    name = "pto.tpush_to_aic"
    traits = traits_def(TileEffects(PUSH_FROM_VECTOR))
    SOURCE: ClassVar = Loc.VEC
    CORE: ClassVar = KernelKind.VECTOR


class TPopTileOp(TileFifoStepOp, abc.ABC):
    """Load the next slot, once it is full, into the ring on chip: `{split = 1} -> T`, `(%rows, %cols) {..} -> T`."""

    PLACE: ClassVar[Loc]
    PRODUCES: ClassVar = False

    assembly_format = (
        "(`(` custom<Index>($valid_row, type($valid_row))^ `,` custom<Index>($valid_col, type($valid_col)) `)`)? "
        "custom<Braces>($id, $split) attr-dict `->` type($result)"
    )

    valid_row = opt_operand_def()
    valid_col = opt_operand_def()
    result = result_def()

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        tile_type: TileBufType,
        split: int,
        *,
        id: int | None = None,
        valid: tuple[Value | None, Value | None] = (None, None),
    ) -> None:
        super().__init__(operands=[*valid], result_types=[tile_type], properties=self._numbers(split, id))

    def verify_(self) -> None:
        """Check place, split and the run-time valid shape."""
        super().verify_()
        ty = self.result.type
        # An entry in GM: the assembler makes a pto.tpop of it, which has a verifier of its own.
        if not isinstance(ty, TileBufType):
            return
        if ty.loc is not self.PLACE:
            raise VerifyException(f"{self.name}: the tile must be in {self.PLACE}, not in {ty.loc}")
        # {True} if both are given, {False} if none is, and {True, False} if only one is, which equals neither.
        both = {self.valid_row is not None, self.valid_col is not None}
        if both != {all(dim == DYNAMIC for dim in ty.valid_shape)} or (both == {False} and DYNAMIC in ty.valid_shape):
            raise VerifyException(
                f"{self.name}: the valid rows and columns are both given, and `?` in the type, or neither"
            )
        ty.data.check_storage()


@irdl_op_definition
class TPopFromAicOp(TPopTileOp):
    """A vector core's pop of what the cube pushed."""

    name = "pto.tpop_from_aic"
    traits = traits_def(TileEffects(POP_TO_VECTOR))
    PLACE: ClassVar = Loc.VEC
    CORE: ClassVar = KernelKind.VECTOR


@irdl_op_definition
class TPopFromAivOp(TPopTileOp):
    """The cube's pop of what the vector cores pushed."""

    name = "pto.tpop_from_aiv"
    traits = traits_def(TileEffects(POP_TO_CUBE))
    PLACE: ClassVar = Loc.MAT
    CORE: ClassVar = KernelKind.CUBE


class TFreeTileOp(TileFifoStepOp, abc.ABC):
    """End of the use of a popped tile; on A3 the slot has been free since it was loaded. `{split = 1}`.

    An entry in GM is named, `(%entry : T) {split = 1}`, and given back.
    """

    PRODUCES: ClassVar = False

    assembly_format = "(`(` $entry^ `:` type($entry) `)`)? custom<Braces>($id, $split) attr-dict"

    entry = opt_operand_def(TensorViewType)

    def __init__(self, split: int, *, id: int | None = None) -> None:
        super().__init__(operands=[None], properties=self._numbers(split, id))


@irdl_op_definition
class TFreeFromAicOp(TFreeTileOp):
    """A vector core's free."""

    name = "pto.tfree_from_aic"
    CORE: ClassVar = KernelKind.VECTOR


@irdl_op_definition
class TFreeFromAivOp(TFreeTileOp):
    """The cube's free."""

    name = "pto.tfree_from_aiv"
    CORE: ClassVar = KernelKind.CUBE


class TAllocToOp(TileFifoStepOp, abc.ABC):
    """The next slot of a FIFO with entries in GM, once it is free: `{split = 1} -> T`."""

    PRODUCES: ClassVar = True

    assembly_format = "custom<Braces>($id, $split) attr-dict `->` type($result)"

    result = result_def(TensorViewType)


@irdl_op_definition
class TAllocToAivOp(TAllocToOp):
    """The cube's allocation."""

    name = "pto.talloc_to_aiv"
    CORE: ClassVar = KernelKind.CUBE


@irdl_op_definition
class TAllocToAicOp(TAllocToOp):
    """A vector core's allocation."""

    name = "pto.talloc_to_aic"
    CORE: ClassVar = KernelKind.VECTOR
