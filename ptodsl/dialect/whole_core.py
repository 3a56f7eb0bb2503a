"""What concerns a whole core, or all of them: trap, and points where all meet."""

from __future__ import annotations

from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, prop_def
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from ptodsl.dialect.attributes import attribute_of


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


SyncAllModeAttr = attribute_of(SyncAllMode, "sync_all_mode", angles=True)
SyncCoreTypeAttr = attribute_of(SyncCoreType, "sync_core_type", angles=True)


@irdl_op_definition
class TrapOp(IRDLOperation):
    """End the launch with an error: `pto.trap`."""

    name = "pto.trap"
    assembly_format = "attr-dict"


@irdl_op_definition
class SyncAllOp(IRDLOperation):
    """Wait until all cores are here: `pto.syncall() mode = #pto.sync_all_mode<hard>, core_type = ...`."""

    name = "pto.syncall"
    assembly_format = "`(` `)` `mode` `=` qualified($mode) `,` `core_type` `=` qualified($core_type) attr-dict"

    mode = prop_def(SyncAllModeAttr)
    core_type = prop_def(SyncCoreTypeAttr)

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
