"""What concerns a whole core, or all of them: trap, and points where all meet."""

from __future__ import annotations

from typing import Self

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, irdl_attr_definition, irdl_op_definition, operand_def, prop_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from ptodsl.dialect.attributes import InAngles


class SyncAllMode(StrEnum):
    """By flags of the hardware, or by words in memory."""

    HARD = "hard"
    SOFT = "soft"


class SyncCoreType(StrEnum):
    """Which cores meet."""

    MIX = "mix"
    AIV_ONLY = "aiv_only"
    AIC_ONLY = "aic_only"

    @property
    def spelling(self) -> str:
        """The C++ enumerator, `AIVOnly`."""
        kind, _, only = self.value.partition("_")
        return f"{kind.upper()}{only.capitalize()}" if only else kind.capitalize()


@irdl_attr_definition
class SyncAllModeAttr(InAngles[SyncAllMode], EnumAttribute[SyncAllMode]):
    """`#pto.sync_all_mode<hard>`."""

    name = "pto.sync_all_mode"


@irdl_attr_definition
class SyncCoreTypeAttr(InAngles[SyncCoreType], EnumAttribute[SyncCoreType]):
    """`#pto.sync_core_type<mix>`."""

    name = "pto.sync_core_type"


@irdl_op_definition
class TrapOp(IRDLOperation):
    """End the launch with an error: `pto.trap`."""

    name = "pto.trap"
    assembly_format = "attr-dict"


@irdl_op_definition
class SyncAllOp(IRDLOperation):
    """Wait until all cores are here: `pto.syncall() mode = #pto.sync_all_mode<hard>, core_type = ...`."""

    name = "pto.syncall"

    mode = prop_def(SyncAllModeAttr)
    core_type = prop_def(SyncCoreTypeAttr)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `() mode = #pto.sync_all_mode<hard>, core_type = #pto.sync_core_type<mix>`."""
        start = parser.pos
        parser.parse_punctuation("(")
        parser.parse_punctuation(")")
        parser.parse_keyword("mode")
        parser.parse_punctuation("=")
        mode = parser.parse_attribute()
        parser.parse_punctuation(",")
        parser.parse_keyword("core_type")
        parser.parse_punctuation("=")
        core_type = parser.parse_attribute()
        if not isinstance(mode, SyncAllModeAttr) or not isinstance(core_type, SyncCoreTypeAttr):
            parser.raise_error(f"{cls.name} takes a #pto.sync_all_mode and a #pto.sync_core_type", start)
        properties: dict[str, Attribute] = {"mode": mode, "core_type": core_type}
        return cls.create(properties=properties, attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """Print it like that."""
        printer.print_string("() mode = ")
        printer.print_attribute(self.mode)
        printer.print_string(", core_type = ")
        printer.print_attribute(self.core_type)
        printer.print_op_attributes(self.attributes)

    def verify_(self) -> None:
        """Check that it is by flags."""
        if self.mode.data is SyncAllMode.SOFT:
            raise VerifyException(
                f"{self.name}: by words in memory it needs workspaces, which are not implemented: hard"
            )


@irdl_op_definition
class TSyncOp(IRDLOperation):
    """A call that does nothing, as ptoas 0.48 prints it: `pto.tsync ins(%m : memref<..>)`."""

    name = "pto.tsync"
    assembly_format = "`ins` `(` $src `:` type($src) `)` attr-dict"

    src = operand_def()

    def __init__(self, src: SSAValue) -> None:
        super().__init__(operands=[src])
