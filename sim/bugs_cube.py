"""Faulty kernels in C++: the way of a product through the buffers of the cube core."""

from __future__ import annotations

from sim.bugs_case import Case, Check

J = Check.JUDGE

_TILES = (
    "L1A a1; TASSIGN(a1, 0); L1B b1; TASSIGN(b1, 8192); L0A a0; TASSIGN(a0, 0); L0B b0; TASSIGN(b0, 0);\n"
    "L0C c; TASSIGN(c, 0); GA ga((__gm__ half*)x); GB gb((__gm__ half*)x + 4096); GC gc(y);\n"
)


def _flag(src: str, dst: str) -> str:
    return f"set_flag(PIPE_{src}, PIPE_{dst}, EVENT_ID0);\nwait_flag(PIPE_{src}, PIPE_{dst}, EVENT_ID0);\n"


def _mended_by(src: str, dst: str) -> str:
    return "".join(f"+{line}\n" for line in _flag(src, dst).splitlines())


_LOAD = "TLOAD(a1, ga);\nTLOAD(b1, gb);\n"
_MOVE = "TMOV(a0, a1);\nTMOV(b0, b1);\n"
_IN_L1 = _LOAD + _flag("MTE2", "MTE1")
_IN_L0 = _IN_L1 + _MOVE + _flag("MTE1", "M")
_MULTIPLY = "TMATMUL(c, a0, b0);\n"


def _cube(name: str, reason: str, body: str) -> Case:
    return Case(name, J, reason, f"#if defined(__DAV_CUBE__)\n{_TILES}{body}\n#endif", cores="all")


CUBE = (
    _cube("move before the load", "RAW TLOAD -> TMOV", _LOAD + _mended_by("MTE2", "MTE1") + _MOVE),
    _cube("product before the move", "RAW TMOV -> TMATMUL", _IN_L1 + _MOVE + _mended_by("MTE1", "M") + _MULTIPLY),
    _cube(
        "store before the product",
        "RAW TMATMUL -> TSTORE",
        _IN_L0 + _MULTIPLY + _mended_by("M", "FIX") + "TSTORE(gc, c);",
    ),
    _cube("load over what is still moved", "WAR TMOV -> TLOAD", _IN_L1 + _MOVE + _mended_by("MTE1", "MTE2") + _LOAD),
    _cube(
        "move over what is still multiplied",
        "WAR TMATMUL -> TMOV",
        _IN_L0 + _MULTIPLY + _mended_by("M", "MTE1") + _MOVE,
    ),
    _cube(
        "product over what is still stored",
        "WAR TSTORE -> TMATMUL",
        _IN_L0 + _MULTIPLY + _flag("M", "FIX") + "TSTORE(gc, c);\n" + _mended_by("FIX", "M") + _MULTIPLY,
    ),
    _cube(
        "accumulator that nothing is in",
        "read of bytes nobody wrote TMATMUL_ACC",
        _IN_L0 + "-TMATMUL_ACC(c, c, a0, b0);\n+" + _MULTIPLY,
    ),
)
