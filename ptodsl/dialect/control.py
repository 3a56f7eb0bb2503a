"""Which core runs what: identity of a core, sections of a single-kind entry, the entry's cross-core flags, printing."""

from __future__ import annotations

import abc
from typing import Self

from xdsl.dialects.builtin import AnyFloat, IndexType, IntegerType, MemRefType, StringAttr, i64
from xdsl.ir import Block, Region
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.gm_type import PartitionTensorViewType
from ptodsl.dialect.syntax import Value
from ptodsl.dialect.tile_type import Loc

FFTS_WORDS = 256
"""Elements of the memref that carries the cross-core flag unit's base address."""

FFTS_TYPE = MemRefType(i64, [FFTS_WORDS])
"""`memref<256xi64>`: type of an entry's ffts argument."""


class CoreIdentityOp(IRDLOperation, abc.ABC):
    """`%0 = pto.get_block_idx`: an i64 that is constant during a launch."""

    result = result_def(i64)

    traits = traits_def(Pure())

    def __init__(self) -> None:
        super().__init__(result_types=[i64])

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse nothing, or `: i64`, or `-> i64`."""
        if parser.parse_optional_punctuation(":") or parser.parse_optional_punctuation("->"):
            parser.parse_type()
        return cls()

    def print(self, printer: Printer) -> None:
        """Print nothing: the type is always i64."""


@irdl_op_definition
class GetBlockIdxOp(CoreIdentityOp):
    """Index of this AI core in the launch."""

    name = "pto.get_block_idx"


@irdl_op_definition
class GetBlockNumOp(CoreIdentityOp):
    """Number of AI cores of the launch."""

    name = "pto.get_block_num"


@irdl_op_definition
class GetSubblockIdxOp(CoreIdentityOp):
    """Index of this vector core within its AI core."""

    name = "pto.get_subblock_idx"


@irdl_op_definition
class GetSubblockNumOp(CoreIdentityOp):
    """Number of vector cores of an AI core."""

    name = "pto.get_subblock_num"


@irdl_op_definition
class SetFftsOp(IRDLOperation):
    """Give the cores the base of the cross-core flag unit: `pto.set_ffts %ffts : memref<256xi64>`."""

    name = "pto.set_ffts"
    assembly_format = "$ffts `:` type($ffts) attr-dict"

    ffts = operand_def()

    def __init__(self, ffts: Value) -> None:
        super().__init__(operands=[ffts])

    def verify_(self) -> None:
        """Check the type of the argument."""
        if self.ffts.type != FFTS_TYPE:
            raise VerifyException(f"{self.name}: ffts must be {FFTS_TYPE}, not {self.ffts.type}")


class SectionOp(IRDLOperation, abc.ABC):
    """`pto.section.vector { ... }`: the part of a single-kind entry that one kind of core runs."""

    body = region_def("single_block")

    traits = traits_def(NoTerminator())

    def __init__(self, body: Region | None = None) -> None:
        super().__init__(regions=[Region(Block()) if body is None else body])

    @property
    def block(self) -> Block:
        """The section's only block."""
        return self.body.block

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `{ ... }`."""
        body = parser.parse_region()
        # Empty braces are parsed as a region without a block.
        if body.first_block is None:
            body.add_block(Block())
        return cls.create(regions=[body], attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """Print `{ ... }`."""
        printer.print_string(" ")
        printer.print_region(self.body, print_empty_block=False)
        printer.print_op_attributes(self.attributes)


@irdl_op_definition
class SectionCubeOp(SectionOp):
    """Run by the cube core only."""

    name = "pto.section.cube"


@irdl_op_definition
class SectionVectorOp(SectionOp):
    """Run by the vector cores only."""

    name = "pto.section.vector"


@irdl_op_definition
class PrintOp(IRDLOperation):
    """Print a number from the device: `pto.print ins("%d", %v : i32)`; a diagnostic, in printf's format."""

    name = "pto.print"
    assembly_format = "`ins` `(` $format `,` $value `:` type($value) `)` attr-dict"

    format = prop_def(StringAttr)
    value = operand_def()

    def __init__(self, format: str, value: Value) -> None:
        super().__init__(operands=[value], properties={"format": StringAttr(format)})

    def verify_(self) -> None:
        """Check that a number is printed."""
        ty = self.value.type
        if isinstance(ty, IndexType):
            raise VerifyException(f"{self.name}: value must not be an index; cast it with arith.index_cast")
        if not isinstance(ty, IntegerType | AnyFloat):
            raise VerifyException(f"{self.name}: value must be a number, not {ty}; pto.tprint prints a tile")


@irdl_op_definition
class TPrintOp(IRDLOperation):
    """Print from the device a tile in UB, a slice of GM, or a tile of the cube through a slice of GM: a diagnostic.

    `pto.tprint ins(%t : T)`, or `pto.tprint ins(%acc, %slice : T, P)`.
    """

    name = "pto.tprint"
    traits = traits_def(tile_effects("tprint"))
    assembly_format = "`ins` `(` $src (`,` $tmp^)? `:` type($src) (`,` type($tmp)^)? `)` attr-dict"

    src = operand_def()
    tmp = opt_operand_def()

    def __init__(self, src: Value, tmp: Value | None = None) -> None:
        super().__init__(operands=[src, tmp])

    def verify_(self) -> None:
        """Check what is printed, and that a tile of the cube has a way through GM."""
        if isinstance(self.src.type, PartitionTensorViewType) and self.tmp is None:
            return
        if self.tmp is None:
            checks.tile(self, "src", Loc.VEC)
            return
        checks.tile(self, "src", Loc.VEC, Loc.ACC, Loc.MAT)
        checks.partition(self, "tmp")
