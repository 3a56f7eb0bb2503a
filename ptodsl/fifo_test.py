"""Tests of FIFO operations and of explicit synchronisation: what they print."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from ptodsl import pto
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.printing import module_text
from ptodsl.values import FifoHandle

ENTRY = pto.TensorType(shape=[64, 128], dtype=pto.float32)


def _printed(body: Callable[[Arguments], object]) -> list[str]:
    """Lines of the operations that `body` makes, without constants."""
    module = ModuleBuilder()
    with module.function("main", {"x": pto.PtrType(pto.float32)}) as args:
        body(args)
    lines = [line.strip() for line in module_text(module.finish(), locations=False).splitlines()]
    return [line for line in lines[2 : lines.index("func.return")] if " = arith.constant " not in line]


def _fifo(args: Arguments) -> FifoHandle:
    return pto.initialize_l2g2l_pipe(dir_mask=1, slot_size=32768, slot_num=8, gm_addr=args["x"], flag_base=2)


def _fifo_of_view(args: Arguments) -> FifoHandle:
    view = pto.as_tensor(ptr=args["x"], shape=[64, 128], strides=[128, 1])
    return pto.initialize_l2g2l_pipe(dir_mask=1, slot_size=32768, slot_num=8, gm_addr=view, flag_base=2)


PROPERTIES = (
    "dir_mask = 1 : i8, slot_size = 32768 : i32, slot_num = 8 : i32, flag_base = 2 : i32, "
    "operandSegmentSizes = array<i32: 1, 0, 0>"
)
HANDLE = f'"pto.initialize_l2g2l_pipe"(%4) <{{{PROPERTIES}}}> : (!pto.tensor_view<64x128xf32>) -> !pto.pipe'


def test_initialisation_prints_the_form_that_real_assemblers_parse() -> None:
    view, handle = _printed(_fifo_of_view)
    assert view.endswith(": !pto.tensor_view<64x128xf32>")
    assert handle == f"%4 = {HANDLE.replace('%4', '%3')}"


@pytest.mark.parametrize("fifo", [_fifo, _fifo_of_view])
def test_a_pointer_becomes_a_view_of_the_first_entry(fifo: Callable[[Arguments], FifoHandle]) -> None:
    """What is printed is the same, but for the order of the constants."""

    def body(args: Arguments) -> None:
        handle = fifo(args)
        for _ in pto.range(0, 2):
            entry = pto.declare_global(ENTRY)
            pto.talloc(entry, handle, 1)
            pto.tpush(entry, handle, 1)

    view, handle, _, entry, talloc, *_ = (re.sub(r"%\d+", "%", line) for line in _printed(body))
    assert view == "% = pto.make_tensor_view %x, shape = [%, %], strides = [%, %] : !pto.tensor_view<64x128xf32>"
    assert handle == f"% = {HANDLE.replace('%4', '%')}"
    assert (entry, talloc) == (
        "% = pto.declare_global -> !pto.tensor_view<64x128xf32>",
        "pto.talloc(%, % : !pto.tensor_view<64x128xf32>, !pto.pipe) {split = 1}",
    )


def test_the_view_of_a_pointer_is_located_where_the_fifo_is_initialised() -> None:
    module = ModuleBuilder()
    with module.function("main", {"x": pto.PtrType(pto.float32)}) as args:
        handle = _fifo(args)
        pto.talloc(pto.declare_global(ENTRY), handle, 1)
    view, handle_op = (
        next(op for op in module.finish().walk() if op.name == f"pto.{name}")
        for name in ("make_tensor_view", "initialize_l2g2l_pipe")
    )
    assert view.location == handle_op.location


def test_entry_operations_take_entry_pipe_and_split() -> None:
    def body(args: Arguments) -> None:
        fifo, entry = _fifo_of_view(args), pto.declare_global(ENTRY)
        pto.talloc(entry, fifo, 1)
        pto.tpush(entry, fifo, 1)
        pto.tpop_into(entry, fifo, 2)
        pto.tfree(fifo, 2, entry=entry)

    types = "(%5, %4 : !pto.tensor_view<64x128xf32>, !pto.pipe)"
    assert _printed(body)[2:] == [
        "%5 = pto.declare_global -> !pto.tensor_view<64x128xf32>",
        f"pto.talloc{types} {{split = 1}}",
        f"pto.tpush{types} {{split = 1}}",
        f"pto.tpop{types} {{split = 2}}",
        f"pto.tfree{types} {{split = 2}}",
    ]


def test_pop_declares_its_entry_and_free_finds_the_last_popped() -> None:
    def body(args: Arguments) -> None:
        fifo = _fifo(args)
        for _ in pto.range(0, 2):
            pto.tpop(ENTRY, fifo, 1)
            pto.tfree(fifo, 1)
        for _ in range(2):
            pto.tpop(ENTRY, fifo, 1)
            pto.tfree(fifo, 1)

    names = [line.split("(")[1].split(",")[0] for line in _printed(body) if line.startswith(("pto.tpop", "pto.tfree"))]
    assert names[::2] == names[1::2]
    assert len(set(names)) == 3
