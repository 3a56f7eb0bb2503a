"""Scratch that is the source under another name."""

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


def test_the_source_in_another_shape_is_the_source() -> None:
    allocated = "%s = pto.alloc_tile : !vec\n%r = pto.alloc_tile : !rows"
    reshaped = f"%t = pto.treshape %s : !vec -> {WIDE}"
    assert "tmp shares bytes with src" in message(allocated, reshaped, tmp=WIDE, addresses=False)
