"""C++ of functions, sections, loops, ifs and calls."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func, scf
from xdsl.ir import Block, Operation, SSAValue

from ptodsl import dialect as pto
from tools.ptoas.diagnostics import wrong
from tools.ptoas.emit_cpp import fifos, moves, scalars, tiles, views
from tools.ptoas.emit_cpp.spelling import value_type
from tools.ptoas.emit_cpp.templates import Emitter, statement
from tools.ptoas.emit_cpp.writer import Writer
from tools.ptoas.functions import callee_name

GUARDS = {pto.KernelKind.CUBE: "__DAV_CUBE__", pto.KernelKind.VECTOR: "__DAV_VEC__"}
"""Macros that the device compiler defines for the core it compiles for."""

VECTOR_PROLOGUE = ("set_mask_norm();", "set_vector_mask(-1, -1);")
"""What a vector core executes first: masks count elements, and all are active."""


def emit_block(writer: Writer, block: Block) -> None:
    """Print the operations of a block, its terminator excepted."""
    for op in block.ops:
        if not isinstance(op, scf.YieldOp | scf.ConditionOp | func.ReturnOp):
            emit_op(writer, op)


def emit_op(writer: Writer, op: Operation) -> None:
    """Print one operation.

    Raises:
        OperationError: there is no C++ for it.
    """
    for cls in type(op).__mro__:
        if cls in EMITTERS:
            with writer.printing(op):
                EMITTERS[cls](writer, op)
            return
    raise wrong(op, "the assembler has no C++ for this operation")


def emit_guarded(writer: Writer, kind: pto.KernelKind, block: Block) -> None:
    """Print a block that only one kind of core compiles."""
    guard = GUARDS[kind]
    writer.directive(f"#if defined({guard})")
    if kind is pto.KernelKind.VECTOR:
        for line in VECTOR_PROLOGUE:
            writer.line(line)
    emit_block(writer, block)
    emit_flush(writer, block)
    writer.directive(f"#endif // {guard}")


def emit_flush(writer: Writer, block: Block) -> None:
    """Behind a block with stores of the scalar unit: write back its cache, without which GM does not see them.

    A section does that for its own stores.
    """
    if any(isinstance(op, pto.StoreScalarOp) and not _in_section(op, block) for op in block.walk()):
        writer.line("pipe_barrier(PIPE_ALL);")
        writer.line("dcci((__gm__ void*)0, ENTIRE_DATA_CACHE, CACHELINE_OUT);")
        writer.line("dsb((mem_dsb_t)0);")


def _in_section(op: Operation, block: Block) -> bool:
    """Whether a section stands between `op` and the block around it."""
    around = op.parent_op()
    while around is not None and around is not block.parent_op():
        if isinstance(around, pto.SectionOp):
            return True
        around = around.parent_op()
    return False


def emit_for(writer: Writer, op: scf.ForOp) -> None:
    """`for (int64_t v9 = v1; v9 < v2; v9 += v3) { ... }`; loop-carried values are variables in front of it."""
    carried = op.body.block.args[1:]
    for initial, argument, result in zip(op.iter_args, carried, op.results, strict=True):
        # Behind the last pass the variable holds the result.
        writer.alias(result, writer.variable(value_type(argument, op), writer.name(initial), argument))
    index = op.body.block.args[0]
    lb, ub, step = (writer.name(value) for value in (op.lb, op.ub, op.step))
    name = writer.define(index)
    head = f"for ({value_type(index, op)} {name} = {lb}; {name} < {ub}; {name} += {step})"
    with writer.block(head):
        emit_block(writer, op.body.block)
        _assign_yielded(writer, op, op.body.block, carried)


def emit_while(writer: Writer, op: scf.WhileOp) -> None:
    """`while (true) { ...; if (!(v1)) break; ... }`; what goes round and what the condition passes on are variables."""
    before, after = op.before_region.block, op.after_region.block
    condition = before.last_op
    assert isinstance(condition, scf.ConditionOp)
    for initial, argument in zip(op.arguments, before.args, strict=True):
        writer.variable(value_type(argument, op), writer.name(initial), argument)
    for result, argument in zip(op.results, after.args, strict=True):
        name = writer.define(result)
        writer.line(f"{value_type(result, op)} {name};")
        writer.alias(argument, name)
    with writer.block("while (true)"):
        emit_block(writer, before)
        # Before the break, since the results are what the condition passed on last.
        for result, value in zip(op.results, condition.args, strict=True):
            writer.line(f"{writer.name(result)} = {writer.name(value)};")
        writer.line(f"if (!({writer.name(condition.condition)})) break;")
        emit_block(writer, after)
        _assign_yielded(writer, op, after, before.args)


def emit_if(writer: Writer, op: scf.IfOp) -> None:
    """`if (v1) { ... } else { ... }`; results are variables in front of it."""
    condition = writer.name(op.cond)
    for result in op.results:
        writer.line(f"{value_type(result, op)} {writer.define(result)};")
    then = op.true_region.block
    otherwise = op.false_region.first_block
    if otherwise is None or (isinstance(otherwise.first_op, scf.YieldOp) and not op.results):
        with writer.block(f"if ({condition})"):
            emit_block(writer, then)
        return
    with writer.block(f"if ({condition})", close=False):
        emit_block(writer, then)
        _assign_yielded(writer, op, then, op.results)
    with writer.block("} else"):
        emit_block(writer, otherwise)
        _assign_yielded(writer, op, otherwise, op.results)


def _assign_yielded(writer: Writer, op: Operation, block: Block, targets: Sequence[SSAValue]) -> None:
    """Print the assignments of a yield; through copies, since a target may be another one's source."""
    terminator = block.last_op
    if not targets or terminator is None:
        return
    pairs = [(writer.name(t), writer.name(s), t) for t, s in zip(targets, terminator.operands, strict=True)]
    pairs = [(target, source, value) for target, source, value in pairs if target != source]
    assigned = {target for target, _, _ in pairs}
    if any(source in assigned for _, source, _ in pairs):
        pairs = [(target, writer.variable(value_type(value, op), source), value) for target, source, value in pairs]
    for target, source, _ in pairs:
        writer.line(f"{target} = {source};")


