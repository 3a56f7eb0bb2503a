"""The repeat rule: distances that the vendor's statements and tests fix, and agreement with a walk byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isa.op import Order
from isa.repeats import (
    ORDERS,
    SAFE_DISTANCE,
    Operand,
    Operation,
    distance,
    in_time,
    order_of,
    own_distance,
    repeats_of,
)

A, B, C, D = 0, 1 << 16, 2 << 16, 3 << 16


def operand(
    start: int, rows: int, cols: int, *, writes: bool = False, size: int = 4, pitch: int | None = None
) -> Operand:
    return Operand(start, rows, cols, size, cols * size if pitch is None else pitch, writes)


def binary(name: str, dst: int, rows: int, cols: int, *sources: int) -> Operation:
    """An operation on whole fp32 tiles."""
    reads = tuple(operand(source, rows, cols) for source in sources)
    return Operation(name, rows, cols, (*reads, operand(dst, rows, cols, writes=True)))


def expand(name: str, dst: int, rows: int, cols: int, source: int, values: int) -> Operation:
    """A row broadcast."""
    tiles = operand(source, rows, cols), operand(values, rows, 1), operand(dst, rows, cols, writes=True)
    return Operation(name, rows, cols, tiles)


def reduction(dst: int, rows: int, cols: int, source: int, scratch: int) -> Operation:
    """A row reduction with scratch of the source's shape."""
    tiles = (
        operand(source, rows, cols),
        operand(scratch, rows, cols, writes=True),
        operand(dst, rows, 1, writes=True),
    )
    return Operation("TROWMAX", rows, cols, tiles)


@pytest.mark.parametrize(("rows", "expected"), [(32, 33), (16, 17)])
def test_gu_has_the_distances_of_the_published_reading(rows: int, expected: int) -> None:
    """In compute_gu o = o * e row by row, then o = o + pv, for the row slices of S1_TILE 256 and 512."""
    rescale, accumulate = expand("TROWEXPANDMUL", A, rows, 128, A, C), binary("TADD", A, rows, 128, A, B)
    assert distance(rescale, accumulate) == expected
    assert in_time(rescale, accumulate)


@pytest.mark.parametrize(("rows", "cols", "kept"), [(15, 64, True), (16, 64, False), (1, 1024, False), (128, 8, False)])
def test_sixteen_repeats_are_in_time_and_fifteen_are_not(rows: int, cols: int, kept: bool) -> None:
    """The vendor's own test: texp then tadd on the same fp32 tile."""
    first, second = binary("TEXP", A, rows, cols, B), binary("TADD", C, rows, cols, A, A)
    assert distance(first, second) == rows * cols // 64
    assert in_time(first, second) is not kept


def test_half_precision_fills_a_repeat_with_twice_the_lanes() -> None:
    first = Operation("TEXP", 32, 64, (operand(A, 32, 64, size=2), operand(B, 32, 64, size=2, writes=True)))
    second = Operation("TADD", 32, 64, (operand(B, 32, 64, size=2), operand(C, 32, 64, size=2, writes=True)))
    assert distance(first, second) == 16


def test_a_conversion_walks_with_the_lanes_of_its_wider_side() -> None:
    narrow = Operation("TCVT", 32, 64, (operand(A, 32, 64), operand(B, 32, 64, size=2, writes=True)))
    assert repeats_of(narrow) == 32
    use = Operation("TEXP", 32, 64, (operand(B, 32, 64, size=2), operand(C, 32, 64, size=2, writes=True)))
    # TEXP reads with each repeat what two repeats of TCVT wrote.
    assert distance(narrow, use) == 32 - 31 + 15


def test_a_row_state_is_used_too_early() -> None:
    """The exponential of [1, 32], then its broadcast: one repeat, and the broadcast reads the values first of all."""
    exp = binary("TEXP", C, 1, 32, C)
    assert distance(exp, expand("TROWEXPANDMUL", A, 32, 128, A, C)) == 1


def test_other_operations_in_between_count() -> None:
    first, second = binary("TMULS", A, 1, 32, B), binary("TADDS", C, 1, 32, A)
    assert not in_time(first, second, 14)
    assert in_time(first, second, 15)


def test_reads_alone_and_other_bytes_are_no_conflict() -> None:
    assert distance(binary("TEXP", B, 16, 64, A), binary("TEXP", C, 16, 64, A)) is None
    assert in_time(binary("TEXP", B, 16, 64, A), binary("TEXP", C, 16, 64, A))


