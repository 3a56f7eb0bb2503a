"""Tests of wrong calls: each raises a DslError that names the user's file and line, and the rule."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest

from ptodsl import pto, scalar, tile
from ptodsl.dialect import ElementType
from ptodsl.errors import DslError
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import Scalar, Value

F32 = pto.TileBufType([16, 64], pto.float32)
F16 = pto.TileBufType([16, 64], pto.float16)
TALL = pto.TileBufType([32, 64], pto.float32)
MAT = pto.TileBufType([64, 64], pto.float16, "MAT")
LEFT = pto.TileBufType([64, 64], pto.float16, "LEFT")

PARAMETERS = {"x": pto.PtrType(pto.float32), "n": pto.int64, "f": pto.float32}


def _view(args: Arguments) -> Value:
    return pto.as_tensor(ptr=args["x"], shape=[16, 64], strides=[64, 1])


def _add(*types: object) -> None:
    tile.add(*(pto.alloc_tile(ty) for ty in types))  # type: ignore[arg-type]


def _leave_loop(args: Arguments) -> None:
    for _ in pto.range(0, 4):
        break


def _use_after_loop(args: Arguments) -> None:
    for i in pto.range(0, 4):
        inside = i + 1
    inside + 1


def _use_then_in_else(args: Arguments) -> None:
    with pto.if_context(args.scalar("n") == 0, has_else=True) as branch:
        inside = args.scalar("n") + 1
        with branch.else_context():
            inside + 1


def _fail_in_loop(args: Arguments) -> None:
    for _ in pto.range(0, 4):
        tile.exp(args["x"], args["x"])


def _else_without_else(args: Arguments) -> None:
    with pto.if_context(args.scalar("n") == 0) as branch:
        pass
    with branch.else_context():
        pass


def _python_if(args: Arguments) -> None:
    if args.scalar("n") == 0:
        pto.print("%d", args.scalar("n"))


def _two_kinds_of_entries(args: Arguments) -> None:
    handle = _use_fifo(args, [16, 64])
    pto.tpop(pto.TensorType(shape=[8, 128], dtype=pto.float32), handle, 0)


WRONG: list[tuple[str, Callable[[Arguments], object], str]] = [
    ("dtypes differ", lambda args: _add(F32, F16, F32), "operands must have the same dtype"),
    ("shapes differ", lambda args: _add(F32, TALL, F32), "operands must have the same valid shape"),
    ("buffer is wrong", lambda args: _add(MAT, MAT, MAT), "must be in vec (UB), not in mat (L1)"),
    ("not a tile", lambda args: tile.add(args["x"], args["x"], args["x"]), "lhs must be a Tile, not <Pointer"),
    ("Python number for a tile", lambda args: tile.exp(3, 4), "inp must be a Tile, not 3"),
    ("move goes nowhere", lambda args: tile.mov(pto.alloc_tile(F16), pto.alloc_tile(LEFT)), "can be moved to vec"),
    ("load of another shape", lambda args: _load(args, [8, 64]), "must agree with the tile's valid shape"),
    ("slice leaves its view", lambda args: _load(args, [32, 64]), "outside dimension 0"),
    ("view of another dtype", lambda args: _typed_view(args), "the pointer is !pto.ptr<f32> but the view is"),
    ("index mixed with i64", lambda args: scalar.const(1) + args.scalar("n"), "has type i64 where index is needed"),
    ("float division of integers", lambda args: args.scalar("n") / 2, "/ does not work on i64; use // for integers"),
    ("integer division of floats", lambda args: args.scalar("f") // 2, "// does not work on f32; use / for floats"),
    ("fraction as an index", lambda args: scalar.const(0.5), "0.5 is not a whole number"),
    ("constant too large", lambda args: scalar.const(1 << 40, pto.int32), "does not fit into i32"),
    ("comparison with text", lambda args: args.scalar("n") == "3", "must be a scalar or a Python number, not '3'"),
    ("branch in Python", _python_if, "use pto.if_context or scalar.select"),
    ("loop in Python", lambda args: range(args.scalar("n")), "cannot count with it; loop with pto.range"),
    ("scalar of another type", lambda args: pto.load_scalar(pto.int32, args["x"], 0), "from a pointer to f32"),
    ("argument is no scalar", lambda args: args.scalar("x"), "the argument x is a !pto.ptr<f32>, not a scalar"),
    ("loop left by break", _leave_loop, "this loop was left by break"),
    ("loop with step 0", lambda args: next(iter(pto.range(0, 4, 0))), "step must be positive, not 0"),
    ("use after the loop", _use_after_loop, "belongs to another function, or to a loop"),
    ("branch's value in the other", _use_then_in_else, "belongs to another function, or to a loop"),
    ("else without has_else", _else_without_else, "pass has_else=True"),
    ("unknown pipe", lambda args: pto.barrier("X"), "there is no pipe 'X'"),
    ("unknown event", lambda args: pto.record_event("MTE2", "V", "first"), "is not an event id"),
    ("event out of range", lambda args: pto.wait_event("MTE2", "V", 8), "event id 8 is out of range"),
    ("free before pop", lambda args: pto.tfree(_fifo(args), 1), "needs a tpop on the same pipe before it"),
    (
        "an entry that is no slot",
        lambda args: _use_fifo(args, [16, 32]),
        "has 2048 bytes, but must be as large as a slot",
    ),
    ("an entry of another type", lambda args: _use_fifo(args, [16, 128], pto.float16), "the entry is f16 but gm_addr"),
    ("a second kind of entry", _two_kinds_of_entries, "they must have the same sizes"),
    ("unknown direction", lambda args: _fifo(args, dir_mask=3), "dir_mask must be 1"),
    ("unknown layout", lambda args: _view_of(args, layout="xy"), "unknown layout 'xy'"),
    ("unknown rounding", lambda args: tile.cvt(pto.alloc_tile(F32), pto.alloc_tile(F16), "UP"), "unknown round mode"),
    ("no tile type", lambda args: pto.alloc_tile("tile"), "alloc_tile needs a TileBufType"),  # type: ignore[arg-type]
    ("reshape in the wrong order", lambda args: tile.reshape(pto.alloc_tile(F32), F32), "TileBufType first"),  # type: ignore[arg-type]
    ("unaligned address", lambda args: pto.alloc_tile(F32, addr=100), "addr 100 is not a multiple of 32 bytes"),
]


def _load(args: Arguments, sizes: list[int]) -> None:
    part = pto.slice_view(source=_view(args), offsets=[0, 0], sizes=sizes)
    pto.load(part, pto.alloc_tile(F32))


def _typed_view(args: Arguments) -> None:
    half = pto.TensorType(rank=2, dtype=pto.float16)
    pto.as_tensor(half, ptr=args["x"], shape=[_size(args)] * 2, strides=[64, 1])


def _size(args: Arguments) -> Scalar:
    return scalar.index_cast(args.scalar("n"))


def _view_of(args: Arguments, layout: str) -> None:
    pto.as_tensor(ptr=args["x"], shape=[16, 64], strides=[64, 1], layout=layout)


def _fifo(args: Arguments, dir_mask: int = 1) -> Value:
    return pto.initialize_l2g2l_pipe(dir_mask=dir_mask, slot_size=4096, slot_num=8, gm_addr=args["x"])


def _use_fifo(args: Arguments, shape: list[int], dtype: ElementType = pto.float32) -> Value:
    handle = _fifo(args)
    pto.tpop(pto.TensorType(shape=shape, dtype=dtype), handle, 0)
    return handle


@pytest.mark.parametrize(("wrong", "rule"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_call_names_the_users_line_and_the_rule(wrong: Callable[[Arguments], object], rule: str) -> None:
    message = rf"^ptodsl/misuse_test\.py:\d+: .*{re.escape(rule)}"
    with pytest.raises(DslError, match=message), ModuleBuilder().function("main", PARAMETERS) as args:
        wrong(args)


def test_the_line_is_that_of_the_call() -> None:
    module = ModuleBuilder()
    with pytest.raises(DslError) as caught, module.function("main", PARAMETERS) as args:
        tile.exp(args["x"], args["x"])
    source, start = inspect.getsourcelines(test_the_line_is_that_of_the_call)
    assert "tile.exp" in source[caught.value.line.line - start]


@pytest.mark.parametrize("call", [pto.get_block_idx, lambda: pto.alloc_tile(F32), lambda: scalar.const(1)])
def test_operations_outside_a_function_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(DslError, match="only be used while a function is being built"):
        call()


def test_a_value_of_another_function_is_refused() -> None:
    module = ModuleBuilder()
    with module.function("first", {}, kernel="vector"):
        foreign = pto.alloc_tile(F32)
    with pytest.raises(DslError, match="belongs to another function"), module.function("second", {}, kernel="vector"):
        tile.exp(foreign, foreign)


def test_after_an_error_the_next_function_starts_afresh() -> None:
    with pytest.raises(DslError), ModuleBuilder().function("main", PARAMETERS) as args:
        _fail_in_loop(args)
    module = ModuleBuilder()
    with module.function("main", {}):
        pto.alloc_tile(F32)
    module.finish()


def test_a_refused_operation_does_not_stay_in_the_module() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        small, tall = pto.alloc_tile(F32), pto.alloc_tile(TALL)
        with pytest.raises(DslError):
            tile.add(small, tall, small)
        tile.add(small, small, small)
    assert [op.name for op in module.finish().walk()].count("pto.tadd") == 1
