"""Rules of the reductions and broadcasts."""

import pytest

from ptodsl.dialect.testing import complaint


@pytest.mark.parametrize(
    "body",
    [
        "pto.trowmax ins(%vec, %narrow : !vec, !narrow) outs(%rows : !rows)",
        "pto.trowexpandsub ins(%vec, %rows : !vec, !rows) outs(%vec : !vec)",
        "pto.trowexpand ins(%rows : !rows) outs(%vec : !vec)",
        "pto.tcolsum ins(%vec : !vec) outs(%cols : !cols)",
        "pto.tcolexpandmul ins(%vec, %cols : !vec, !cols) outs(%vec : !vec)",
        "pto.tcolexpand ins(%cols : !cols) outs(%vec : !vec)",
    ],
)
def test_accepts(body: str) -> None:
    assert complaint(body) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "pto.trowsum ins(%vec, %half : !vec, !half) outs(%rows : !rows)",
            "pto.trowsum: operands must have the same dtype, but src is f32, tmp is f16, dst is f32; "
            "convert with pto.tcvt",
        ),
        (
            "pto.trowsum ins(%vec, %vec : !vec, !vec) outs(%flat : !flat)",
            "pto.trowsum: dst is row_major / none_box, but one value per row is a [rows, 1] tile, col_major / none_box",
        ),
        (
            "pto.trowmax ins(%flat, %flat : !flat, !flat) outs(%rows : !rows)",
            "pto.trowmax: dst is [32, 1] but must be [1, 1], one value per row",
        ),
        (
            "%t = pto.alloc_tile : !bytes\npto.trowmin ins(%t, %t : !bytes, !bytes) outs(%t : !bytes)".replace(
                "!bytes", "!pto.tile_buf<vec, 32x32xi8>"
            ),
            "pto.trowmin: src is i8, but must be one of f16, f32, i16, i32",
        ),
        (
            "pto.trowexpandmul ins(%vec, %cols : !vec, !cols) outs(%vec : !vec)",
            "pto.trowexpandmul: row is row_major / none_box, but one value per row is a [rows, 1] tile, "
            "col_major / none_box",
        ),
        (
            "pto.trowexpandmul ins(%vec, %rows : !vec, !rows) outs(%narrow : !narrow)",
            "pto.trowexpandmul: operands must have the same valid shape, but src is [32, 256], dst is [32, 128]",
        ),
        (
            "pto.tcolmax ins(%vec : !vec) outs(%flat : !flat)",
            "pto.tcolmax: dst is [1, 32] but must be [1, 256], one value per column",
        ),
        (
            "pto.tcolexpandadd ins(%vec, %flat : !vec, !flat) outs(%vec : !vec)",
            "pto.tcolexpandadd: col is [1, 32] but must be [1, 256], one value per column",
        ),
        (
            "pto.tcolexpand ins(%acc : !acc) outs(%vec : !vec)",
            "pto.tcolexpand: src must be in vec (UB), not in acc (L0C)",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message
