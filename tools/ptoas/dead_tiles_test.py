"""Warnings of tiles that come to nothing."""

from __future__ import annotations

import pytest

from ptodsl.dialect.testing import snippet
from tools.ptoas.assemble import Options, assemble_with_origins

LOAD = "pto.tload ins(%slice : !slice) outs(%vec : !vec)\n"
STORE = "pto.tstore ins(%OUT : !vec) outs(%slice : !slice)\n"
OTHER = "%out = pto.alloc_tile : !vec\n"


def warnings(body: str) -> list[str]:
    """What the assembler says of a kernel, without places."""
    done = assemble_with_origins(snippet(body), "test.mlir", Options())
    return [warning.message for warning in done.warnings]


def test_what_reaches_global_memory_is_no_matter() -> None:
    body = f"{OTHER}{LOAD}pto.texp ins(%vec : !vec) outs(%out : !vec)\n{STORE.replace('OUT', 'out')}"
    assert warnings(body) == []


def test_scratch_is_used() -> None:
    body = (
        f"%tmp = pto.alloc_tile : !vec\n{LOAD}pto.trowmax ins(%vec, %tmp : !vec, !vec) outs(%rows : !rows)\n"
        "pto.trowexpandsub ins(%vec, %rows : !vec, !rows) outs(%vec : !vec)\n" + STORE.replace("OUT", "vec")
    )
    assert warnings(body) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            f"{OTHER}{LOAD}pto.texp ins(%vec : !vec) outs(%out : !vec)\n{STORE.replace('OUT', 'vec')}",
            "pto.texp: nobody uses what it leaves in its tile: store it, or leave the operation out",
        ),
        (
            f"{LOAD}pto.tadd ins(%vec, %vec : !vec, !vec) outs(%vec : !vec)",
            "pto.tadd: nobody uses what it leaves in its tile: store it, or leave the operation out",
        ),
    ],
)
def test_what_comes_to_nothing_is_told(body: str, message: str) -> None:
    assert warnings(body) == [message]


def test_a_chain_that_is_dead_is_told_link_by_link() -> None:
    body = f"{OTHER}{LOAD}pto.texp ins(%vec : !vec) outs(%out : !vec)"
    assert [message.split(":")[0] for message in warnings(body)] == ["pto.tload", "pto.texp"]


def test_a_tile_that_goes_around_a_loop_is_used() -> None:
    body = (
        f"{OTHER}{LOAD}%r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %vec) -> (!vec) {{\n"
        "pto.texp ins(%a : !vec) outs(%out : !vec)\nscf.yield %out : !vec\n}\n" + STORE.replace("OUT", "r")
    )
    assert warnings(body) == []
