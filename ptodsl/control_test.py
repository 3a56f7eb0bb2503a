"""Tests of control flow: what is traced into which region."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.func import FuncOp
from xdsl.dialects.scf import ForOp, IfOp
from xdsl.ir import Block, Operation

from ptodsl import pto, scalar
from ptodsl.dialect import PrintOp
from ptodsl.module import Arguments, ModuleBuilder


def _trace(body: Callable[[Arguments], object]) -> Block:
    module = ModuleBuilder()
    with module.function("main", {"n": pto.index, "k": pto.int32}) as args:
        body(args)
    function = module.finish().body.block.first_op
    assert isinstance(function, FuncOp)
    return function.body.block


def _shape(block: Block) -> list[object]:
    """Formats of the prints in a block; a nested list for each region of another operation."""
    shape: list[object] = []
    for op in block.ops:
        if isinstance(op, PrintOp):
            shape.append(op.format.data)
        shape += [_shape(region.block) for region in op.regions if region.blocks]
    return shape


def _mark(text: str) -> None:
    """Emit an operation that `_shape` finds."""
    pto.print(text, scalar.const(1, pto.int32))


def _first(block: Block, kind: type[Operation]) -> Operation:
    return next(op for op in block.walk() if isinstance(op, kind))


def test_a_loop_is_traced_once_and_left() -> None:
    def body(args: Arguments) -> None:
        _mark("before")
        for _ in pto.range(0, args.scalar("n"), 2):
            _mark("body")
        _mark("after")

    assert _shape(_trace(body)) == ["before", ["body"], "after"]


def test_the_loop_variable_has_the_type_of_the_bounds() -> None:
    types = []

    def body(args: Arguments) -> None:
        for bound in (args.scalar("n"), args.scalar("k")):
            for i in pto.range(0, bound):
                types.append(str(i.type))
        for i in pto.range(1, 5):
            types.append(str(i.type))

    loop = _first(_trace(body), ForOp)
    assert types == ["index", "i32", "index"]
    assert [str(operand.type) for operand in loop.operands] == ["index"] * 3


def test_branches_nest_with_else_inside_or_after_the_then() -> None:
    def body(args: Arguments) -> None:
        zero = args.scalar("n") == 0
        with pto.if_context(zero, has_else=True) as after:
            _mark("then")
            with pto.if_context(zero, has_else=True) as inside:
                _mark("inner then")
                with inside.else_context():
                    _mark("inner else")
        with after.else_context():
            _mark("else")
        _mark("end")

    assert _shape(_trace(body)) == [["then", ["inner then"], ["inner else"]], ["else"], "end"]


def test_a_branch_without_else_has_no_second_region() -> None:
    def body(args: Arguments) -> None:
        with pto.if_context(args.scalar("n") > 3):
            _mark("then")

    op = _first(_trace(body), IfOp)
    assert [len(region.blocks) for region in op.regions] == [1, 0]


def test_cond_traces_its_functions() -> None:
    def body(args: Arguments) -> None:
        zero = args.scalar("n") == 0
        pto.cond(zero, lambda: _mark("yes"), lambda: _mark("no"))
        pto.cond(zero, lambda: _mark("only"))

    assert _shape(_trace(body)) == [["yes"], ["no"], ["only"]]
