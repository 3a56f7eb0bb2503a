"""Rules and constructors of core identity, sections and printing."""

import pytest
from xdsl.dialects.builtin import i64
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import FFTS_TYPE, GetBlockIdxOp, PrintOp, SectionVectorOp, SetFftsOp
from ptodsl.dialect.testing import complaint


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pto.set_ffts %m : i64", "pto.set_ffts: ffts must be memref<256xi64>, not i64"),
        (
            'pto.print ins("%p", %p : !pto.ptr<f32>)',
            "pto.print: value must be a number, not !pto.ptr<f32>; pto.tprint prints a tile",
        ),
        (
            'pto.print ins("%ld", %n : index)',
            "pto.print: value must not be an index; cast it with arith.index_cast",
        ),
        ("pto.tprint ins(%mat : !mat)", "pto.tprint: src must be in vec (UB), not in mat (L1)"),
        ("pto.tprint ins(%x : f32)", "pto.tprint: src must be a tile (!pto.tile_buf), not f32"),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_constructors() -> None:
    assert GetBlockIdxOp().result.type == i64
    SetFftsOp(create_ssa_value(FFTS_TYPE)).verify()
    PrintOp("%ld", create_ssa_value(i64)).verify()
    section = SectionVectorOp()
    section.block.add_op(GetBlockIdxOp())
    section.verify()
