"""Atomic stores commute with each other, whoever makes them, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isa.pipes import Pipe
from runtime.testing import TILE, VIEW, compile_text
from sim.hazards import judge
from sim.replay import FindingKind
from sim.testing import UB0, gm, kinds, order
from tracing.builder import CoreBuilder, Span, TraceBuilder
from tracing.file import read_trace
from tracing.format import Trace

PLACE = gm(0)
ADDED = replace(PLACE, adds="f32")


def store(core: CoreBuilder, to: Span) -> None:
    """Issue a TSTORE."""
    core.op("TSTORE", Pipe.MTE3, writes=[to])


def two_cores(first: Span, second: Span | None, blocks: tuple[int, int] = (0, 0)) -> Trace:
    """Return what two vector cores store; with None the second one loads."""
    build = TraceBuilder()
    cores = [build.core("vec", block=block, subblock=i) for i, block in enumerate(blocks)]
    store(cores[0], first)
    if second:
        store(cores[1], second)
    else:
        cores[1].op("TLOAD", Pipe.MTE2, reads=[PLACE], writes=[UB0])
    return build.build()


@pytest.mark.parametrize("blocks", [(0, 0), (0, 1)])
def test_two_that_add_to_the_same_bytes_are_no_race(blocks: tuple[int, int]) -> None:
    assert judge(two_cores(ADDED, ADDED, blocks)).ok


@pytest.mark.parametrize("blocks", [(0, 0), (0, 1), (1, 0)])
@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (ADDED, PLACE, FindingKind.WAW),
        (PLACE, ADDED, FindingKind.RAW),
        (ADDED, None, FindingKind.RAW),
        (ADDED, replace(ADDED, adds="f16"), FindingKind.WAW),
    ],
)
def test_an_atomic_store_races_with_all_else(
    first: Span, second: Span | None, kind: FindingKind, blocks: tuple[int, int]
) -> None:
    (finding,) = judge(two_cores(first, second, blocks)).findings
    # Of two blocks neither store is the earlier one.
    assert finding.kind in {kind, FindingKind.WAW if second and blocks != (0, 0) else kind}
    assert {finding.first and finding.first.line, finding.second.line} == {1, 2}
    assert finding.hi - finding.lo == PLACE.row_bytes


def test_a_load_before_it_must_be_over() -> None:
    build = TraceBuilder()
    vec = build.core("vec")
    vec.op("TLOAD", Pipe.MTE2, reads=[PLACE], writes=[UB0])
    store(vec, ADDED)
    assert kinds(judge(build.build())) == [FindingKind.WAR]


def test_what_orders_one_of_them_orders_no_other() -> None:
    build = TraceBuilder()
    first, second = (build.core("vec", subblock=i) for i in (0, 1))
    store(first, PLACE)
    order(first, Pipe.MTE3, Pipe.S)
    store(first, ADDED)
    store(second, ADDED)
    (finding,) = judge(build.build()).findings
    assert (finding.kind, finding.first and finding.first.line, finding.second.line) == (FindingKind.RAW, 1, 5)


def test_adding_to_what_nobody_wrote_is_found() -> None:
    build = TraceBuilder()
    store(build.core("vec"), ADDED)
    blank = (PLACE.start, PLACE.start + PLACE.row_bytes)
    assert kinds(judge(build.build(), scratch=[blank])) == [FindingKind.UNWRITTEN]


KERNEL = f"""extern "C" __global__ AICORE void add(__gm__ float* x, __gm__ float* sum) {{
#if defined(__DAV_VEC__)
  {TILE} tile;
  TASSIGN(tile, 0);
  {VIEW} from(x), to(sum);
  TLOAD(tile, from);
  set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);
  STORE
#endif
}}
"""


@pytest.mark.parametrize(("template", "is_right"), [(f"<{TILE}, {VIEW}, AtomicType::AtomicAdd>", True), ("", False)])
def test_the_runtime_records_which_stores_are_atomic(template: str, is_right: bool, tmp_path: Path) -> None:
    text = KERNEL.replace("STORE", f"TSTORE{template}(to, tile);")
    x, total = np.arange(128, dtype=np.float32), np.zeros(128, np.float32)
    compile_text(tmp_path, text, "add", mode="trace").trace(tmp_path / "trace", 2, x, total)
    assert judge(read_trace(tmp_path / "trace")).ok == is_right


def test_on_the_host_each_core_adds_once(tmp_path: Path) -> None:
    text = KERNEL.replace("STORE", f"TSTORE<{TILE}, {VIEW}, AtomicType::AtomicAdd>(to, tile);")
    x, total = np.arange(128, dtype=np.float32), np.ones(128, np.float32)
    compile_text(tmp_path, text, "add").launch(2, x, total)
    np.testing.assert_array_equal(total, 1 + 4 * x)
