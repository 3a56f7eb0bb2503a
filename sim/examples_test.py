"""The assembler's syncs in kernels other than Flash Attention: loops, matmuls, reductions, FIFOs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example
from ptodsl.examples.host_run import host_kernel
from sim.hazards import judge
from sim.mutants import Mutation, mutants, take_inventory
from sim.mutate import judge_mutants
from sim.program import bytes_of
from sim.record import Recording
from tools.ptoas.assemble import Options, Sync
from tracing.file import read_trace


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example_is_in_order_and_needs_all_its_syncs(example: Example, tmp_path: Path) -> None:
    kernel = host_kernel(example.build(), example.name, tmp_path, mode="trace")
    arguments = example.arguments(np.random.default_rng(0))
    kernel.trace(tmp_path / "trace", example.block_dim, *arguments.values())
    trace, slots = read_trace(tmp_path / "trace"), arguments.get("slots")
    scratch = (bytes_of(slots),) if isinstance(slots, np.ndarray) else ()

    assert judge(trace, scratch=scratch).findings == ()

    found = [
        m for m in mutants(take_inventory([trace])) if m.mutation in (Mutation.DELETE_PAIR, Mutation.DELETE_BARRIER)
    ]
    outcomes = judge_mutants([Recording(trace, scratch)], found)
    assert [outcome.mutant.text for outcome in outcomes if not outcome.killed] == []


@pytest.mark.parametrize("example", EXAMPLES[::4], ids=lambda example: example.name)
def test_a_barrier_before_everything_orders_everything_on_a_core(example: Example, tmp_path: Path) -> None:
    kernel = host_kernel(example.build(), example.name, tmp_path, Options(Sync.BARRIER_ALL), mode="trace")
    arguments = example.arguments(np.random.default_rng(0))
    kernel.trace(tmp_path / "trace", example.block_dim, *arguments.values())
    assert judge(read_trace(tmp_path / "trace")).findings == ()
