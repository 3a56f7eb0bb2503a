"""How errors print, and which location counts."""

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    LocationAttr,
    NameLoc,
    NoneAttr,
    StringAttr,
    UnknownLoc,
)

from ptodsl.dialect import GetBlockIdxOp
from tools.ptoas.diagnostics import Diagnostic, Place, user_place


def at(file: str, line: int) -> FileLineColLoc:
    return FileLineColLoc(StringAttr(file), IntAttr(line), IntAttr(3))


def place_of(location: LocationAttr) -> Place | None:
    op = GetBlockIdxOp()
    op.location = location
    return user_place(op)


def test_a_diagnostic_prints_like_a_compilers() -> None:
    diagnostic = Diagnostic(Place("a.mlir", 2, 5), "no", ((Place("k.py", 7, 1), "from here"),))
    assert str(diagnostic) == "a.mlir:2:5: error: no\nk.py:7:1: note: from here"


def test_the_innermost_file_location_is_the_users() -> None:
    inner = Place("inner.py", 1, 3)
    assert place_of(at("inner.py", 1)) == inner
    assert place_of(NameLoc(StringAttr("n"), at("inner.py", 1))) == inner
    assert place_of(CallSiteLoc(at("inner.py", 1), at("outer.py", 2))) == inner
    assert place_of(FusedLoc(ArrayAttr([UnknownLoc(), at("inner.py", 1)]), NoneAttr())) == inner
    assert place_of(UnknownLoc()) is None
