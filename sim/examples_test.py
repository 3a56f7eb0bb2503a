"""Kernels other than Flash Attention: what they compute, and their syncs in loops, matmuls, reductions, FIFOs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from ptodsl.examples.host_run import host_kernel, host_kernels
from runtime.host_kernel import HostKernel
from sim.hazards import judge
from sim.mutants import Mutation, mutants, take_inventory
from sim.mutate import judge_mutants
from sim.program import bytes_of
from sim.record import Recording
from sim.timeline.program import timed_program
from sim.timeline.times import timeline
from tools.ptoas.assemble import Options, Sync
from tracing.file import read_trace

PAGE = Path(__file__).parents[1] / "docs" / "examples.md"


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda example: example.name)
def example(request: pytest.FixtureRequest) -> Example:
    """Each of the examples."""
    chosen: Example = request.param
    return chosen


@pytest.fixture(scope="module")
def built(example: Example, tmp_path_factory: pytest.TempPathFactory) -> list[HostKernel]:
    """Its libraries, one that computes and one that records, compiled once."""
    options, modes = Options(Sync.INSERT), ["execute", "trace"]
    return host_kernels(example.build(), example.name, tmp_path_factory.mktemp(example.name), options, modes)


@pytest.fixture(scope="module")
def recorder(built: list[HostKernel]) -> HostKernel:
    """Its library that records."""
    return built[1]


def test_example_computes_what_numpy_does(example: Example, built: list[HostKernel]) -> None:
    for shape in example.shapes:
        arguments = example.draw(0, shape)
        expected = example.expected(arguments)
        built[0].launch(example.block_dim, *arguments.values())
        example.check(arguments, expected)


def test_example_is_in_order_and_needs_all_its_syncs(example: Example, recorder: HostKernel, tmp_path: Path) -> None:
    arguments = example.draw(0)
    recorder.trace(tmp_path / "trace", example.block_dim, *arguments.values())
    trace, slots = read_trace(tmp_path / "trace"), arguments.get("slots")
    scratch = (bytes_of(slots),) if isinstance(slots, np.ndarray) else ()

    assert judge(trace, scratch=scratch).findings == ()

    found = [
        m for m in mutants(take_inventory([trace])) if m.mutation in (Mutation.DELETE_PAIR, Mutation.DELETE_BARRIER)
    ]
    outcomes = judge_mutants([Recording(trace, scratch)], found)
    assert [outcome.mutant.text for outcome in outcomes if not outcome.killed] == []


def test_the_page_says_what_an_example_is_predicted_to_take(
    example: Example, recorder: HostKernel, tmp_path: Path
) -> None:
    recorder.trace(tmp_path / "trace", 1, *example.draw(0).values())
    cycles = timeline(timed_program(read_trace(tmp_path / "trace"))).cycles
    row = re.search(rf"^\| `{example.name}` \| [^|]+ \| ([\d,]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert row is not None, f"docs/examples.md has no row for {example.name}"
    assert row[1] == f"{cycles:,.0f}", f"put this into docs/examples.md at {example.name}: {cycles:,.0f}"


@pytest.mark.parametrize("example", EXAMPLES[::4], ids=lambda example: example.name)
def test_a_barrier_before_everything_orders_everything_on_a_core(example: Example, tmp_path: Path) -> None:
    kernel = host_kernel(example.build(), example.name, tmp_path, Options(Sync.BARRIER_ALL), mode="trace")
    arguments = example.draw(0)
    kernel.trace(tmp_path / "trace", example.block_dim, *arguments.values())
    assert judge(read_trace(tmp_path / "trace")).findings == ()
