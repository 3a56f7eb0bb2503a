"""Tests of the costs: the published cycles of whole operations come out of their parts."""

from __future__ import annotations

import pytest

from isa.costs import CostError, MicroOp, matmul_cost, path_of, vector_cost


def cycles(parts: tuple[MicroOp, ...]) -> float:
    """Return how long an operation takes alone: every drain waits for the tail, and costs a cycle."""
    return sum(part.occupancy + part.tail + (part.drains and part.tail > 0) for part in parts)


@pytest.mark.parametrize(
    ("op", "shape", "published"),
    [
        ("TROWMAX", (32, 256), 270),
        ("TROWMAX", (16, 512), 242),
        ("TROWSUM", (32, 256), 284),
        ("TROWSUM", (16, 512), 263),
        ("TROWEXPANDSUB", (32, 256), 300),
        ("TROWEXPANDMUL", (32, 128), 172),
        ("TROWEXPANDDIV", (32, 256), 561),
        ("TROWEXPANDDIV", (32, 128), 305),
        ("TADD", (32, 256), 280),
        ("TMULS", (32, 256), 154),
        ("TEXP", (32, 256), 287),
        ("TCVT", (32, 256), 155),
        ("TADD", (1, 32), 44),
        ("TMUL", (1, 32), 45),
        ("TMULS", (1, 32), 29),
        ("TEXP", (1, 32), 35),
    ],
)
def test_published_costs_of_whole_operations_come_out(op: str, shape: tuple[int, int], published: float) -> None:
    assert cycles(vector_cost(op, *shape, 4)) == pytest.approx(published, abs=2)


def test_matmul_of_fp16_is_published_as_512_and_6() -> None:
    assert matmul_cost(128, 128, 128 * 2) == 518


def test_a_tile_of_keys_takes_as_long_as_published() -> None:
    """K, V and P of [128 q x 256 kv]: about 2,510 cycles on MTE2 of the cube."""
    assert 3 * 64 * 1024 / path_of("GM", "L1").bytes_per_cycle == pytest.approx(2510, rel=0.001)


def test_library_operations_drain_inside() -> None:
    assert [part.drains for part in vector_cost("TROWEXPANDEXPDIF", 32, 256, 4)] == [True, True, False]
    assert [part.drains for part in vector_cost("TDIVS", 32, 256, 4)] == [True, False]
    assert [part.drains for part in vector_cost("TROWEXPANDSUB", 32, 256, 4)] == [True, False]
    assert {part.drains for part in vector_cost("TROWMAX", 32, 256, 4)} == {True}


def test_an_operation_without_a_cost_is_an_error_and_no_guess() -> None:
    with pytest.raises(CostError, match=r"TSIGMOID has no cost in isa/ops\.py"):
        vector_cost("TSIGMOID", 32, 256, 4)
    with pytest.raises(CostError, match="a move from UB to L0A has no cost"):
        path_of("UB", "L0A")
