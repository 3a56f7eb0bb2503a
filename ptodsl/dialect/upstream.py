"""Operations of MLIR's `arith` and `scf` that xDSL does not have, or does not read in every form."""

from __future__ import annotations

from typing import Self

from xdsl.dialects.builtin import IndexType, IntegerType
from xdsl.dialects.scf import WhileOp
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.parser import Parser
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException


@irdl_op_definition
class IndexCastUIOp(IRDLOperation):
    """`%b = arith.index_castui %a : i32 to index`: an integer without sign as an index, or back."""

    name = "arith.index_castui"
    assembly_format = "$input attr-dict `:` type($input) `to` type($result)"
    traits = traits_def(Pure())

    input = operand_def()
    result = result_def()

    def verify_(self) -> None:
        """Check that one of the types is index, the other an integer."""
        given = self.input.type, self.result.type
        if not (any(map(_is_index, given)) and any(isinstance(ty, IntegerType) for ty in given)):
            raise VerifyException(f"{self.name}: one of the types must be index, the other an integer")


def _is_index(ty: Attribute) -> bool:
    return isinstance(ty, IndexType)


class WhileSyntax(WhileOp):
    """`scf.while` as MLIR prints it: the parentheses are left out where nothing goes round."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `(%a = %b) : (T) -> T { ... } do { ... }`, or `: () -> () { ... } do { ... }`."""
        if parser.parse_optional_punctuation(":") is None:
            # xDSL reads the form with parentheses.
            return super().parse(parser)
        start = parser.pos
        ty = parser.parse_function_type()
        if ty.inputs.data:
            parser.raise_error(f"scf.while passes on {len(ty.inputs.data)} values, but names none", start)
        before = parser.parse_region()
        parser.parse_characters("do")
        after = parser.parse_region()
        attributes = parser.parse_optional_attr_dict_with_keyword()
        op = cls.build(operands=[[]], result_types=[ty.outputs.data], regions=[before, after])
        op.attributes |= {} if attributes is None else dict(attributes.data)
        return op
