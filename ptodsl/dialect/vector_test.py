"""Rules and constructors of the element-wise operations."""

import pytest
from xdsl.dialects.builtin import f32
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import VECTOR_OPS, RoundMode, TCvtOp
from ptodsl.dialect.testing import TILES, complaint


@pytest.mark.parametrize(
    "body",
    [
        "pto.tadd ins(%vec, %vec : !vec, !vec) outs(%vec : !vec)",
        "pto.tand ins(%words, %words : !words, !words) outs(%words : !words)",
        "pto.txor ins(%words, %words, %words : !words, !words, !words) outs(%words : !words)",
        "pto.texp ins(%half : !half) outs(%half : !half)",
        "pto.tneg ins(%bits : !bits) outs(%bits : !bits)",
        "pto.tmuls ins(%vec, %x : !vec, f32) outs(%vec : !vec)",
        "pto.texpands ins(%x : f32) outs(%part : !part)",
        "pto.tcvt ins(%vec {rmode = #pto<round_mode RINT>} : !vec) outs(%half : !half)",
        "pto.tadd ins(%vec, %part : !vec, !part) outs(%vec : !vec)",
    ],
)
def test_accepts(body: str) -> None:
    assert complaint(body) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "pto.tadd ins(%mat, %vec : !mat, !vec) outs(%vec : !vec)",
            "pto.tadd: lhs must be in vec (UB), not in mat (L1)",
        ),
        (
            "pto.tadd ins(%x, %vec : f32, !vec) outs(%vec : !vec)",
            "pto.tadd: lhs must be a tile (!pto.tile_buf), not f32",
        ),
        (
            "pto.tadd ins(%vec, %half : !vec, !half) outs(%vec : !vec)",
            "pto.tadd: operands must have the same dtype, but lhs is f32, rhs is f16, dst is f32; "
            "convert with pto.tcvt",
        ),
        (
            "pto.tadd ins(%vec, %narrow : !vec, !narrow) outs(%vec : !vec)",
            "pto.tadd: operands must have the same valid shape, but lhs is [32, 256], rhs is [32, 128], "
            "dst is [32, 256]",
        ),
        (
            "pto.tadd ins(%rows, %rows : !rows, !rows) outs(%rows : !rows)",
            "pto.tadd: lhs is col_major / none_box, but element-wise operations need row_major / none_box; "
            "pto.treshape a [rows, 1] tile to [1, rows]",
        ),
        (
            "pto.tdiv ins(%bits, %bits : !bits, !bits) outs(%bits : !bits)",
            "pto.tdiv: lhs is i32, but must be one of f16, f32",
        ),
        (
            "pto.txor ins(%bits, %bits, %bits : !bits, !bits, !bits) outs(%bits : !bits)",
            "pto.txor: lhs is i32, but must be one of i8, i16, ui8, ui16",
        ),
        (
            "pto.tor ins(%bits, %bits : !bits, !bits) outs(%bits : !bits)",
            "pto.tor: lhs is i32, but must be one of i8, i16, ui8, ui16",
        ),
        (
            "pto.texp ins(%bits : !bits) outs(%bits : !bits)",
            "pto.texp: src is i32, but must be one of f16, f32",
        ),
        (
            "pto.trecip ins(%vec : !vec) outs(%vec : !vec)",
            "pto.trecip: dst must be another tile than src: it does not work in place",
        ),
        (
            "pto.tmuls ins(%vec, %n : !vec, index) outs(%vec : !vec)",
            "pto.tmuls: scalar must be a f32 like the tile's elements, not index",
        ),
        (
            "pto.texpands ins(%x : f32) outs(%half : !half)",
            "pto.texpands: scalar must be a f16 like the tile's elements, not f32",
        ),
        (
            "pto.texpands ins(%x : f32) outs(%rows : !rows)",
            "pto.texpands: dst is col_major / none_box, but element-wise operations need row_major / none_box; "
            "pto.treshape a [rows, 1] tile to [1, rows]",
        ),
        (
            "pto.tcvt ins(%vec {rmode = #pto<round_mode RINT>} : !vec) outs(%rows : !rows)",
            "pto.tcvt: operands must have the same valid shape, but src is [32, 256], dst is [32, 1]",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_constructors_take_values_and_operations() -> None:
    a, b, c = (create_ssa_value(TILES["vec"]) for _ in range(3))
    op = VECTOR_OPS["tadd"](a, b, c)
    op.verify()
    assert list(op.operands) == [a, b, c]


def test_constructor_does_not_hide_a_wrong_dtype_from_the_verifier() -> None:
    tile = create_ssa_value(TILES["vec"])
    with pytest.raises(Exception, match="must be one of i8, i16, ui8, ui16"):
        VECTOR_OPS["tand"](tile, tile, tile).verify()


def test_scalar_has_the_element_type() -> None:
    tile, scalar = create_ssa_value(TILES["vec"]), create_ssa_value(f32)
    VECTOR_OPS["tmuls"](tile, scalar, tile).verify()


def test_rounding_is_given_by_name_or_member() -> None:
    src, dst = create_ssa_value(TILES["vec"]), create_ssa_value(TILES["half"])
    assert TCvtOp(src, dst, "CAST_FLOOR").rmode == TCvtOp(src, dst, RoundMode.FLOOR).rmode
    assert TCvtOp(src, dst).rounding is TCvtOp(src, dst, "cast_rint").rounding is RoundMode.RINT
    with pytest.raises(ValueError, match="unknown round mode 'UP': use one of NONE, RINT, ROUND"):
        TCvtOp(src, dst, "up")
