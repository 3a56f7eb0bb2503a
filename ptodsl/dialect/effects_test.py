"""Pipes, reads and writes of operations."""

import pytest

from isa import a3
from ptodsl.dialect import AllocTileOp, DpsOp, FifoOp, Pipe, PtoDialect, TileEffects, effects_of, pipe_of
from ptodsl.dialect.testing import fifo, load_mat, parse, store_acc


@pytest.mark.parametrize(
    ("body", "expected", "reads", "writes"),
    [
        ("pto.tload ins(%slice : !slice) outs(%vec : !vec)", Pipe.MTE2, "slice", "vec"),
        (load_mat("nd", "mat"), Pipe.MTE2, "kslice", "mat"),
        ("pto.tstore ins(%vec : !vec) outs(%slice : !slice)", Pipe.MTE3, "vec", "slice"),
        (store_acc("%p", "f32"), Pipe.FIX, "acc", "oslice"),
        ("pto.tmov ins(%mat : !mat) outs(%left : !left)", Pipe.MTE1, "mat", "left"),
        ("pto.tmov ins(%vec : !vec) outs(%vec : !vec)", Pipe.V, "vec", "vec"),
        ("pto.textract ins(%mat, %c0, %c0 : !mat, index, index) outs(%left : !left)", Pipe.MTE1, "mat", "left"),
        ("pto.textract ins(%vec, %c0, %c0 : !vec, index, index) outs(%narrow : !narrow)", Pipe.V, "vec", "narrow"),
        ("pto.tmatmul ins(%left, %right : !left, !right) outs(%acc : !acc)", Pipe.M, "left right", "acc"),
        (
            "pto.tmatmul.acc ins(%acc, %left, %right : !acc, !left, !right) outs(%acc : !acc)",
            Pipe.M,
            "acc left right",
            "acc",
        ),
        ("pto.tmuls ins(%vec, %x : !vec, f32) outs(%half : !half)", Pipe.V, "vec", "half"),
        ("pto.texpands ins(%x : f32) outs(%vec : !vec)", Pipe.V, "", "vec"),
        ("pto.trowmax ins(%vec, %narrow : !vec, !narrow) outs(%rows : !rows)", Pipe.V, "vec", "narrow rows"),
        (
            "pto.txor ins(%words, %cols, %vec : !words, !cols, !vec) outs(%half : !half)",
            Pipe.V,
            "words cols",
            "vec half",
        ),
        ("pto.trowexpandsub ins(%vec, %rows : !vec, !rows) outs(%narrow : !narrow)", Pipe.V, "vec rows", "narrow"),
        ("%v = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32", Pipe.S, "p", ""),
        (fifo() + "pto.talloc(%e, %pipe : !entry, !pto.pipe) {split = 1}", Pipe.MTE3, "", "e"),
        (fifo(dir_mask=1) + "pto.tpush(%e, %pipe : !entry, !pto.pipe) {split = 1}", Pipe.FIX, "e", ""),
        (fifo(dir_mask=2) + "pto.tpush(%e, %pipe : !entry, !pto.pipe) {split = 1}", Pipe.MTE3, "e", ""),
        (fifo() + "pto.tpop(%e, %pipe : !entry, !pto.pipe) {split = 1}", Pipe.MTE2, "", "e"),
        (fifo() + "pto.tfree(%e, %pipe : !entry, !pto.pipe) {split = 1}", Pipe.S, "e", ""),
    ],
)
def test_pipe_reads_writes(body: str, expected: Pipe, reads: str, writes: str) -> None:
    op = parse(body)[-2]
    effects = effects_of(op)
    assert effects is not None
    assert effects.pipe is expected
    assert " ".join(value.name_hint or "" for value in effects.reads) == reads
    assert " ".join(value.name_hint or "" for value in effects.writes) == writes


@pytest.mark.parametrize(
    ("body", "hidden"),
    [
        ("pto.trowexpandsub ins(%vec, %rows : !vec, !rows) outs(%vec : !vec)", True),
        ("pto.textract ins(%vec, %c0, %c0 : !vec, index, index) outs(%narrow : !narrow)", True),
        ("pto.textract ins(%mat, %c0, %c0 : !mat, index, index) outs(%left : !left)", False),
        ("pto.trowexpand ins(%rows : !rows) outs(%vec : !vec)", False),
        ("pto.tcolexpandsub ins(%vec, %cols : !vec, !cols) outs(%vec : !vec)", False),
        ("pto.tcvt ins(%vec {rmode = #pto<round_mode CAST_RINT>} : !vec) outs(%half : !half)", False),
    ],
)
def test_the_scratch_of_the_library_is_an_effect(body: str, hidden: bool) -> None:
    op = parse(body)[-2]
    effects = effects_of(op)
    assert effects is not None
    assert effects.scratch == (a3.LIBRARY_SCRATCH if hidden else None)


def test_names_for_memory_have_no_effects() -> None:
    *_, alloc, reshape, _ = parse("%t = pto.treshape %rows : !rows -> !flat")
    assert isinstance(alloc, AllocTileOp)
    assert effects_of(alloc) is None
    effects = effects_of(reshape)
    assert effects is not None
    assert (effects.reads, effects.writes) == ((), ())
    assert pipe_of(reshape) is Pipe.S


def test_every_tile_and_fifo_operation_has_effects() -> None:
    acting = [op for op in PtoDialect.operations if issubclass(op, DpsOp | FifoOp)]
    assert acting
    assert [op.name for op in acting if not op.has_trait(TileEffects)] == []


def test_push_needs_to_see_its_fifo() -> None:
    op = parse(fifo() + "pto.tpush(%e, %pipe : !entry, !pto.pipe) {split = 1}")[-2]
    handle = op.operands[1].owner
    op.operands[1] = parse(fifo())[0].results[0]
    assert handle is not None
    with pytest.raises(ValueError, match=r"pipe must come from pto.initialize_l2g2l_pipe in the same function"):
        pipe_of(op)
