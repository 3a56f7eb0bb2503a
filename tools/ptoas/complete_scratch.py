"""Gives operations the scratch that a program may leave to the assembler."""

from __future__ import annotations

from xdsl.dialects.builtin import DenseArrayBase, ModuleOp, i32

from ptodsl.dialect import VECTOR_OPS, AllocTileOp, TileBufType
from tools.ptoas.diagnostics import wrong
from tools.ptoas.insertion import insert_before


def complete_scratch(module: ModuleOp, *, addresses: bool = False) -> None:
    """Allocate a tile of src's type for each `pto.tquant` without tmp, as the real assembler does.

    Raises:
        OperationError: the program places its tiles itself (`addresses`), so there is no place for one more.
    """
    for op in list(module.walk()):
        if not isinstance(op, VECTOR_OPS["tquant"]) or op.tmp is not None:  # type: ignore[attr-defined]
            continue
        if addresses:
            raise wrong(op, "with --pto-level=level3 it needs tmp, outs(%d, %t), at a place of its own")
        src, fp, offset, dst = op.src, op.fp, op.offset, op.dst  # type: ignore[attr-defined]
        assert isinstance(src.type, TileBufType)
        scratch = AllocTileOp(TileBufType.of(src.type.shape, src.type.dtype, src.type.loc))
        insert_before(op, scratch)
        op.operands = [src, fp, *([] if offset is None else [offset]), scratch.result, dst]
        # How many operands each of these is: src, fp, offset, tmp, dst.
        op.properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, [1, 1, int(offset is not None), 1, 1])
