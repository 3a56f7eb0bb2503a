"""Rules of the reductions and broadcasts."""

import pytest

from ptodsl.dialect.testing import complaint

LONG = "!pto.tile_buf<vec, 8x32xi64>"
LONG_ROWS = "!pto.tile_buf<vec, 8x1xi64, blayout=col_major>"
LONG_COLS = "!pto.tile_buf<vec, 1x32xi64>"


@pytest.mark.parametrize(
    "body",
    [
        "pto.trowmax ins(%vec, %narrow : !vec, !narrow) outs(%rows : !rows)",
        "pto.trowmax ins(%vec, %small : !vec, !small) outs(%rows : !rows)",
        "pto.trowmax ins(%narrow, %vec : !narrow, !vec) outs(%rows : !rows)",
        "pto.trowmax ins(%part, %vec : !part, !vec) outs(%rows : !rows)",
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
            "pto.trowsum: tmp is f16, but must be like src, f32",
        ),
        (
            "pto.trowsum ins(%vec, %narrow : !vec, !narrow) outs(%flat : !flat)",
            "pto.trowsum: dst is [1, 32] but must be [32, 1], one value per row, in all of its columns",
        ),
        (
            "pto.trowmax ins(%flat, %cols : !flat, !cols) outs(%rows : !rows)",
            "pto.trowmax: dst is [32, 1] but must be [1, 1], one value per row",
        ),
        (
            "%t = pto.alloc_tile : !bytes\npto.trowmin ins(%t, %t : !bytes, !bytes) outs(%t : !bytes)".replace(
                "!bytes", "!pto.tile_buf<vec, 32x32xi8>"
            ),
            "pto.trowmin: src is i8, but must be one of f16, f32, i16, i32",
        ),
        (
            "pto.trowsum ins(%vec, %vec : !vec, !vec) outs(%rows : !rows)",
            "pto.trowsum: tmp is overwritten while src is read: use a tile of its own",
        ),
        (
            "pto.trowsum ins(%vec, %flat : !vec, !flat) outs(%rows : !rows)",
            "pto.trowsum: tmp is vec f32 [1, 32], but for src vec f32 [32, 256] the device overwrites 4096 bytes from "
            "its start: use a tile with so many in one piece",
        ),
        (
            "pto.trowsum ins(%vec, %corner : !vec, !corner) outs(%rows : !rows)",
            "pto.trowsum: tmp is vec f32 [40, 24], but for src vec f32 [32, 256] the device overwrites 4096 bytes from "
            "its start: use a tile with so many in one piece",
        ),
        (
            "pto.trowsum ins(%narrow, %small : !narrow, !small) outs(%rows : !rows)",
            "pto.trowsum: tmp is vec f32 [8, 128], but the device overwrites as much as src has, vec f32 [32, 128]: "
            "use a tile of that shape",
        ),
        (
            f"%w = pto.alloc_tile : {LONG}\n%v = pto.alloc_tile : {LONG_ROWS}\n"
            f"pto.trowexpand ins(%v : {LONG_ROWS}) outs(%w : {LONG})",
            "pto.trowexpand: src is i64, but must be one of f16, bf16, f32, i8, i16, i32, ui8, ui16, ui32",
        ),
        (
            f"%w = pto.alloc_tile : {LONG}\n%v = pto.alloc_tile : {LONG_COLS}\n"
            f"pto.tcolexpand ins(%v : {LONG_COLS}) outs(%w : {LONG})",
            "pto.tcolexpand: src is i64, but must be one of f16, bf16, f32, i8, i16, i32, ui8, ui16, ui32",
        ),
        (
            "pto.trowexpandmul ins(%vec, %cols : !vec, !cols) outs(%vec : !vec)",
            "pto.trowexpandmul: row is [1, 256] but must be [32, 8], one value per row, in all of its columns",
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
