"""Rules of the data movements."""

import pytest

from ptodsl.dialect import TileBufType, element_type
from ptodsl.dialect.testing import complaint, load_mat, store_acc


def column(size: str, stride: str, dim: str, transfer: str, layout: str = "") -> str:
    """Lines with a transfer of `%s`, the first 32 numbers of a view of one column, and `%tall` for it."""
    return (
        "%tall = pto.alloc_tile : !pto.tile_buf<vec, 32x8xf32, valid=32x1>\n"
        f"%v = pto.make_tensor_view %p, shape = [{size}, %c1], strides = [{stride}, %c1]{layout} "
        f": !pto.tensor_view<{dim}x1xf32>\n"
        f"%s = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c32, %c1] "
        f": !pto.tensor_view<{dim}x1xf32> -> !column\n{transfer}"
    ).replace("!column", "!pto.partition_tensor_view<32x1xf32>")


def acc_to_mat(src: str, dst: str) -> str:
    """A move from L0C to L1."""
    acc, mat = (TileBufType.of((32, 32), element_type(d), loc) for d, loc in ((src, "acc"), (dst, "mat")))
    return f"%s = pto.alloc_tile : {acc}\n%t = pto.alloc_tile : {mat}\npto.tmov ins(%s : {acc}) outs(%t : {mat})"