def test_a_reduction_reads_its_source_in_time_but_its_result_comes_last() -> None:
    scores = expand("TROWEXPANDSUB", A, 32, 256, B, C)
    assert distance(scores, reduction(C + 4096, 32, 256, A, D)) == 32 * 4 - 31 * 3
    largest = reduction(C, 32, 256, A, B)
    assert distance(largest, binary("TMULS", C + 256, 1, 32, C)) == 1


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Operation("TMOV", 64, 128, (operand(A, 64, 128, writes=True),)), id="order not known"),
        pytest.param(Operation("TEXP", 64, 128, (operand(A, 64, 128, writes=True, pitch=1024),)), id="with gaps"),
        pytest.param(Operation("TCVT", 64, 128, (operand(A, 64, 128, writes=True, size=1),)), id="bytes"),
        pytest.param(Operation("TROWEXPANDADD", 64, 8, (operand(A, 64, 8, writes=True),)), id="rows of one block"),
        pytest.param(Operation("TEXP", 64, 128, (operand(A, 64, 64, writes=True),)), id="another shape"),
    ],
)
def test_what_is_not_known_is_never_in_time(first: Operation) -> None:
    assert order_of(first) is Order.UNKNOWN
    assert repeats_of(first) == 0
    (written,) = first.operands
    again = Operation("TEXP", written.rows, written.cols, (written,))
    assert not in_time(first, again)
    assert not in_time(first, again, SAFE_DISTANCE - 2)


OPERATIONS = st.builds(
    lambda name, rows, cols, dst, *sources: binary(name, dst * 128, rows, cols, *(source * 128 for source in sources)),
    st.sampled_from(sorted(name for name, order in ORDERS.items() if order in (Order.ROWS, Order.STRIPS))),
    st.integers(1, 9),
    st.sampled_from([16, 48, 64, 96, 128, 160]),
    *[st.integers(0, 12)] * 3,
)


def walk(op: Operation) -> list[tuple[int, int, bool]]:
    """All (byte, repeat, writes) of an operation on fp32 tiles of one shape, element by element."""
    found, repeat = [], 0
    strips = ORDERS[op.name] is Order.STRIPS
    if strips:
        groups = [
            [row * op.cols + col for col in range(left, min(left + 64, op.cols))]
            for left in range(0, op.cols, 64)
            for row in range(op.rows)
        ]
    else:
        elements = list(range(op.rows * op.cols))
        groups = [elements[at : at + 64] for at in range(0, len(elements), 64)]
    for repeat, group in enumerate(groups):
        found += [(one.start + 4 * element, repeat, one.writes) for element in group for one in op.operands]
    return found


@given(OPERATIONS, OPERATIONS, st.integers(0, 20))
def test_distance_is_that_of_a_walk_element_by_element(first: Operation, second: Operation, between: int) -> None:
    accesses = walk(first)
    issued = 1 + max(repeat for _, repeat, _ in accesses)
    assert repeats_of(first) == issued
    earlier: dict[int, list[tuple[int, bool]]] = {}
    for byte, repeat, writes in accesses:
        earlier.setdefault(byte, []).append((repeat, writes))
    expected = [
        issued + between + repeat - before
        for byte, repeat, writes in walk(second)
        for before, wrote in earlier.get(byte, ())
        if writes or wrote
    ]
    assert distance(first, second, between) == min(expected, default=None)


@pytest.mark.parametrize(
    ("name", "source", "result", "expected"),
    [
        ("TEXP", A, A, None),
        ("TEXP", A, A + 8192, None),
        ("TEXP", A + 256, A, None),
        ("TEXP", A, A + 256, 1),
        ("TEXP", A, A + 128, 1),
        ("TEXP", A, A + 16 * 256, 16),
        ("TSOMETHING", A, A, None),
        ("TSOMETHING", A, A + 16 * 256, 1),
        ("TSOMETHING", A, A + 8192, None),
    ],
)
def test_what_an_operation_reads_behind_its_own_writes(
    name: str, source: int, result: int, expected: int | None
) -> None:
    """32 repeats; of an operation whose order is not known all bytes may be read last."""
    assert own_distance(binary(name, result, 32, 64, source)) == expected


def test_strips_in_place_read_nothing_that_they_wrote() -> None:
    """Nor is a value per row in place of a row: the next strip reads it again."""
    assert own_distance(expand("TROWEXPANDMUL", A, 16, 128, A, C)) is None
    assert own_distance(expand("TROWEXPANDMUL", A, 16, 128, B, A)) is not None


@pytest.mark.parametrize(("sizes", "expected"), [((4, 2), None), ((2, 4), 1)])
def test_a_conversion_in_place_may_narrow_but_not_widen(sizes: tuple[int, int], expected: int | None) -> None:
    tiles = operand(A, 32, 64, size=sizes[0]), operand(A, 32, 64, size=sizes[1], writes=True)
    assert own_distance(Operation("TCVT", 32, 64, tiles)) == expected
