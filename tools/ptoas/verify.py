"""Check a parsed module: every operation by its own rules, then what concerns several of them."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import AllocationOp, CrossCoreFlagOp, DeviceLimit, SetFftsOp, TileBufType, row_distance
from tools.ptoas.diagnostics import OperationError, OperationWarning, wrong
from tools.ptoas.functions import callee_name, core_of, core_of_tile, functions_of, verify_functions
from tools.ptoas.tile_fifos import verify_tile_fifos
from tools.ptoas.verify_fifos import verify_fifos

LIMIT = "ptoas 0.48 takes it, the device's headers do not"
"""What is said of operations that are assembled, and cannot be compiled, or do something else than they should."""


def verify_module(module: ModuleOp, *, addresses: bool = False) -> Iterator[OperationError]:
    """All violations, and warnings (`OperationWarning`), in the order of the module.

    Args:
        module: what was parsed.
        addresses: whether the program places its tiles (`--pto-level=level3`), or the assembler does.
    """
    errors: list[OperationError] = []
    _verify_block(module.body.block, set(), errors)
    yield from errors
    yield from verify_functions(module)
    for function in functions_of(module):
        yield from _verify_function(function, module, addresses)
    yield from verify_tile_fifos(module, addresses=addresses)


def _verify_block(block: Block, defined: set[SSAValue], errors: list[OperationError]) -> None:
    """Check the operations of a block; `defined` are the values that they may use."""
    # A copy: what is defined in here is not known behind the block.
    defined = defined | set(block.args)
    for op in block.ops:
        try:
            op.verify(verify_nested_ops=False)
        except DeviceLimit as limit:
            errors.append(OperationWarning(op, f"{limit}; {LIMIT}"))
        except VerifyException as error:
            errors.append(OperationError(op, str(error)))
        errors.extend(
            wrong(op, f"operand {index} is used before it is defined")
            for index, operand in enumerate(op.operands)
            if operand not in defined
        )
        errors.extend(_selected_windows(op))
        for region in op.regions:
            if len(region.blocks) > 1:
                errors.append(wrong(op, "control flow must be structured (scf.for, scf.if)"))
                continue
            for inner in region.blocks:
                _verify_block(inner, defined, errors)
        defined.update(op.results)


def _selected_windows(op: Operation) -> Iterator[OperationError]:
    """A tile that is selected at run time is one variable, and the types of all that it may be must be the same."""
    if isinstance(op, scf.ForOp | scf.YieldOp):
        for value in op.operands:
            if isinstance(value.type, TileBufType) and row_distance(value) != value.type.shape[1]:
                yield wrong(op, "a window that is narrower than its tile cannot be selected")


def _verify_function(function: FuncOp, module: ModuleOp, addresses: bool) -> Iterator[OperationError]:
    """Check who places the function's tiles, which core they are on, and that one function at a time has some."""
    allocates = False
    for op in function.body.walk():
        if not isinstance(op, AllocationOp):
            continue
        allocates = True
        if addresses and op.addr is None:
            yield wrong(op, "every tile needs addr = .. with --pto-level=level3")
        elif not addresses and op.addr is not None:
            yield wrong(op, "unexpected 'addr' operand: only supported when --pto-level=level3")
        core = core_of(op)
        if core is None:
            yield wrong(
                op,
                f"no core is given for this tile: set pto.kernel_kind on @{function.sym_name.data} or wrap "
                "its body in pto.section.vector or pto.section.cube",
            )
        elif core is not core_of_tile(op):
            loc = op.tile_type.loc
            yield wrong(op, f"the {core} core has no {loc.buffer.name} (a tile in {loc})")
    yield from _verify_cross_core_flags(function)
    if allocates:
        yield from _verify_memory_of_calls(function, module)
    yield from verify_fifos(function)


def _verify_cross_core_flags(function: FuncOp) -> Iterator[OperationError]:
    """Flags between cores work where the function has given the unit that keeps them its base."""
    operations = list(function.body.walk())
    if any(isinstance(op, SetFftsOp) for op in operations):
        return
    problem = f"@{function.sym_name.data} must give the base of the flags between cores with pto.set_ffts"
    yield from (wrong(op, problem) for op in operations if isinstance(op, CrossCoreFlagOp))


def _verify_memory_of_calls(function: FuncOp, module: ModuleOp) -> Iterator[OperationError]:
    """A function with tiles must not call another one with tiles: both would use the same bytes."""
    allocating = {
        callee.sym_name.data
        for callee in functions_of(module)
        if any(isinstance(op, AllocationOp) for op in callee.walk())
    }
    for op in function.body.walk():
        if isinstance(op, CallOp) and callee_name(op) in allocating:
            yield wrong(
                op,
                f"both @{function.sym_name.data} and {op.callee} allocate tiles, which would share their "
                "bytes: allocate all of them in one function",
            )
