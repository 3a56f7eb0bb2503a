"""Rules between the FIFO operations of a function: each wrong program is refused, and its right twin is not."""

from __future__ import annotations

import re

import pytest

from ptodsl.dialect.testing import fifo, snippet
from tools.ptoas.parse import parse_module
from tools.ptoas.verify import verify_module

HALVES = fifo(slot_size=131072)
"""A FIFO to the vector cores, each of which has a half of [256, 128]."""


def op(name: str, pipe: str = "pipe", split: int = 1) -> str:
    entry = "e" if pipe == "pipe" else f"{pipe}_e"
    return f"pto.{name}(%{entry}, %{pipe} : !entry, !pto.pipe) {{split = {split}}}\n"


POP, FREE = op("tpop"), op("tfree")


def loop(body: str, trips: str = "%n") -> str:
    return f"scf.for %i{len(body)} = %c0 to {trips} step %c1 {{\n{body}}}\n"


def branch(then: str, other: str | None = None) -> str:
    return f"scf.if %b {{\n{then}}}" + ("" if other is None else f" else {{\n{other}}}") + "\n"


def messages(text: str) -> list[str]:
    return [error.message for error in verify_module(parse_module(text, "a.mlir").module)]


def on(kind: str, body: str) -> list[str]:
    return messages(snippet(body, kind))


SECOND = "the entry popped before is not freed yet, and a FIFO frees only the one popped last: tfree first"
NEVER = "this entry is never freed, so the producer waits for it for ever"
NONE = "there is no entry to free: each tpop is freed once"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (POP + POP + FREE + FREE, [f"pto.tpop: {SECOND}", f"pto.tfree: {NONE}"]),
        (loop(POP), [f"pto.tpop: {SECOND}"]),
        (loop(loop(POP)), [f"pto.tpop: {SECOND}"]),
        (loop(branch(POP + POP) + FREE), [f"pto.tpop: {SECOND}"]),
        (POP + loop(branch(POP) + POP) + FREE, [f"pto.tpop: {SECOND}"] * 2),
        (POP + loop(POP + FREE), [f"pto.tpop: {SECOND}"]),
        (branch(POP + POP + FREE), [f"pto.tpop: {SECOND}"]),
        (POP, [f"pto.tpop: {NEVER}"]),
        (branch(POP, POP), [f"pto.tpop: {NEVER}"]),
        (FREE, [f"pto.tfree: {NONE}"]),
        (POP + FREE + loop(FREE), [f"pto.tfree: {NONE}"]),
        (POP + loop(FREE), [f"pto.tfree: {NONE}"]),
    ],
)
def test_one_popped_entry_at_a_time(body: str, expected: list[str]) -> None:
    assert on("vector", HALVES + body) == expected


@pytest.mark.parametrize(
    "body",
    [
        POP + FREE,
        loop(POP + FREE) + POP + FREE,
        POP + loop(FREE + POP) + FREE,
        POP + branch(FREE, FREE) + POP + FREE,
        # Right if the branches are taken in turn, which is known at run time only.
        branch(POP) + branch(FREE),
        loop(branch(POP, FREE)),
        POP + loop(FREE, trips="%c1"),
        loop(POP, trips="%c1") + FREE,
        loop(POP, trips="%c0"),
    ],
)
def test_pops_that_are_freed_in_time(body: str) -> None:
    assert on("vector", HALVES + body) == []


def test_two_fifos_are_followed_apart() -> None:
    both = HALVES + fifo(slot_size=131072, flag_base=2, name="other")
    assert on("vector", both + POP + op("tpop", "other") + FREE + op("tfree", "other")) == []


@pytest.mark.parametrize("name", ["talloc", "tpush", "tpop", "tfree"])
@pytest.mark.parametrize("dir_mask", [1, 2])
def test_each_end_has_its_operations(name: str, dir_mask: int) -> None:
    def refused(kind: str, slot_size: int) -> list[str]:
        operations = {"tpop": POP + FREE, "tfree": POP + FREE}.get(name, op(name))
        found = on(kind, fifo(dir_mask=dir_mask, slot_size=slot_size) + operations)
        return [message for message in found if message.startswith(f"pto.{name}: dir_mask")]

    produces = name in ("talloc", "tpush")
    right, wrong = ("cube", "vector") if produces == (dir_mask == 1) else ("vector", "cube")
    sizes = {"cube": 65536, "vector": 131072}
    assert refused(right, sizes[right]) == []
    side, verbs = ("fills", "tpop and tfree") if produces else ("empties", "talloc and tpush")
    assert refused(wrong, sizes[wrong]) == [
        f"pto.{name}: dir_mask = {dir_mask}: the {right} core {side} this FIFO, the {wrong} core has {verbs}"
    ]


def test_an_operation_needs_a_core() -> None:
    text = snippet(HALVES + POP + FREE)
    text = re.sub(r" attributes \{pto\.kernel_kind = .*?\} \{", " {", text)
    rule = "must be inside pto.section.cube, pto.section.vector or a function with pto.kernel_kind"
    assert messages(text) == [f"pto.tpop: {rule}", f"pto.tfree: {rule}"]
    start = text.index(HALVES)
    end = text.index("func.return")
    assert messages(f"{text[:start]}pto.section.vector {{\n{text[start:end]}}}\n{text[end:]}") == []


@pytest.mark.parametrize("split", [1, 2])
def test_an_entry_of_a_vector_core_is_half_of_a_split_slot(split: int) -> None:
    pop = op("tpop", split=split) + op("tfree", split=split)
    found = on("vector", fifo(slot_size=65536) + pop)
    assert found == [
        f"pto.{name}: the entry !pto.tensor_view<128x128xf32> has 65536 bytes, but on a vector core it must be half of "
        f"a slot, 32768: with split = {split} that of vector core 1 begins at byte 65536, and would end beyond the slot"
        for name in ("tpop", "tfree")
    ]
    assert on("vector", fifo(slot_size=65536) + op("tpop", split=0) + op("tfree", split=0)) == []