@pytest.mark.parametrize(
    "body",
    [
        acc_to_mat("f32", "f16"),
        acc_to_mat("f32", "bf16"),
        "pto.tload ins(%slice : !slice) outs(%vec : !vec)",
        "pto.tload ins(%slice : !slice) outs(%part : !part)",
        "pto.tstore ins(%vec : !vec) outs(%slice : !slice)",
        load_mat("nd", "mat"),
        load_mat("dn", "matt"),
        "%row = pto.alloc_tile : !pto.tile_buf<mat, 32x256xf32>\n"
        "pto.tload ins(%slice : !slice) outs(%row : !pto.tile_buf<mat, 32x256xf32>)",
        store_acc("%p", "f32"),
        store_acc("%h", "f16"),
        "pto.tmov ins(%mat : !mat) outs(%left : !left)",
        "pto.tmov ins(%matt : !matt) outs(%right : !right)",
        "pto.tmov ins(%vec : !vec) outs(%vec : !vec)",
        "pto.textract ins(%mat, %c0, %n : !mat, index, index) outs(%left : !left)",
        "pto.textract ins(%vec, %c0, %c128 : !vec, index, index) outs(%narrow : !narrow)",
        load_mat("nd", "mat").replace("strides = [%c128", "strides = [%n"),
        load_mat("dn", "matt").replace(" {layout = #pto.layout<dn>}", ""),
        column("%n", "%c1", "?", "pto.tload ins(%s : !column) outs(%rows : !rows)"),
        column("%n", "%c1", "?", "pto.tload ins(%s : !column) outs(%tall : !pto.tile_buf<vec, 32x8xf32, valid=32x1>)"),
        column("%c32", "%c1", "32", "pto.tstore ins(%rows : !rows) outs(%s : !column)"),
        column("%n", "%n", "?", "pto.tstore ins(%rows : !rows) outs(%s : !column)", " {layout = #pto.layout<dn>}"),
    ],
)
def test_accepts(body: str) -> None:
    assert complaint(body) == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "pto.tload ins(%view : !view) outs(%vec : !vec)",
            "pto.tload: src must be a slice of GM (!pto.partition_tensor_view, from pto.partition_view), "
            "not !pto.tensor_view<?x256xf32>",
        ),
        (
            "pto.tload ins(%slice : !slice) outs(%acc : !acc)",
            "pto.tload: dst must be in vec (UB) or mat (L1), not in acc (L0C)",
        ),
        (
            "pto.tload ins(%slice : !slice) outs(%half : !half)",
            "pto.tload: operands must have the same dtype, but src is f32, dst is f16; convert with pto.tcvt",
        ),
        (
            "pto.tload ins(%slice : !slice) outs(%narrow : !narrow)",
            "pto.tload: the slice of GM is !pto.partition_tensor_view<32x256xf32>, but must agree with the tile's "
            "valid shape [32, 128]",
        ),
        (
            load_mat("dn", "mat"),
            "pto.tload: a view of layout dn goes with a mat tile of blayout=row_major, not col_major",
        ),
        (
            load_mat("nd", "matt"),
            "pto.tload: a view of layout nd goes with a mat tile of blayout=col_major, not row_major",
        ),
        (
            "pto.tstore ins(%mat : !mat) outs(%slice : !slice)",
            "pto.tstore: src must be in vec (UB) or acc (L0C), not in mat (L1)",
        ),
        (
            store_acc("%i", "i32").replace(
                "%oview", "%i = builtin.unrealized_conversion_cast %p : !pto.ptr<f32> to !pto.ptr<i32>\n%oview", 1
            ),
            "pto.tstore: an accumulator of f32 is not stored as i32 without a scale, only as f32, f16, bf16",
        ),
        (
            acc_to_mat("f32", "i8"),
            "pto.tmov: an accumulator of f32 is not moved to L1 as i8 without a scale, only as f16, bf16",
        ),
        (
            acc_to_mat("i32", "i8"),
            "pto.tmov: an accumulator of i32 is not moved to L1 as i8 without a scale, nor as another type",
        ),
        (
            "pto.tmov ins(%left : !left) outs(%left : !left)",
            "pto.tmov: src must be in mat (L1) or vec (UB) or acc (L0C), not in left (L0A)",
        ),
        (
            "pto.tmov ins(%mat : !mat) outs(%vec : !vec)",
            "pto.tmov: a tile in mat can be moved to left, right, bias, scaling, not to vec",
        ),
        (
            "%far = arith.constant 65536 : index\n"
            + load_mat("nd", "mat").replace("strides = [%c128, %c1]", "strides = [%far, %c1]"),
            "pto.tload: the rows of src are 65536 elements apart, but a load into L1 takes a stride of at most 65535; "
            "copy the data closer together, or load it row by row",
        ),
        (
            "%far = arith.constant 65536 : index\n"
            + load_mat("dn", "matt")
            .replace("shape = [%c128, %c128], strides = [%c1, %c128]", "shape = [%c128, %n], strides = [%c1, %far]")
            .replace("!pto.tensor_view<128x128xf16>", "!pto.tensor_view<128x?xf16>"),
            "pto.tload: the rows of src are 65536 elements apart, but a load into L1 takes a stride of at most 65535; "
            "copy the data closer together, or load it row by row",
        ),
        (
            column("%n", "%n", "?", "pto.tload ins(%s : !column) outs(%rows : !rows)"),
            "pto.tload: a view of layout nd goes with a vec tile of blayout=row_major, not col_major",
        ),
        (
            "%turned = pto.alloc_tile : !pto.tile_buf<vec, 32x256xf32, blayout=col_major>\n"
            "pto.tstore ins(%turned : !pto.tile_buf<vec, 32x256xf32, blayout=col_major>) outs(%slice : !slice)",
            "pto.tstore: a view of layout nd goes with a vec tile of blayout=row_major, not col_major",
        ),
        (
            "pto.textract ins(%vec, %c0, %c0 : !vec, index, index) outs(%left : !left)",
            "pto.textract: a tile in vec can be moved to vec, not to left",
        ),
        (
            "pto.tmov ins(%vec : !vec) outs(%narrow : !narrow)",
            "pto.tmov: operands must have the same valid shape, but src is [32, 256], dst is [32, 128]",
        ),
        (
            "pto.textract ins(%mat, %c32, %c0 : !mat, index, index) outs(%left : !left)",
            "pto.textract: row 32 and the 128 of dst reach outside src, which has 128",
        ),
        (
            "pto.textract ins(%mat, %m, %c0 : !mat, i64, index) outs(%left : !left)",
            "pto.textract: row must be index, not i64; cast with arith.index_cast",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message
