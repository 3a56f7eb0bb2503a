"""Text of attributes, and enumerations given by name."""

import pytest
from xdsl.utils.exceptions import ParseError

from ptodsl.dialect import (
    EventAttr,
    KernelKind,
    KernelKindAttr,
    Layout,
    LayoutAttr,
    Pipe,
    PipeAttr,
    RoundMode,
    RoundModeAttr,
)
from ptodsl.dialect.attributes import round_mode, to_enum
from ptodsl.dialect.testing import complaint, parse


def test_text() -> None:
    assert str(KernelKindAttr(KernelKind.CUBE)) == "#pto.kernel_kind<cube>"
    assert str(LayoutAttr(Layout.DN)) == "#pto.layout<dn>"
    assert str(RoundModeAttr(RoundMode.RINT)) == "#pto<round_mode RINT>"
    assert str(PipeAttr(Pipe.V)) == "#pto.pipe<PIPE_V>"
    assert str(EventAttr(3)) == "#pto.event<EVENT_ID3>"


def test_members_and_spellings_are_both_accepted() -> None:
    assert to_enum(Layout, "dn", "layout") is to_enum(Layout, Layout.DN, "layout") is Layout.DN


@pytest.mark.parametrize("mode", RoundMode)
def test_a_program_may_call_a_rounding_by_each_of_its_names(mode: RoundMode) -> None:
    names = (mode, mode.value, mode.spelling, mode.value.lower(), mode.spelling.lower())
    assert {round_mode(name) for name in names} == {mode}


def test_a_file_has_one_spelling_of_a_rounding_and_two_of_rint() -> None:
    line = "pto.tcvt ins(%vec {{rmode = #pto<round_mode {}>}} : !vec) outs(%half : !half)"
    assert [complaint(line.format(mode)) for mode in (*RoundMode, "CAST_RINT")] == [""] * 8
    assert parse(line.format("CAST_RINT"))[-2].properties == parse(line.format("RINT"))[-2].properties
    for wrong in ("CAST_FLOOR", "floor", "UP"):
        with pytest.raises(ParseError, match="Expected `NONE`"):
            parse(line.format(wrong))


def test_unknown_spelling_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown layout 'dm': use one of nd, dn, nz"):
        to_enum(Layout, "dm", "layout")
