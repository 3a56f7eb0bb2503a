"""Flags and barriers that are named by operations."""

from __future__ import annotations

import pytest
from xdsl.utils.exceptions import ParseError

from ptodsl.dialect import BarrierSyncOp, Pipe, RecordEventOp
from ptodsl.dialect.testing import parse


@pytest.mark.parametrize(
    "names",
    [
        "<TLOAD>, <TVEC>, <EVENT_ID1>",
        "#pto.pipe_event_type<TLOAD>, #pto.pipe_event_type<TVEC>, #pto.event<EVENT_ID1>",
        "#pto.sync_op_type<TLOAD>, <TVECWAIT_EVENT>, <EVENT_ID1>",
    ],
)
def test_operations_stand_for_their_pipes(names: str) -> None:
    (op,) = [op for op in parse(f"pto.record_event [{names}]") if isinstance(op, RecordEventOp)]
    assert (op.src_pipe.data, op.dst_pipe.data, op.event_id.data) == (Pipe.MTE2, Pipe.V, 1)


def test_a_barrier_is_of_the_pipe_of_its_operation() -> None:
    (op,) = [op for op in parse("pto.barrier_sync [#pto.sync_op_type<TMOV_M2S>]") if isinstance(op, BarrierSyncOp)]
    assert op.pipe.data is Pipe.FIX


@pytest.mark.parametrize("name", ["<PIPE_V>", "TVEC", "#pto.pipe<PIPE_V>"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ParseError, match=r"kind of operation|expected <TLOAD>"):
        parse(f"pto.barrier_sync [{name}]")
