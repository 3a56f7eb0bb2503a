"""Which global memory a value stands for: the pointer arguments of a function and its FIFOs, by name."""

from __future__ import annotations

from xdsl.dialects import arith, func
from xdsl.ir import BlockArgument, SSAValue

from ptodsl import dialect as pto

UNKNOWN = "unknown"
"""Memory that no argument names."""


class GlobalMemory:
    """Names of the memory behind the pointers, views and FIFO entries of one function.

    Slices of one argument are one memory, since their offsets are known at run time only; arguments do not alias. A
    pointer from anywhere else, such as the result of a call, may be all of them. The entry of a FIFO is that FIFO's
    memory, which is also part of the argument that the FIFO lies in.
    """

    def __init__(self, function: func.FuncOp) -> None:
        self._arguments = {
            argument: f"arg{argument.index}" for argument in function.args if isinstance(argument.type, pto.PtrType)
        }
        fifos = [op for op in function.walk() if isinstance(op, pto.InitializeL2G2LPipeOp)]
        self._fifos: dict[SSAValue, str] = {fifo.pipe: f"fifo{number}" for number, fifo in enumerate(fifos)}
        self.fifos = frozenset(self._fifos.values())
        """Names of the FIFOs."""
        self.names = frozenset((*self._arguments.values(), *self.fifos, UNKNOWN))
        """All names."""
        self._inside: dict[str, set[str]] = {}
        # Only now: `_roots` needs all the names, which are its answer where it cannot tell.
        for fifo in fifos:
            for root in self._roots(fifo.gm_addr):
                self._inside.setdefault(root, set()).add(self._fifos[fifo.pipe])

    def of(self, value: SSAValue) -> frozenset[str]:
        """Names of all memory that an access to `value` may touch."""
        roots = self._roots(value)
        return roots.union(*(self._inside.get(root, ()) for root in roots))

    def _roots(self, value: SSAValue) -> frozenset[str]:
        if isinstance(value, BlockArgument):
            name = self._arguments.get(value)
            return self.names if name is None else frozenset((name,))
        match value.owner:
            case pto.PartitionViewOp() as op:
                return self._roots(op.source)
            case pto.MakeTensorViewOp() | pto.AddPtrOp() as op:
                return self._roots(op.ptr)
            case pto.IntToPtrOp() as op if isinstance(op.address.owner, pto.PtrToIntOp):
                return self._roots(op.address.owner.ptr)
            case arith.SelectOp() as op:
                return self._roots(op.lhs) | self._roots(op.rhs)
            case pto.DeclareGlobalOp() as op:
                users = [use.operation for use in op.result.uses]
                pipes = [user.pipe for user in users if isinstance(user, pto.FifoOp)]
                known = all(pipe in self._fifos for pipe in pipes)
                return frozenset(self._fifos[pipe] for pipe in pipes) if known else self.names
            case _:
                return self.names