def test_halves_beside_each_other_have_one_row() -> None:
    pop = op("tpop", split=2) + op("tfree", split=2)
    rule = (
        "the entry !pto.tensor_view<128x128xf32> has several rows, one behind the other, but the left and the right "
        "half of a slot lie in each other's gaps: use split = 1 (up/down)"
    )
    assert on("vector", HALVES + pop) == [f"pto.tpop: {rule}", f"pto.tfree: {rule}"]
    row = "!pto.tensor_view<1x128xf32>"
    one_row = fifo(slot_size=1024).replace("[%c128, %c128]", "[%c1, %c128]") + pop
    assert on("vector", one_row.replace("!entry", row)) == []


def test_entries_that_are_wrong_themselves_are_said_so() -> None:
    """The rules between operations leave them to the operations' own."""
    handle = '%q = "pto.initialize_l2g2l_pipe"(%view) <{dir_mask = 1 : i8, slot_size = 8192 : i32, slot_num = 8 : i32, '
    handle += "operandSegmentSizes = array<i32: 1, 0, 0>}> : (!view) -> !pto.pipe\n"
    pushed = on("cube", f"{handle}pto.tpush(%acc, %q : !acc, !pto.pipe) {{split = 1}}")
    assert any("entry must come from pto.declare_global" in message for message in pushed)
    freed = on("vector", f"{handle}pto.tfree(%q : !pto.pipe) {{split = 1}}")
    assert any("pto.tfree needs an entry and the handle of its FIFO" in message for message in freed)


def test_fifos_of_a_core_have_flags_of_their_own() -> None:
    assert on("cube", fifo(flag_base=0) + fifo(flag_base=1, name="other")) == [
        "pto.initialize_l2g2l_pipe: flag_base = 1 takes the flags 1 to 2, and another FIFO of this core takes 1; give "
        "each FIFO two flags of its own"
    ]
    assert on("cube", fifo(flag_base=1) + fifo(flag_base=3, name="other")) == []


def test_numbered_fifos_keep_out_of_the_way_of_syncall() -> None:
    unnumbered = [fifo(name=f"fifo{number}").replace(" flag_base = 0 : i32,", "") for number in range(6)]
    assert on("cube", "".join(unnumbered[:5])) == []
    assert on("cube", "".join(unnumbered)) == [
        "pto.initialize_l2g2l_pipe: the FIFOs of this function are numbered, and flag_base = 10 takes the flags 10 to "
        "11, but SYNCALL uses 11 to 14"
    ]


def test_a_fifo_in_a_section_gives_its_flags() -> None:
    handles = fifo(flag_base=4)
    text = "func.func @f(%p: !pto.ptr<f32>) attributes {pto.entry} {\n%c1 = arith.constant 1 : index\n"
    text += "%c128 = arith.constant 128 : index\n"
    text += f"pto.section.cube {{\n{handles}}}\npto.section.vector {{\n{handles}}}\nfunc.return\n}}"
    text = text.replace("!entry", "!pto.tensor_view<128x128xf32>")
    assert messages(text) == []
    rule = "give a FIFO in a section its flag_base: the other end is in another section, and both must have the same"
    assert messages(text.replace(" flag_base = 4 : i32,", "")) == [f"pto.initialize_l2g2l_pipe: {rule}"] * 2


PART = (
    "%piece = pto.partition_view %e, offsets = [%c0, %c0], sizes = [%c32, %c128] : !entry -> "
    "!pto.partition_tensor_view<32x128xf32>\n"
)
LOAD = f"{PART}pto.tload ins(%piece : !pto.partition_tensor_view<32x128xf32>) outs(%narrow : !narrow)\n"
STORE = f"{PART}pto.tstore ins(%narrow : !narrow) outs(%piece : !pto.partition_tensor_view<32x128xf32>)\n"
NOT_HELD = "the entry belongs to the other core here: use it from talloc to tpush or from tpop to tfree"
RETURNED = fifo(dir_mask=2, slot_size=131072)
ALLOC, PUSH = op("talloc"), op("tpush")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HALVES + POP + FREE + LOAD, [f"pto.tload: {NOT_HELD}"]),
        (HALVES + LOAD + POP + FREE, [f"pto.tload: {NOT_HELD}"]),
        (HALVES + loop(POP + FREE + LOAD), [f"pto.tload: {NOT_HELD}"]),
        (RETURNED + ALLOC + PUSH + STORE, [f"pto.tstore: {NOT_HELD}"]),
        (RETURNED + STORE + ALLOC + PUSH, [f"pto.tstore: {NOT_HELD}"]),
        (RETURNED + ALLOC + STORE + PUSH + PUSH, ["pto.tpush: there is no entry to push: each talloc is pushed once"]),
    ],
)
def test_an_entry_is_used_while_it_is_held(body: str, expected: list[str]) -> None:
    assert on("vector", body) == expected


@pytest.mark.parametrize(
    "body",
    [
        HALVES + POP + LOAD + FREE,
        HALVES + POP + loop(LOAD) + FREE,
        HALVES + POP + loop(LOAD + FREE + POP) + FREE,
        RETURNED + ALLOC + STORE + PUSH,
        RETURNED + loop(ALLOC + STORE + PUSH),
        RETURNED + ALLOC + branch(STORE, STORE) + PUSH,
        # Whether an entry is held, the runtime sees.
        HALVES + branch(POP) + LOAD + branch(FREE),
    ],
)
def test_entries_that_are_held_may_be_used(body: str) -> None:
    assert on("vector", body) == []
