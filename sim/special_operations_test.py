"""Operations with rules of their own are ordered by the assembler so that the judge finds nothing, and have a cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isa.costs import vector_cost
from isa.ops import OPS
from isa.pipes import Pipe
from ptodsl.examples.host_run import host_kernel
from ptodsl.examples.one_operation import NUMPY
from ptodsl.examples.special_entries import ENTRIES, build
from runtime.host_kernel import HostKernel
from sim.hazards import judge
from tools.ptoas.assemble import Options, Sync
from tracing.file import read_trace

SOME = [name for name in ENTRIES if name.rpartition("_")[2] not in ("f16", "bf16", "i16", "ui16", "ui32", "i8", "ui8")]
"""Entries of which no other differs in nothing but the element type."""


def traced(directory: Path, sync: Sync) -> HostKernel:
    """All entries, to be recorded."""
    return host_kernel(build(), next(iter(ENTRIES)), directory, Options(sync), mode="trace")


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """With the syncs that the assembler inserts."""
    return traced(tmp_path_factory.mktemp("ordered"), Sync.INSERT)


def findings(kernel: HostKernel, name: str, path: Path) -> int:
    """How many hazards there are in an entry."""
    buffers = [one for one in ENTRIES[name].buffers.values() if one.is_array]
    kernel.trace(path, 1, *(np.zeros(one.part, NUMPY[one.dtype]) for one in buffers), entry=name)
    return len(judge(read_trace(path)).findings)


@pytest.mark.parametrize("name", SOME)
def test_the_judge_finds_nothing_in_what_is_synchronised(ordered: HostKernel, name: str, tmp_path: Path) -> None:
    assert findings(ordered, name, tmp_path / "trace") == 0


def test_the_judge_sees_all_of_them(tmp_path: Path) -> None:
    kernel = traced(tmp_path, Sync.NONE)
    assert [name for name in SOME if findings(kernel, name, tmp_path / "trace") == 0] == []


def test_every_operation_on_v_has_a_cost() -> None:
    for op in OPS:
        if op.family.pipe is Pipe.V:
            assert sum(part.occupancy + part.tail for part in vector_cost(op.cpp, 32, 64, 4)) > 0, op.cpp
