"""Tests of the accounts: they add up, and name what is waited for."""

from __future__ import annotations

import pytest

from isa.pipes import Pipe
from sim.timeline.account import busiest, critical_path, line_shares, queue_accounts
from sim.timeline.testing import program
from sim.timeline.times import Timeline, timeline


@pytest.fixture(scope="module")
def run() -> Timeline:
    return timeline(program(24))


def test_the_cycles_of_a_queue_are_those_of_the_block(run: Timeline) -> None:
    for account in queue_accounts(run):
        assert account.total == pytest.approx(run.cycles)
        assert account.idle >= -1e-6


def test_queues_are_in_the_order_of_the_data(run: Timeline) -> None:
    assert [(account.core, account.pipe.name) for account in queue_accounts(run)] == [
        ("cube", "MTE2"),
        ("cube", "FIX"),
        ("vec0", "MTE2"),
        ("vec0", "V"),
        ("vec0", "MTE3"),
    ]


def test_a_pop_that_waits_is_waiting_for_data_and_a_barrier_drains(run: Timeline) -> None:
    accounts = {(account.core, account.pipe): account for account in queue_accounts(run)}
    assert accounts["vec0", Pipe.MTE2].data > 0
    assert accounts["vec0", Pipe.V].drain > 0
    assert accounts["cube", Pipe.FIX].drain == pytest.approx(0, abs=1e-6)


def test_the_critical_path_adds_up_to_the_block(run: Timeline) -> None:
    path = critical_path(run)
    assert sum(cycles for _, cycles in path) == pytest.approx(run.cycles - path[-1][0].start)
    assert all(cycles >= 0 for _, cycles in path)
    starts = [bar.start for bar, _ in path]
    assert starts == sorted(starts, reverse=True)


def test_lines_are_the_dearest_first_with_what_they_do(run: Timeline) -> None:
    lines = line_shares(run, most=3)
    assert len(lines) == 3
    assert lines[0].cycles >= lines[1].cycles >= lines[2].cycles
    assert {(share.line, share.name) for share in line_shares(run)} <= {
        (2, "TLOAD"), (4, "TSTORE"), (7, "TLOAD"), (10, "TEXP"), (14, "TSTORE"), (17, "TLOAD"),
    }  # fmt: skip


def test_the_busiest_queue_is_the_one_with_most_work(run: Timeline) -> None:
    bound = busiest(queue_accounts(run))
    # Two loads of 32 KiB at 78 bytes a cycle: more than the exp of a tile (287) or the store of its scores (807).
    assert (bound.core, bound.pipe) == ("cube", Pipe.MTE2)
    most = max(account.busy + account.drain for account in queue_accounts(run))
    assert bound.busy == pytest.approx(most)
