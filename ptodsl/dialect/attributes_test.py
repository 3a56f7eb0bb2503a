"""Text of attributes, and enumerations given by name."""

import pytest

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
from ptodsl.dialect.attributes import to_enum


def test_text() -> None:
    assert str(KernelKindAttr(KernelKind.CUBE)) == "#pto.kernel_kind<cube>"
    assert str(LayoutAttr(Layout.DN)) == "#pto.layout<dn>"
    assert str(RoundModeAttr(RoundMode.RINT)) == "#pto<round_mode CAST_RINT>"
    assert str(PipeAttr(Pipe.V)) == "#pto.pipe<PIPE_V>"
    assert str(EventAttr(3)) == "#pto.event<EVENT_ID3>"


def test_members_and_spellings_are_both_accepted() -> None:
    assert to_enum(Layout, "dn", "layout") is to_enum(Layout, Layout.DN, "layout") is Layout.DN


def test_unknown_spelling_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown layout 'dm': use one of nd, dn, nz"):
        to_enum(Layout, "dm", "layout")
