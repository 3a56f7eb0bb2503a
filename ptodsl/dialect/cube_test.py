"""Rules of the matrix products."""

import pytest

from ptodsl.dialect.testing import complaint

NARROW = "!pto.tile_buf<loc=right, dtype=f16, rows=64, cols=128, v_row=64, v_col=128, blayout=row_major, "
NARROW += "slayout=col_major, fractal=512, pad=0>"


@pytest.mark.parametrize(
    "body",
    [
        "pto.tmatmul ins(%left, %right : !left, !right) outs(%acc : !acc)",
        "pto.tmatmul.acc ins(%acc, %left, %right : !acc, !left, !right) outs(%acc : !acc)",
        "pto.tmatmul.bias ins(%left, %right, %bias : !left, !right, !bias) outs(%acc : !acc)",
    ],
)
def test_accepts(body: str) -> None:
    assert complaint(body) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "pto.tmatmul ins(%right, %left : !right, !left) outs(%acc : !acc)",
            "pto.tmatmul: left must be in left (L0A), not in right (L0B)",
        ),
        (
            "pto.tmatmul.acc ins(%left, %left, %right : !left, !left, !right) outs(%acc : !acc)",
            "pto.tmatmul.acc: acc must be in acc (L0C), not in left (L0A)",
        ),
        (
            f"%r = pto.alloc_tile : {NARROW}\npto.tmatmul ins(%left, %r : !left, {NARROW}) outs(%acc : !acc)",
            "pto.tmatmul: shapes must be [M, K] x [K, N] = [M, N], but left is [128, 128], right is [64, 128], "
            "dst is [128, 128]",
        ),
        (
            "%a = pto.alloc_tile : "
            "!pto.tile_buf<loc=acc, dtype=i32, rows=128, cols=128, v_row=128, v_col=128, blayout=col_major, "
            "slayout=row_major, fractal=1024, pad=0>\n"
            "pto.tmatmul ins(%left, %right : !left, !right) outs(%a : "
            "!pto.tile_buf<loc=acc, dtype=i32, rows=128, cols=128, v_row=128, v_col=128, blayout=col_major, "
            "slayout=row_major, fractal=1024, pad=0>)",
            "pto.tmatmul: a product of f16 accumulates in f32, but dst is i32",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message
