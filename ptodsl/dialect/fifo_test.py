"""Rules and constructors of the FIFOs."""

import pytest
from xdsl.dialects.builtin import f32
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import (
    CUBE_TO_VECTOR,
    DeclareGlobalOp,
    InitializeL2G2LPipeOp,
    PtrType,
    Split,
    TensorViewType,
    TPushOp,
)
from ptodsl.dialect.testing import complaint, fifo

PUSH = "pto.tpush(%e, %pipe : !entry, !pto.pipe) {split = 1}"


def test_accepts() -> None:
    assert complaint(fifo() + PUSH) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            fifo("%x : (f32)"),
            "pto.initialize_l2g2l_pipe: gm_addr must be a GM pointer (!pto.ptr), not f32",
        ),
        (
            fifo(dir_mask=3),
            "pto.initialize_l2g2l_pipe: dir_mask must be 1 (cube to vector) or 2 (vector to cube), not 3",
        ),
        (
            fifo(slot_num=0),
            "pto.initialize_l2g2l_pipe: slot_num must be positive, not 0",
        ),
        (
            fifo().replace("flag_base = 0", "flag_base = -1"),
            "pto.initialize_l2g2l_pipe: flag_base must not be negative, but is -1",
        ),
        (
            fifo(slot_size=32768) + PUSH,
            "pto.tpush: the entry !pto.tensor_view<128x128xf32> has 65536 bytes, more than its slot of 32768",
        ),
        (
            fifo() + PUSH.replace("split = 1", "split = 3"),
            "pto.tpush: split must be 0 (none), 1 (up/down) or 2 (left/right), not 3",
        ),
        (
            fifo() + "pto.tpop(%slice, %pipe : !slice, !pto.pipe) {split = 1}",
            "pto.tpop: entry must come from pto.declare_global, but is !pto.partition_tensor_view<32x256xf32>",
        ),
        (
            fifo() + "pto.tfree(%e, %e : !entry, !entry) {split = 1}",
            "pto.tfree: pipe must be a FIFO handle (!pto.pipe), not !pto.tensor_view<128x128xf32>",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_constructors_and_defaults() -> None:
    op = InitializeL2G2LPipeOp(
        create_ssa_value(PtrType(f32)), dir_mask=CUBE_TO_VECTOR, slot_size=65536, slot_num=8, local_slot_num=4
    )
    op.verify()
    assert (op.flag, op.local_slots, op.nosplit) == (0, 4, None)
    push = TPushOp(DeclareGlobalOp(TensorViewType.of((128, 128), f32)), op, 2)
    push.verify()
    assert push.split_axis is Split.LEFT_RIGHT
