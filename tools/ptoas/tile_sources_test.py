"""Where tile values come from."""

import pytest

from ptodsl.dialect.testing import TILES, parse, parse_text
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.tile_sources import allocations_of

TWO = "%a = pto.alloc_tile : !vec\n%c = pto.alloc_tile : !vec\n"


def names(body: str) -> list[str]:
    """Names of the allocations behind the operand of the last operation."""
    return sorted(op.results[0].name_hint or "" for op in allocations_of(parse(TWO + body)[-2].operands[0]))


def test_through_reshapes_and_windows() -> None:
    assert names("%r = pto.treshape %a : !vec -> !vec\npto.tprint ins(%r : !vec)") == ["a"]
    window = "%w = pto.subview %a[%n, %c0] sizes [32, 256] : !vec -> !vec\n"
    assert names(window + "pto.tprint ins(%w : !vec)") == ["a"]


def test_an_if_has_both() -> None:
    selected = "%s = scf.if %b -> (!vec) {\nscf.yield %a : !vec\n} else {\nscf.yield %c : !vec\n}\n"
    assert names(selected + "pto.tprint ins(%s : !vec)") == ["a", "c"]


def test_a_loop_has_what_comes_in_and_what_comes_round() -> None:
    loop = (
        "%s, %t = scf.for %i = %c0 to %n step %c1 iter_args(%u = %a, %v = %c) -> (!vec, !vec) {\n"
        "scf.yield %v, %u : !vec, !vec\n}\n"
    )
    assert names(loop + "pto.tprint ins(%s : !vec)") == ["a", "c"]


def test_an_argument_has_no_bytes() -> None:
    module = parse_text(f"func.func @f(%t: {TILES['vec']}) {{\npto.tprint ins(%t : {TILES['vec']})\nfunc.return\n}}")
    op = next(op for op in module.walk() if op.name == "pto.tprint")
    with pytest.raises(OperationError, match="tiles cannot be arguments; allocate them in the function"):
        allocations_of(op.operands[0])
