"""Several tiles of one type under one name, of which a number chooses one: buffers that take turns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xdsl.ir import Data, SSAValue, TypeAttribute
from xdsl.irdl import IRDLOperation, irdl_attr_definition, irdl_op_definition, operand_def, result_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.directives import Index
from ptodsl.dialect.elements import parse_body
from ptodsl.dialect.syntax import Value
from ptodsl.dialect.tile import AllocationOp
from ptodsl.dialect.tile_type import Loc, TileBufType, spec_of_body

COUNTS = range(2, 17)
"""How many tiles there may be."""


@dataclass(frozen=True)
class MultiTileSpec:
    """Everything a `!pto.multi_tile_buf` says; VerifyException when there can be no such tiles."""

    tile: TileBufType
    count: int

    def __post_init__(self) -> None:
        """Check the count."""
        if self.count not in COUNTS:
            raise VerifyException(
                f"count={self.count} must be between {COUNTS[0]} and {COUNTS[-1]}: use pto.alloc_tile for a single tile"
            )


@irdl_attr_definition
class MultiTileBufType(Data[MultiTileSpec], TypeAttribute):
    """`!pto.multi_tile_buf<!pto.tile_buf<...>, count=2>`: tiles of one type, one behind the other.

    The short form `!pto.multi_tile_buf<vec, 16x64xf32, count=2>` is read, too, but not printed.
    """

    name = "pto.multi_tile_buf"

    @property
    def tile(self) -> TileBufType:
        """Type of each tile."""
        return self.data.tile

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return self.data.count

    @property
    def loc(self) -> Loc:
        """Memory space."""
        return self.tile.loc

    @property
    def byte_size(self) -> int:
        """Bytes of all tiles."""
        return self.tile.byte_size * self.count

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> MultiTileSpec:
        """Parse `<!pto.tile_buf<...>, count=2>` or `<vec, 16x64xf32, count=2>`."""
        # The type of a tile may be an alias, so that the brackets alone do not tell the forms apart.
        if _NAMED_TILE.match(parser.lexer.input.content, parser.pos) is None:
            return parse_body(parser, _short_form)
        with parser.in_angle_brackets():
            ty = parser.parse_type()
            parser.parse_punctuation(",")
            parser.parse_keyword("count")
            parser.parse_punctuation("=")
            count = parser.parse_integer()
        if not isinstance(ty, TileBufType):
            parser.raise_error(f"expected the type of a tile (!pto.tile_buf), not {ty}")
        try:
            return MultiTileSpec(ty, count)
        except VerifyException as error:
            parser.raise_error(str(error))

    def print_parameter(self, printer: Printer) -> None:
        """Print `<!pto.tile_buf<...>, count=2>`."""
        with printer.in_angle_brackets():
            printer.print_attribute(self.tile)
            printer.print_string(f", count={self.count}")


_NAMED_TILE = re.compile(r"\s*<\s*!")
_SHORT = re.compile(r"(.*),\s*count\s*=\s*(\d+)\s*", re.ASCII | re.DOTALL)


def _short_form(body: str) -> MultiTileSpec:
    match = _SHORT.fullmatch(body)
    if match is None:
        raise VerifyException(f"expected a tile and how many, like vec, 16x64xf32, count=2, not <{body}>")
    return MultiTileSpec(TileBufType(spec_of_body(match[1])), int(match[2]))


@irdl_op_definition
class AllocMultiTileOp(AllocationOp):
    """Tiles in an on-chip buffer: `pto.alloc_multi_tile addr = %a valid_row = %r valid_col = %c : T`; see AllocTileOp.

    `addr` is that of the first one, and the sizes are those of each.
    """

    name = "pto.alloc_multi_tile"

    result = result_def(MultiTileBufType)

    @property
    def tile_type(self) -> TileBufType:
        """Type of each tile."""
        return self.result.type.tile

    @property
    def byte_size(self) -> int:
        """Bytes of all tiles."""
        return self.result.type.byte_size


@irdl_op_definition
class MultiTileGetOp(IRDLOperation):
    """One of several tiles: `pto.multi_tile_get %m[%i] : MT -> T`. The number is below the count; none wraps round."""

    name = "pto.multi_tile_get"
    assembly_format = (
        "$source `[` custom<Index>($index, type($index)) `]` attr-dict `:` type($source) `->` type($result)"
    )
    custom_directives = (Index,)

    source = operand_def()
    index = operand_def()
    result = result_def(TileBufType)

    def __init__(self, source: Value, index: Value) -> None:
        value = SSAValue.get(source)
        assert isinstance(value.type, MultiTileBufType)
        super().__init__(operands=[source, index], result_types=[value.type.tile])

    def verify_(self) -> None:
        """Check the types, and a number that is known."""
        ty = self.source.type
        if not isinstance(ty, MultiTileBufType):
            raise VerifyException(f"{self.name}: source must be several tiles (!pto.multi_tile_buf), not {ty}")
        if not isinstance(self.source.owner, AllocMultiTileOp):
            raise VerifyException(f"{self.name}: source must come from {AllocMultiTileOp.name} itself")
        if self.result.type != ty.tile:
            raise VerifyException(f"{self.name}: the result must be {ty.tile}, not {self.result.type}")
        checks.index(self, "index", self.index)
        number = checks.constant_int(self.index)
        if number is not None and not 0 <= number < ty.count:
            raise VerifyException(f"{self.name}: there is no tile {number}: numbers go from 0 to {ty.count - 1}")
