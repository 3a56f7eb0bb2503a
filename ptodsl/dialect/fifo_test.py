"""Rules, forms and constructors of the FIFOs."""

import pytest
from xdsl.dialects.builtin import f32
from xdsl.utils.exceptions import ParseError
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import (
    CUBE_TO_VECTOR,
    DeclareGlobalOp,
    InitializeL2G2LPipeOp,
    Split,
    TensorViewType,
    TPushOp,
)
from ptodsl.dialect.testing import complaint, fifo, parse, parse_text, print_text, snippet

OPERATIONS = ("talloc", "tpush", "tpop", "tfree")


def push(entry: str = "!entry", split: int = 1) -> str:
    return f"pto.tpush(%e, %pipe : {entry}, !pto.pipe) {{split = {split}}}"


def of(entry: str, slot_size: int) -> str:
    """A FIFO of views of [128, 128] fp32, and an entry of another type."""
    return fifo(slot_size=slot_size).replace("%e = pto.declare_global -> !entry", f"%e = pto.declare_global -> {entry}")


@pytest.mark.parametrize("split", [0, 1, 2])
def test_an_entry_is_a_slot(split: int) -> None:
    assert complaint(fifo() + push(split=split)) == ""


@pytest.mark.parametrize("split", [1, 2])
def test_an_entry_is_half_of_a_slot_that_is_split(split: int) -> None:
    assert complaint(fifo(slot_size=2 * 65536) + push(split=split)) == ""


def test_sizes_of_the_view_that_are_known_at_run_time_only_agree_with_any() -> None:
    body = (
        fifo()
        .replace("_slot = pto.make_tensor_view %p, shape = [%c128", "_slot = pto.make_tensor_view %p, shape = [%n")
        .replace("[%c128, %c1] : !entry", "[%c128, %c1] : !pto.tensor_view<?x128xf32>")
        .replace("(!entry) -> !pto.pipe", "(!pto.tensor_view<?x128xf32>) -> !pto.pipe")
    )
    assert complaint(body + push()) == ""


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            of("!pto.tensor_view<128x128xf16>", 32768) + push("!pto.tensor_view<128x128xf16>"),
            "the entry is f16 but gm_addr of its FIFO is a view of f32; make that view from a pointer to f16",
        ),
        (
            of("!pto.tensor_view<64x128xf32>", 32768) + push("!pto.tensor_view<64x128xf32>"),
            "the entry is !pto.tensor_view<64x128xf32> but gm_addr of its FIFO is !pto.tensor_view<128x128xf32>: they "
            "must have the same sizes",
        ),
        (
            of("!pto.tensor_view<16384xf32>", 65536) + push("!pto.tensor_view<16384xf32>"),
            "the entry is !pto.tensor_view<16384xf32> but gm_addr of its FIFO is !pto.tensor_view<128x128xf32>: they "
            "must have the same sizes",
        ),
        (
            fifo(slot_size=32768) + push(),
            "the entry !pto.tensor_view<128x128xf32> has 65536 bytes, but must be as large as a slot, 32768, or half "
            "of it, 16384",
        ),
        (
            fifo(slot_size=131072) + push(split=0),
            "the entry !pto.tensor_view<128x128xf32> has 65536 bytes, but must be as large as a slot, 131072",
        ),
        (fifo() + push(split=3), "split must be 0 (none), 1 (up/down) or 2 (left/right), not 3"),
        (
            fifo() + push(split=0) + "\n" + push(split=1),
            "split = 0, but another operation of this FIFO splits its slots",
        ),
        (
            fifo() + push(split=1) + "\n" + push(split=0),
            "split = 1, but another operation of this FIFO does not split its slots",
        ),
        (
            fifo(more=", nosplit = true") + push(split=1),
            "split = 1 contradicts nosplit of the FIFO; leave nosplit out",
        ),
        (
            fifo(more=", nosplit = false") + push(split=0),
            "split = 0 contradicts nosplit of the FIFO; leave nosplit out",
        ),
        (
            fifo() + '"pto.tpush"(%e, %pipe) <{split = 1 : i64}> : (!entry, !pto.pipe) -> ()',
            "split must be an i8, not i64",
        ),
        (
            fifo() + "pto.tpush(%slice, %pipe : !slice, !pto.pipe) {split = 1}",
            "entry must come from pto.declare_global, but is !pto.partition_tensor_view<32x256xf32>",
        ),
        (
            fifo() + "pto.tpush(%e, %e : !entry, !entry) {split = 1}",
            "pipe must be a FIFO handle (!pto.pipe), not !pto.tensor_view<128x128xf32>",
        ),
    ],
)
def test_an_operation_that_does_not_fit_its_fifo_is_refused(name: str, body: str, message: str) -> None:
    assert complaint(body.replace("pto.tpush", f"pto.{name}")) == f"pto.{name}: {message}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            fifo().replace("(%pipe_slot)", "(%p)").replace("(!entry) -> !pto.pipe", "(!pto.ptr<f32>) -> !pto.pipe"),
            "gm_addr must be a view of the first slot (!pto.tensor_view, from pto.make_tensor_view) with the type of "
            "the FIFO's entries, not !pto.ptr<f32>",
        ),
        (fifo(dir_mask=3), "dir_mask must be 1 (cube to vector) or 2 (vector to cube), not 3"),
        (fifo(slot_num=0), "slot_num must be positive, not 0"),
        (fifo(slot_size=0), "slot_size must be positive, not 0"),
        (
            fifo(flag_base=-1),
            "flag_base = -1 takes the flags -1 to 0, but the flags between cores are 0 to 15",
        ),
        (
            fifo(flag_base=15),
            "flag_base = 15 takes the flags 15 to 16, but the flags between cores are 0 to 15",
        ),
        *(
            (
                fifo(flag_base=flag),
                f"flag_base = {flag} takes the flags {flag} to {flag + 1}, but SYNCALL uses 11 to 14",
            )
            for flag in range(10, 15)
        ),
        *(
            (
                fifo(slot_num=slots),
                f"slots are given back {slots // 2} at a time, which does not divide slot_num = {slots}, so that "
                "a slot would be overwritten while it is read; use an even number, or 1 or 3",
            )
            for slots in (5, 7, 9, 11, 13, 15)
        ),
        *(
            (
                fifo(slot_num=slots),
                f"{slots} slots can be full at once, but the flag that counts them holds 15 signals at most; use "
                "slot_num = 14 or fewer",
            )
            for slots in (16, 17, 32)
        ),
        (fifo().replace("slot_num = 8 : i32", "slot_num = 8 : i64"), "slot_num must be an i32, not i64"),
        (
            fifo(more=", local_slot_num = 2 : i32"),
            "peer_local_addr and local_slot_num are of FIFOs of tiles, which have a local_addr, too",
        ),
        (
            "%a = arith.constant 0 : i32\n"
            + fifo()
            .replace("(%pipe_slot)", "(%pipe_slot, %a)")
            .replace("1, 0, 0>", "1, 1, 0>")
            .replace("(!entry) -> !pto.pipe", "(!entry, i32) -> !pto.pipe"),
            "with local_addr the entries are tiles, and gm_addr is a pointer to the first slot (!pto.ptr), not "
            "!pto.tensor_view<128x128xf32>",
        ),
    ],
)
def test_a_handle_that_makes_no_fifo_is_refused(body: str, message: str) -> None:
    assert complaint(body) == f"pto.initialize_l2g2l_pipe: {message}"


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 6, 8, 10, 12, 14])
@pytest.mark.parametrize("flag_base", [0, 9])
def test_the_library_serves_these_depths_and_flags(slots: int, flag_base: int) -> None:
    assert complaint(fifo(slot_num=slots, flag_base=flag_base)) == ""


