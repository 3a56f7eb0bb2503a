"""`--enable-inject-barrier-all-sync`: a `PIPE_ALL` barrier before every operation that touches memory."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from ptodsl.dialect import BarrierOp, Pipe, touches_memory
from tools.ptoas.insertion import insert_before


def inject_barriers(module: ModuleOp) -> None:
    """Order all memory operations of each core, by barriers in front of them; always right, never fast."""
    for op in [op for op in module.walk() if touches_memory(op)]:
        insert_before(op, BarrierOp(Pipe.ALL))
