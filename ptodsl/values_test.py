"""Tests of scalars: operators and the `scalar` module become the right arithmetic, and constants are shared."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest
from xdsl.dialects.arith import CmpfOp, CmpiOp, ConstantOp
from xdsl.dialects.builtin import FloatAttr, ModuleOp
from xdsl.ir import Operation

from ptodsl import pto, scalar
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import Scalar

PARAMETERS = {"a": pto.index, "b": pto.index, "f": pto.float32, "g": pto.float32}


def _module(body: Callable[[Arguments], object]) -> ModuleOp:
    module = ModuleBuilder()
    with module.function("main", PARAMETERS) as args:
        body(args)
    return module.finish()


def _operations(body: Callable[[Scalar, Scalar], object], names: str = "ab") -> list[Operation]:
    module = _module(lambda args: body(args.scalar(names[0]), args.scalar(names[1])))
    function = next(iter(module.body.block.ops))
    return list(function.regions[0].block.ops)[:-1]


INTEGER = [
    (operator.add, "arith.addi"),
    (operator.sub, "arith.subi"),
    (operator.mul, "arith.muli"),
    (operator.floordiv, "arith.divsi"),
    (operator.mod, "arith.remsi"),
    (scalar.div_s, "arith.divsi"),
    (scalar.rem_s, "arith.remsi"),
    (scalar.ceil_div, "arith.ceildivsi"),
    (scalar.min_u, "arith.minui"),
]

FLOAT = [
    (operator.add, "arith.addf"),
    (operator.sub, "arith.subf"),
    (operator.mul, "arith.mulf"),
    (operator.truediv, "arith.divf"),
]


@pytest.mark.parametrize(("function", "name"), INTEGER)
def test_integer_arithmetic(function: Callable[[Scalar, Scalar], Scalar], name: str) -> None:
    (op,) = _operations(function)
    assert (op.name, [o.name_hint for o in op.operands]) == (name, ["a", "b"])


@pytest.mark.parametrize(("function", "name"), FLOAT)
def test_float_arithmetic(function: Callable[[Scalar, Scalar], Scalar], name: str) -> None:
    (op,) = _operations(function, "fg")
    assert (op.name, [o.name_hint for o in op.operands]) == (name, ["f", "g"])


@pytest.mark.parametrize(
    "function", [operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod], ids=lambda f: f.__name__
)
def test_a_number_may_stand_on_either_side(function: Callable[[object, object], object]) -> None:
    right = _operations(lambda a, _: function(a, 7))
    left = _operations(lambda a, _: function(7, a))
    assert [op.name for op in left] == [op.name for op in right]
    assert [o.name_hint for o in right[-1].operands] == ["a", None]
    assert [o.name_hint for o in left[-1].operands] == [None, "a"]


COMPARISONS = [
    (operator.eq, "eq", "oeq"),
    (operator.ne, "ne", "une"),
    (operator.lt, "slt", "olt"),
    (operator.le, "sle", "ole"),
    (operator.gt, "sgt", "ogt"),
    (operator.ge, "sge", "oge"),
    (scalar.eq, "eq", "oeq"),
    (scalar.lt, "slt", "olt"),
    (scalar.gt, "sgt", "ogt"),
    (scalar.ge, "sge", "oge"),
]


@pytest.mark.parametrize(("function", "signed", "ordered"), COMPARISONS)
def test_comparisons_are_signed_and_false_for_nan_but_ne(
    function: Callable[[Scalar, Scalar], Scalar], signed: str, ordered: str
) -> None:
    (integer,), (single,) = _operations(function), _operations(function, "fg")
    assert isinstance(integer, CmpiOp)
    assert isinstance(single, CmpfOp)
    wanted = CmpiOp(integer.lhs, integer.rhs, signed), CmpfOp(single.lhs, single.rhs, ordered)
    assert (integer.predicate, single.predicate) == (wanted[0].predicate, wanted[1].predicate)


def test_select_and_casts() -> None:
    ops = _operations(lambda a, b: scalar.index_cast(scalar.select(a < b, a, 3), pto.int64))
    assert [op.name for op in ops] == ["arith.constant", "arith.cmpi", "arith.select", "arith.index_cast"]
    assert ops[-1].results[0].type == pto.int64
    (op,) = _operations(lambda f, _: scalar.truncf(f, pto.float16), "fg")
    assert (op.name, op.results[0].type) == ("arith.truncf", pto.float16)


def test_a_cast_to_the_same_type_is_nothing() -> None:
    assert _operations(lambda a, _: scalar.index_cast(a)) == []


def test_both_zeros_are_constants() -> None:
    zeros = _operations(lambda a, b: (a * 0.0 + a * -0.0, a * 0.0), "fg")
    values = [op.value.value.data for op in zeros if isinstance(op, ConstantOp) and isinstance(op.value, FloatAttr)]
    assert [str(value) for value in values] == ["0.0", "-0.0"]


def test_equal_constants_are_one_at_the_top_of_the_function() -> None:
    ops = _operations(lambda a, b: [a + 2, b + 2, a * 3])
    assert [op.name for op in ops] == ["arith.constant"] * 2 + ["arith.addi"] * 2 + ["arith.muli"]


def test_constants_of_different_types_are_not_shared() -> None:
    ops = _operations(lambda a, b: [scalar.const(1), scalar.const(1, pto.int64), scalar.const(1, pto.float32)])
    assert [str(op.result.type) for op in ops if isinstance(op, ConstantOp)] == ["index", "i64", "f32"]


def test_a_constant_made_in_a_loop_can_be_used_after_it() -> None:
    def body(args: Arguments) -> None:
        for i in pto.range(0, args.scalar("a")):
            i + 5
        args.scalar("b") + 5

    _module(body)
