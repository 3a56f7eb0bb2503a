"""Rules of operations that the extents of their operands do not say: each is broken once, and named."""

from __future__ import annotations

import pytest

from ptodsl.dialect.testing import complaint

F32, F16, I32 = "vec, 32x256xf32", "vec, 32x256xf16", "vec, 32x256xi32"
ROW = "vec, 32x1xf32, blayout=col_major"
SYM = " {quant_type = #pto<quant_type INT8_SYM>}"


def use(operation: str, ins: str, out: str, inside: str = "", behind: str = "") -> str:
    """Lines with one operation; tiles by their types, with `;` between them, a value as `%x: f32`."""
    lines, names, types = [], [], []
    for number, item in enumerate([*ins.split("; "), out]):
        if item.startswith("%"):
            name, _, ty = item.partition(": ")
        else:
            name, ty = f"%t{number}", f"!pto.tile_buf<{item}>"
            valid = "".join(f" valid_{axis} = %n" for axis in ("row", "col")) if "?x?" in item else ""
            lines.append(f"{name} = pto.alloc_tile{valid} : {ty}")
        names.append(name)
        types.append(ty)
    call = f"ins({', '.join(names[:-1])}{inside} : {', '.join(types[:-1])}) outs({names[-1]} : {types[-1]})"
    return "\n".join(["%l = arith.constant 48 : i32", *lines, f"pto.{operation} {call}{behind}"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (use("tcmp", f"{F32}; {F32}", "vec, 32x32xi8"), "pto.tcmp: dst is i8, but must be ui8, which has no sign"),
        (
            use("tcmp", "vec, 32x512xf32; vec, 32x512xf32", "vec, 32x32xui8"),
            "dst has rows of 32 bytes, but 512 columns",
        ),
        (use("tcmp", f"{F32}; {F32}", "vec, 16x32xui8"), "dst has 16 rows, but there are 32 rows of elements"),
        (
            use("tcmps", f"{I32}; %l: i32", "vec, 32x32xui8", " {cmpMode = #pto<cmp lt>}"),
            "the device compares i32 for eq and ne only, whatever mode is given, not for lt",
        ),
        (
            use("tsel", f"vec, 32x32xui8; vec, 32x512xf32; vec, 32x512xf32; {F32}", "vec, 32x512xf32"),
            "has 256 bits a row",
        ),
        (use("tprelu", f"{F32}; {F32}; vec, 32x32xui8", F32), "tmp has 32 rows, but needs one more than dst's 32"),
        (
            use("trem", f"{F32}; {F32}; vec, 1x256xf32", F32),
            "tmp is [1, 256], but must have 2 rows of dst's 256 columns",
        ),
        (use("trem", f"{F32}; {F32}; vec, 1x512xf32", F32), "must have 2 rows of dst's 256 columns"),
        (
            use("tpartadd", "vec, 8x64xf32; vec, 8x64xf32", "vec, 16x64xf32"),
            "lhs or rhs must have the valid shape of dst",
        ),
        (use("tgather", f"{F32}; {I32}", F32), "pto.tgather: it takes indices and tmp, or maskPattern"),
        (use("tgather", f"{F16}; {I32}; vec, 8x64xi32", F16), "tmp has 2048 bytes, but the device overwrites 32768"),
        (
            use("tgather", F32, "vec, 8x64xf32", ", {maskPattern = #pto.mask_pattern<P0101>}"),
            "32 rows of 128 elements do not fit into dst, [8, 64]",
        ),
        (
            use("tgather", F32, F16, ", {maskPattern = #pto.mask_pattern<P0101>}"),
            "dst is f16, but must have elements of as many bytes as src's f32",
        ),
        (use("tscatter", f"{F32}; vec, 32x256xi16", F32), "elements of f32 go with indices of 32 bits, not i16"),
        (use("tfillpad", F32, F32), "dst has no pad value: give its type pad=1 (zero), 2 (max) or 3 (min)"),
        (use("tfillpad", F32, "vec, 40x256xf32, pad=1"), "pto.tfillpad_expand takes a larger dst"),
        (use("tfillpad_expand", F32, "vec, 16x256xf32, pad=1"), "which is more than dst's [16, 256]"),
        (
            use("tfillpad_inplace", F32, "vec, 32x256xf32, pad=1"),
            "it copies nothing, so src and dst must be the same bytes",
        ),
        (use("tsort32", "vec, 1x40xf32; vec, 1x40xui32", "vec, 1x80xf32"), "drops what is left after blocks of 32"),
        (
            use("tsort32", "vec, 2x64xf32; vec, 2x64xui32", "vec, 2x128xf32"),
            "one row of 64 indices is used for all rows",
        ),
        (
            use("tsort32", "vec, 1x64xf16; vec, 1x64xui32", "vec, 1x128xf16"),
            "must be [1, 256], 4 elements for each of src",
        ),
        (use("tmrgsort", "vec, 1x256xf32; %l: i32", "vec, 1x256xf32"), "block_len is 48, but must be a multiple of 64"),
        (use("tmrgsort", "vec, 1x256xf32; %n: index", "vec, 1x256xf32"), "block_len must be i32, not index"),
        (use("tmrgsort", "vec, 2x256xf32; %l: i32", "vec, 2x256xf32"), "must have one valid row"),
        (use("tquant", f"{F32}; {ROW}", "vec, 32x256xui8", behind=SYM), "here INT8_SYM makes ui8 without one"),
        (use("tquant", f"{F32}; {F32}", "vec, 32x256xi8", behind=SYM), "one value per row is a [rows, 1] tile"),
        (
            use("ttrans", "vec, 8x64xf32; vec, 64x8xf32", "vec, 64x8xf32"),
            "tmp has 2048 bytes, but the device overwrites 4096",
        ),
        (use("ttrans", "vec, 8x64xf32; vec, 64x16xf32", "vec, 8x64xf32"), "must be [64, 8], src's columns and rows"),
        (
            use("tconcat", "vec, 8x64xf32; vec, 8x64xf32", "vec, 8x64xf32"),
            "must be [8, 128], the columns of lhs and of rhs",
        ),
        (
            use("trowargmax", f"{F32}; vec, 32x8xf32", "vec, 32x1xi32, blayout=col_major"),
            "tmp is [32, 8], but for 256 columns must be [32, 12]",
        ),
        (
            use("tcolargmax", f"{F32}; vec, 1x64xf32", "vec, 1x256xi32"),
            "tmp has 256 bytes, but the device overwrites 512",
        ),
        (use("tcolsum", f"{F32}; {F32}", "vec, 1x256xf32"), "tmp and isBinary go together"),
        (
            use("tcolsum", f"{F32}; vec, 8x256xf32", "vec, 1x256xf32", " {isBinary = true}"),
            "a sum as a tree of [32, 256] needs [16, 256]",
        ),
        (use("trowexpandadd", f"{F32}; {ROW}; vec, 1x8xf32", F32), "tmp has 32 bytes, but the device overwrites 1024"),
        (use("tci", "%l: i32", "vec, 2x64xi32"), "pto.tci: dst is vec i32 [2, 64], but must have one row"),
        (use("tsetval", "%c256: index; %x: f32", "vec, 1x64xf32"), "offset 256 is outside of the tile's 64 elements"),
        (use("tinsert", "vec, 8x16xf32; %c0: index; %c2: index", F32), "col 2 must be a multiple of 8"),
        (use("tinsert", "vec, 8x16xf32; %c32: index; %c0: index", F32), "row 32 and the 8 of src reach outside dst"),
        (
            "%t = pto.alloc_tile : !vec\npto.set_validshape %t, %n, %n : !vec",
            "only a tile whose type says valid=?x? can be changed",
        ),
    ],
)
def test_what_breaks_a_rule_is_named(body: str, message: str) -> None:
    assert message in complaint(body)


def test_scratch_and_destination_are_tiles_of_their_own() -> None:
    body = "%u = pto.alloc_tile : !pto.tile_buf<vec, 64x32xui8>\n"
    in_place = body + "pto.tprelu ins(%vec, %narrow, %u : !vec, !vec, !pto.tile_buf<vec, 64x32xui8>) outs(%vec : !vec)"
    assert "dst must be another tile than lhs: it does not work in place" in complaint(
        in_place.replace("%narrow", "%vec")
    )
