"""Addresses: side by side where that fits, shared where it must, an error where nothing helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isa import a3
from ptodsl.dialect import AllocationOp, checks
from ptodsl.dialect.testing import TILES, parse_text, snippet
from tools.ptoas.diagnostics import OperationError
from tools.ptoas.live_ranges import live_ranges
from tools.ptoas.plan_memory import apply_plan, plan_memory

SIZE = TILES["vec"].byte_size
FIT = a3.UB.size // SIZE
"""Tiles `!vec` that the buffer holds side by side."""


def alloc(name: str, fixed: int | None = None) -> str:
    if fixed is None:
        return f"%{name} = pto.alloc_tile : !vec"
    return f"%{name}a = arith.constant {fixed} : i64\n%{name} = pto.alloc_tile addr = %{name}a : !vec"


def use(*names: str) -> str:
    return "\n".join(f"pto.texp ins(%{name} : !vec) outs(%{name} : !vec)" for name in names)


def plan(*lines: str, kind: str = "vector") -> dict[str, int]:
    """Addresses by the tiles' names."""
    found = plan_memory(parse_text(snippet("\n".join(lines), kind)))
    return {op.results[0].name_hint or "": address for op, address in found.addresses.items()}


def test_tiles_lie_side_by_side_in_program_order() -> None:
    assert plan(alloc("s"), alloc("t"), use("s"), use("t")) == {"s": 0, "t": SIZE}


def test_buffers_are_independent() -> None:
    tiles = ("mat", "left", "right", "acc")
    lines = [f"%{name}0 = pto.alloc_tile : !{name}" for name in tiles]
    assert plan(*lines, kind="cube") == {f"{name}0": 0 for name in tiles}


def test_bytes_are_shared_only_when_the_buffer_would_overflow() -> None:
    names = [f"t{i}" for i in range(FIT)]
    lines = [line for name in names for line in (alloc(name), use(name))]
    assert len(set(plan(*lines).values())) == FIT
    more = plan(*lines, alloc("more"), use("more"))
    assert max(more.values()) + SIZE <= a3.UB.size
    assert len(set(more.values())) == FIT, "only one tile shares its bytes"


def test_tiles_are_packed_when_sharing_reluctantly_leaves_gaps_that_are_too_small() -> None:
    """Two generations of tiles that fill the buffer, of different sizes."""
    old = [f"o{i}" for i in range(2 * FIT)]
    new = [f"n{i}" for i in range(FIT)]
    lines = [f"%{name} = pto.alloc_tile : !half" for name in old]
    lines += [f"pto.texp ins(%{name} : !half) outs(%{name} : !half)" for name in [*old, *old]]
    lines += [*(alloc(name) for name in new), use(*new), use(*new)]
    addresses = plan(*lines)
    assert sorted(addresses[name] for name in new) == [i * SIZE for i in range(FIT)]
    assert sorted(addresses[name] for name in old) == [i * SIZE // 2 for i in range(2 * FIT)]


def test_an_explicit_address_is_kept_and_avoided() -> None:
    assert plan(alloc("s"), alloc("t", fixed=SIZE // 2), use("s", "t")) == {"s": 2 * SIZE - SIZE // 2, "t": SIZE // 2}


def test_two_explicit_addresses_may_share_bytes() -> None:
    assert plan(alloc("s", fixed=0), alloc("t", fixed=0), use("s", "t")) == {"s": 0, "t": 0}


BROADCAST = "pto.trowexpandsub ins(%s, %rows : !vec, !rows) outs(%s : !vec)"


def test_the_scratch_of_the_library_stays_free_where_an_operation_works_in_it() -> None:
    """Five tiles fit before it, and one more only by sharing."""
    names = [f"t{i}" for i in range(a3.LIBRARY_SCRATCH.start // SIZE)]
    lines = [line for name in ("s", *names) for line in (alloc(name), use(name))]
    without = plan(*lines)
    assert max(without.values()) + SIZE == a3.UB.size
    assert len(set(without.values())) == len(without)
    with_scratch = plan(*lines, BROADCAST)
    del with_scratch["rows"]
    assert max(with_scratch.values()) + SIZE <= a3.LIBRARY_SCRATCH.start
    assert len(set(with_scratch.values())) < len(with_scratch)


def test_an_explicit_address_in_the_scratch_of_the_library_is_refused() -> None:
    last = a3.UB.size - SIZE
    assert plan(alloc("s", fixed=last), use("s")) == {"s": last}
    with pytest.raises(OperationError) as error:
        plan(alloc("s", fixed=last), BROADCAST + ' loc("kernel.py":7:1)')
    assert error.value.message == (
        "pto.alloc_tile: bytes 163840 to 196608 of UB reach into the scratch of the device library from 188416 on, "
        "which pto.trowexpandsub at kernel.py:7 overwrites. Use addresses below"
    )
    start = a3.LIBRARY_SCRATCH.start - SIZE
    assert plan(alloc("s", fixed=start), BROADCAST)["s"] == start


def test_overflow_names_the_operation_that_needs_the_scratch() -> None:
    names = [f"t{i}" for i in range(FIT)]
    lines = [*(alloc(name) for name in ("s", *names)), BROADCAST, use("s", *names), use("s", *names)]
    with pytest.raises(OperationError, match="UB has 188416 bytes before the scratch of the device library, which"):
        plan(*lines)


def test_an_address_must_be_constant() -> None:
    with pytest.raises(OperationError, match="addr must be a constant"):
        plan("%t = pto.alloc_tile addr = %m : !vec")


def test_overflow_names_the_buffer_the_need_and_the_largest_tiles() -> None:
    names = [f"t{i}" for i in range(FIT + 1)]
    location = ' loc("kernel.py":12:1)'
    with pytest.raises(OperationError) as error:
        plan(*(alloc(name) + location for name in names), use(*names), use(*names))
    assert error.value.message.startswith(
        f"local memory allocation failed: UB has 196608 bytes, but the {FIT + 1} tiles of @f need {(FIT + 1) * SIZE}"
    )
    assert f"{SIZE} bytes vec f32 [32, 256] at kernel.py:12" in error.value.message


def test_applying_a_plan_makes_addresses_constant_operands() -> None:
    module = parse_text(snippet("\n".join([alloc("s"), alloc("t"), use("s", "t")])))
    found = plan_memory(module)
    apply_plan(found)
    module.verify()
    tiles = [op for op in found.addresses if isinstance(op, AllocationOp)]
    assert [checks.constant_int(op.addr) for op in tiles if op.addr is not None] == [0, SIZE]
    assert plan_memory(module) == found


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_tiles_that_are_live_together_never_overlap(uses: list[tuple[int, int]]) -> None:
    """Random straight-line programs over twelve tiles: twice what the buffer holds."""
    lines = [alloc(f"t{i}") for i in range(12)]
    lines += [f"pto.texp ins(%t{a} : !vec) outs(%t{b} : !vec)" for a, b in uses]
    module = parse_text(snippet("\n".join(lines)))
    block = next(iter(module.body.block.ops)).regions[0].block
    live = live_ranges(block)
    try:
        placed = plan_memory(module).addresses
    except OperationError:
        return
    addresses = {op: start for op, start in placed.items() if isinstance(op, AllocationOp)}
    assert len(addresses) == len(placed) == 12
    for first, start in addresses.items():
        assert start % a3.UB.alignment == 0
        assert start + SIZE <= a3.UB.size
        for second, other in addresses.items():
            if first is not second and live[first].overlaps(live[second]):
                assert abs(start - other) >= SIZE
