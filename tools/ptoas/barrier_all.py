"""`--enable-inject-barrier-all-sync`: a `PIPE_ALL` barrier before every operation that touches memory."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from ptodsl.dialect import BarrierOp, Pipe, touches_memory


def inject_barriers(module: ModuleOp) -> None:
    """Order all memory operations of each core, by barriers in front of them; always right, never fast."""
    touching = [op for op in module.walk() if touches_memory(op)]
    for op in touching:
        barrier = BarrierOp(Pipe.ALL)
        barrier.location = op.location
        block = op.parent
        assert block is not None
        block.insert_op_before(barrier, op)
