"""Rules and constructors of flags and barriers."""

import pytest
from xdsl.utils.exceptions import ParseError, VerifyException

from ptodsl.dialect import Pipe, PipeBarrierOp, SetFlagOp, WaitFlagOp
from ptodsl.dialect.testing import complaint, parse


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "pto.set_flag[PIPE_V, PIPE_V, EVENT_ID0]",
            "pto.set_flag: a flag connects two different pipes; use pto.pipe_barrier within PIPE_V",
        ),
        (
            "pto.wait_flag[PIPE_ALL, PIPE_V, EVENT_ID0]",
            "pto.wait_flag: a flag connects two single pipes; PIPE_ALL is for pto.pipe_barrier",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_event_ids_end_at_seven() -> None:
    SetFlagOp(Pipe.MTE2, Pipe.V, 7).verify()
    with pytest.raises(VerifyException, match="event id 8 is out of range: a pair of pipes has 0 to 7"):
        WaitFlagOp(Pipe.MTE2, Pipe.V, 8)
    with pytest.raises(ParseError, match="Expected one of 'EVENT_ID0'"):
        parse("pto.set_flag[PIPE_MTE2, PIPE_V, EVENT_ID8]")


def test_pipes_are_given_by_name_or_member() -> None:
    assert PipeBarrierOp("PIPE_V").pipe == PipeBarrierOp(Pipe.V).pipe
    with pytest.raises(ValueError, match="unknown pipe 'V': use one of PIPE_S, PIPE_V"):
        PipeBarrierOp("V")
