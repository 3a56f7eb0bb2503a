"""Scratch that is the source under another name, results over what is still read."""

import pytest

from ptodsl.dialect.testing import snippet
from tools.ptoas.assemble import Options, assemble
from tools.ptoas.diagnostics import AssemblerError

WIDE = "!pto.tile_buf<vec, 16x512xf32>"


def message(*lines: str, tmp: str = "!vec", addresses: bool = True) -> str:
    """What the assembler says of a row reduction of `%s` to `%r` with scratch `%t`; nothing if it is right."""
    body = "\n".join([*lines, f"pto.trowmax ins(%s, %t : !vec, {tmp}) outs(%r : !rows)"])
    try:
        assemble(snippet(body), "a.mlir", Options(addresses=addresses))
    except AssemblerError as error:
        return str(error)
    return ""


def tiles(s: int, t: int, r: int) -> str:
    """The three tiles at these addresses."""
    places = (("s", s, "vec"), ("t", t, "vec"), ("r", r, "rows"))
    return "\n".join(
        f"%{name}a = arith.constant {address} : i64\n%{name} = pto.alloc_tile addr = %{name}a : !{ty}"
        for name, address, ty in places
    )


def test_scratch_beside_the_source_is_right() -> None:
    assert message(tiles(0, 32768, 65536)) == ""


@pytest.mark.parametrize("address", [0, 32736, 16384])
def test_scratch_at_an_address_in_the_source_is_refused(address: int) -> None:
    text = message(tiles(0, address, 131072))
    assert "pto.trowmax: tmp shares bytes with src, which the device would overwrite" in text


def test_scratch_over_the_destination_is_refused() -> None:
    assert "tmp shares bytes with dst" in message(tiles(0, 32768, 40000))


def test_what_does_not_work_in_place_does_not_under_another_name() -> None:
    renamed = f"%u = pto.treshape %vec : !vec -> {WIDE}\n%d = pto.treshape %u : {WIDE} -> !vec"
    with pytest.raises(AssemblerError, match="dst shares bytes with src, which the device would overwrite"):
        assemble(snippet(f"{renamed}\npto.trecip ins(%vec : !vec) outs(%d : !vec)"), "a.mlir", Options())


def test_the_source_in_another_shape_is_the_source() -> None:
    allocated = "%s = pto.alloc_tile : !vec\n%r = pto.alloc_tile : !rows"
    reshaped = f"%t = pto.treshape %s : !vec -> {WIDE}"
    assert "tmp shares bytes with src" in message(allocated, reshaped, tmp=WIDE, addresses=False)


def shifted(op: str, source: int, result: int, kind: str = "vec") -> str:
    """What the assembler says of an operation from a tile at one address to a tile at another one."""
    ty = {"vec": "!vec", "half": "!half"}
    body = "\n".join(
        [
            f"%sa = arith.constant {source} : i64\n%s = pto.alloc_tile addr = %sa : !vec",
            f"%ra = arith.constant {result} : i64\n%r = pto.alloc_tile addr = %ra : {ty[kind]}",
            f"pto.{op} ins(%s : !vec) outs(%r : {ty[kind]})",
        ]
    )
    try:
        assemble(snippet(body), "a.mlir", Options(addresses=True))
    except AssemblerError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("result", [256, 4096, 32736])
def test_a_result_over_what_later_repeats_read_is_refused(result: int) -> None:
    assert "pto.texp: dst lies over an operand that later repeats still read" in shifted("texp", 0, result)


@pytest.mark.parametrize(("source", "result"), [(0, 0), (256, 0), (0, 32768), (65536, 0)])
def test_a_result_in_place_before_or_beside_its_operand_is_right(source: int, result: int) -> None:
    assert shifted("texp", source, result) == ""


def test_a_narrower_result_may_begin_where_the_operand_does() -> None:
    assert shifted("tcvt", 0, 0, "half") == ""
    assert "pto.tcvt: dst lies over" in shifted("tcvt", 0, 4096, "half")


def test_windows_of_one_tile_are_looked_at_too() -> None:
    window = "!pto.tile_buf<vec, 8x256xf32>"

    def moved(row: int) -> str:
        return "\n".join(
            [
                "%t = pto.alloc_tile : !vec",
                f"%r = arith.constant {row} : index",
                f"%first = pto.subview %t[%c0, %c0] sizes [8, 256] : !vec -> {window}",
                f"%second = pto.subview %t[%r, %c0] sizes [8, 256] : !vec -> {window}",
                f"pto.tabs ins(%first : {window}) outs(%second : {window})",
            ]
        )

    assemble(snippet(moved(8)), "a.mlir", Options())
    with pytest.raises(AssemblerError, match=r"a\.mlir:\d+:1: error: pto.tabs: dst lies over"):
        assemble(snippet(moved(4)), "a.mlir", Options())
