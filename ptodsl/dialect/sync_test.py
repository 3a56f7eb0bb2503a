"""Rules and constructors of flags and barriers."""

import pytest
from xdsl.utils.exceptions import ParseError, VerifyException

from ptodsl.dialect import BarrierOp, Pipe, SetFlagOp, WaitFlagOp
from ptodsl.dialect.testing import complaint, parse, parse_text, print_text, snippet


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "pto.set_flag[<PIPE_V>, <PIPE_V>, <EVENT_ID0>]",
            "pto.set_flag: a flag connects two different pipes; use pto.barrier within PIPE_V",
        ),
        (
            "pto.wait_flag[<PIPE_ALL>, <PIPE_V>, <EVENT_ID0>]",
            "pto.wait_flag: a flag connects two single pipes; PIPE_ALL is for pto.barrier",
        ),
        (
            "pto.set_flag_dyn [<PIPE_V>, <PIPE_V>, %n]",
            "pto.set_flag_dyn: a flag connects two different pipes; use pto.barrier within PIPE_V",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


@pytest.mark.parametrize(
    "arguments",
    [
        "[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID1>]",
        " [#pto.pipe<PIPE_MTE2>, #pto.pipe<PIPE_V>, #pto.event<EVENT_ID1>]",
        '["PIPE_MTE2", <PIPE_V>, "EVENT_ID1"]',
    ],
)
def test_flags_have_three_spellings(arguments: str) -> None:
    flag = parse(f"pto.set_flag{arguments}")[-2]
    assert flag.is_structurally_equivalent(SetFlagOp(Pipe.MTE2, Pipe.V, 1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pto.set_flag[PIPE_MTE2, PIPE_V, EVENT_ID0]", "attribute expected"),
        ('pto.wait_flag["PIPE_X", "PIPE_V", "EVENT_ID0"]', "unknown pipe 'PIPE_X': use one of PIPE_S"),
        ('pto.wait_flag["PIPE_V", "PIPE_S", "EVENT_ID8"]', "unknown event 'EVENT_ID8': use one of EVENT_ID0"),
        ("pto.set_flag[#pto.event<EVENT_ID1>, <PIPE_V>, <EVENT_ID1>]", r"expected <...> or #pto.pipe<...>"),
        ("pto.barrier PIPE_V", "attribute expected"),
        ("pto.pipe_barrier <PIPE_V>", "pto.pipe_barrier"),
    ],
)
def test_other_spellings_are_rejected(body: str, message: str) -> None:
    with pytest.raises((ParseError, ValueError), match=message):
        parse(body)


@pytest.mark.parametrize("pipes", ["<PIPE_MTE2>, <PIPE_V>", "#pto.pipe<PIPE_MTE2>, #pto.pipe<PIPE_V>"])
def test_a_flag_may_be_computed(pipes: str) -> None:
    text = snippet(f"pto.set_flag_dyn [{pipes}, %n]\npto.wait_flag_dyn [{pipes}, %c1]")
    printed = print_text(parse_text(text))
    assert "pto.set_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %n]" in printed
    assert "pto.wait_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %c1]" in printed
    assert parse_text(printed).is_structurally_equivalent(parse_text(text))
    assert parse_text(print_text(parse_text(text), generic=True)).is_structurally_equivalent(parse_text(text))


@pytest.mark.parametrize("argument", ["<PIPE_V>", "#pto.pipe<PIPE_V>"])
def test_barriers_have_two_spellings(argument: str) -> None:
    assert parse(f"pto.barrier {argument}")[-2].is_structurally_equivalent(BarrierOp(Pipe.V))


def test_event_ids_end_at_seven() -> None:
    SetFlagOp(Pipe.MTE2, Pipe.V, 7).verify()
    with pytest.raises(VerifyException, match="event id 8 is out of range: a pair of pipes has 0 to 7"):
        WaitFlagOp(Pipe.MTE2, Pipe.V, 8)
    with pytest.raises(ParseError, match="Expected one of 'EVENT_ID0'"):
        parse("pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID8>]")


def test_pipes_are_given_by_name_or_member() -> None:
    assert BarrierOp("PIPE_V").pipe == BarrierOp(Pipe.V).pipe
    with pytest.raises(ValueError, match="unknown pipe 'V': use one of PIPE_S, PIPE_V"):
        BarrierOp("V")
