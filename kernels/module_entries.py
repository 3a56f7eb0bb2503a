"""The entries that a module in the pto dialect has, as the signature of its library."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from kernels.signature import FFTS, Entry, Parameter
from ptodsl.dialect import FFTS_TYPE, PtrType, element_name
from ptodsl.module import ENTRY


def entries_of(module: ModuleOp) -> tuple[Entry, ...]:
    """Return the entries of a module that the DSL has built, in its order. Raises SignatureError.

    Parameters have the names of the kernel's Python.
    """
    return tuple(
        Entry(function.sym_name.data, tuple(map(_parameter, function.body.block.args)))
        for function in module.body.block.ops
        if isinstance(function, FuncOp) and ENTRY in function.attributes
    )


def _parameter(argument: SSAValue) -> Parameter:
    # The DSL hints each argument with the name that the Python function gives it.
    name = argument.name_hint or ""
    ty = argument.type
    if ty == FFTS_TYPE:
        return Parameter(name, FFTS)
    return Parameter(name, f"{element_name(ty.dtype)}*" if isinstance(ty, PtrType) else str(ty))