def emit_call(writer: Writer, op: func.CallOp) -> None:
    """`cube_kernel(v1, v2);`."""
    if len(op.results) > 1:
        raise wrong(op, "a function returns one value at most")
    if not op.results:
        writer.call(callee_name(op), op.arguments)
        return
    call = f"{callee_name(op)}({', '.join(writer.name(argument) for argument in op.arguments)})"
    writer.variable(value_type(op.results[0], op), call, op.results[0])


def emit_sync_set(writer: Writer, op: pto.SyncSetOp) -> None:
    """`uint16_t v3 = getFFTSMsg(FFTS_MODE_VAL, 3); ffts_cross_core_sync(PIPE_MTE3, v3);`."""
    mode = "FFTS_MODE_VAL" if op.mode == pto.FFTS_MODE else str(op.mode)
    message = writer.variable("uint16_t", f"getFFTSMsg({mode}, {_cross_core_flag(writer, op)})")
    writer.call("ffts_cross_core_sync", [op.pipe.data, message])


def emit_sync_wait(writer: Writer, op: pto.SyncWaitOp) -> None:
    """`wait_flag_dev(3);`."""
    writer.line(f"wait_flag_dev({_cross_core_flag(writer, op)});")


def _cross_core_flag(writer: Writer, op: pto.CrossCoreFlagOp) -> str:
    return writer.name(op.event_id_dyn) if op.event_id_dyn is not None else str(op.number)


def emit_print(writer: Writer, op: pto.PrintOp) -> None:
    """`cce::printf("...", v1);`."""
    text = op.format.data.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    writer.line(f'cce::printf("{text}", {writer.name(op.value)});')


EMITTERS: dict[type[Operation], Emitter] = {
    **scalars.EMITTERS,
    **views.EMITTERS,
    **fifos.EMITTERS,
    **tiles.EMITTERS,
    **moves.EMITTERS,
    scf.ForOp: emit_for,
    scf.IfOp: emit_if,
    scf.WhileOp: emit_while,
    func.CallOp: emit_call,
    pto.SetFftsOp: statement("set_ffts_base_addr((uint64_t){0})"),
    pto.SectionCubeOp: lambda writer, op: emit_guarded(writer, pto.KernelKind.CUBE, op.block),
    pto.SectionVectorOp: lambda writer, op: emit_guarded(writer, pto.KernelKind.VECTOR, op.block),
    pto.SyncSetOp: emit_sync_set,
    pto.SyncWaitOp: emit_sync_wait,
    pto.PrintOp: emit_print,
}
"""How each kind of operation is printed; a class without its own row is printed like its base."""
