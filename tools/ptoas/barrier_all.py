"""`--enable-inject-barrier-all-sync`: a `PIPE_ALL` barrier before every operation that touches memory."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from ptodsl.dialect import Pipe, PipeBarrierOp, effects_of


def inject_barriers(module: ModuleOp) -> None:
    """Order all memory operations of each core, by barriers in front of them; always right, never fast."""
    touching = [op for op in module.walk() if _touches_memory(op)]
    for op in touching:
        barrier = PipeBarrierOp(Pipe.ALL)
        barrier.location = op.location
        block = op.parent
        assert block is not None
        block.insert_op_before(barrier, op)


def _touches_memory(op: Operation) -> bool:
    effects = effects_of(op)
    return effects is not None and bool(effects.reads or effects.writes)
