"""Operations that are made of their rows of the operation table: name, operands, effects."""

from __future__ import annotations

import abc
from functools import cache
from typing import ClassVar, TypeVar

from xdsl.irdl import AttrSizedOperandSegments, irdl_op_definition, operand_def, opt_operand_def, traits_def

from isa.op import Family, Op
from ptodsl.dialect.effects import TileEffects
from ptodsl.dialect.syntax import DpsOp


class RowOp(DpsOp, abc.ABC):
    """An operation whose operands and effects are those of its row; what it checks, a subclass says."""

    ROW: ClassVar[Op]


T = TypeVar("T", bound=RowOp)


def row_op(row: Op, base: type[T], **fields: object) -> type[T]:
    """Return the class of the operation `pto.<row.dialect>`, which has these fields, too."""
    made = {
        "__doc__": f"{row.formula}.",
        "__module__": base.__module__,
        # irdl_op_definition takes any other field for a part of the operation.
        "__annotations__": dict.fromkeys(("ROW", *(name for name in fields if name.isupper())), ClassVar),
        "name": f"pto.{row.dialect}",
        "ROW": row,
        "traits": traits_def(TileEffects(row)),
        **fields,
    }
    return irdl_op_definition(type(f"{row.cpp}Op", (_with_operands(base, row.family),), made))


@cache
def _with_operands(base: type[T], family: Family) -> type[T]:
    """`base` with the operands that the operations of a family share."""
    fields: dict[str, object] = {
        operand.name: opt_operand_def() if operand.optional else operand_def() for operand in family.operands
    }
    # With more than one optional operand their number alone does not say which are there.
    if sum(operand.optional for operand in family.operands) > 1:
        fields["irdl_options"] = (AttrSizedOperandSegments(as_property=True),)
    return type(f"{family.name}_OP", (base,), {"__module__": base.__module__, **fields})