def test_the_pretty_form_of_a_handle_is_read() -> None:
    view, _, entry, _ = fifo().split("\n")
    pretty = f"{view}\n%pipe = pto.initialize_l2g2l_pipe {{slot_num = 4, nosplit = true, dir_mask = 2, "
    pretty += f"slot_size = 65536}} (%pipe_slot : !entry) -> !pto.pipe\n{entry}"
    (op,) = (op for op in parse(pretty) if isinstance(op, InitializeL2G2LPipeOp))
    op.verify()
    generic = fifo(dir_mask=2, slot_num=4, more=", nosplit = true").replace(" flag_base = 0 : i32,", "")
    (expected,) = (op for op in parse(generic) if isinstance(op, InitializeL2G2LPipeOp))
    assert op.properties == expected.properties
    assert op.flag is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{dir_mask = 1, slot_size = 8} (%v : !v)", "pto.initialize_l2g2l_pipe needs slot_num"),
        ("{dir_mask = 1, depth = 8} (%v : !v)", "a FIFO has no depth: use dir_mask, slot_size, slot_num,"),
        (
            "{dir_mask = 1, slot_size = 8, slot_num = 8, flag_base = 0} (%v : !v)",
            "ptoas 0.48 reads flag_base in the generic form of pto.initialize_l2g2l_pipe only",
        ),
    ],
)
def test_what_is_no_pretty_form_of_a_handle_is_refused(text: str, message: str) -> None:
    body = text.replace("!v", "!view").replace("%v ", "%view ")
    with pytest.raises(ParseError, match=message):
        parse(f"%pipe = pto.initialize_l2g2l_pipe {body} -> !pto.pipe // %view")


def test_a_free_without_an_entry_is_refused() -> None:
    message = "pto.tfree needs an entry and the handle of its FIFO: without an entry it frees nothing in GM"
    assert complaint(fifo() + "pto.tfree(%pipe : !pto.pipe) {split = 1}").startswith(message)


@pytest.mark.parametrize("name", OPERATIONS)
def test_split_is_an_i8_that_the_pretty_form_does_not_spell(name: str) -> None:
    line = f"pto.{name}(%e, %pipe : !pto.tensor_view<128x128xf32>, !pto.pipe) {{split = 1}}"
    module = parse_text(snippet(fifo() + line))
    assert line in print_text(module)
    assert f'"pto.{name}"(%e, %pipe) <{{split = 1 : i8}}> : (!pto.tensor_view' in print_text(module, generic=True)


def test_constructors_and_defaults() -> None:
    slot = create_ssa_value(TensorViewType.of((128, 128), f32))
    op = InitializeL2G2LPipeOp(slot, dir_mask=CUBE_TO_VECTOR, slot_size=65536, slot_num=8)
    op.verify()
    assert (op.flag, op.nosplit) == (None, None)
    entry = TPushOp(DeclareGlobalOp(TensorViewType.of((128, 128), f32)), op, 2)
    entry.verify()
    assert entry.split_axis is Split.LEFT_RIGHT
