"""Faulty kernels in C++: the way of a product through the buffers of the cube core."""

from __future__ import annotations

from sim.bugs_case import Case, Check

J = Check.JUDGE

_TILES = (
    "L1A a1; TASSIGN(a1, 0); L1B b1; TASSIGN(b1, 8192); L0A a0; TASSIGN(a0, 0); L0B b0; TASSIGN(b0, 0);\n"
    "L0C c; TASSIGN(c, 0); GA ga((__gm__ half*)x); GB gb((__gm__ half*)x + 4096); GC gc(y);\n"
)


_LOAD = "TLOAD(a1, ga);\nTLOAD(b1, gb);\n"
_MOVE = "TMOV(a0, a1);\nTMOV(b0, b1);\n"
_IN_L1 = _LOAD + "FLAG(MTE2, MTE1)\n"
_IN_L0 = _IN_L1 + _MOVE + "FLAG(MTE1, M)\n"
_MULTIPLY = "TMATMUL(c, a0, b0);\n"


def _cube(name: str, reason: str, body: str) -> Case:
    return Case(name, J, reason, f"#if defined(__DAV_CUBE__)\n{_TILES}{body}\n#endif", cores="all")


CUBE = (
    _cube("move before the load", "RAW TLOAD -> TMOV", _LOAD + "+FLAG(MTE2, MTE1)\n" + _MOVE),
    _cube("product before the move", "RAW TMOV -> TMATMUL", _IN_L1 + _MOVE + "+FLAG(MTE1, M)\n" + _MULTIPLY),
    _cube("store before the product", "RAW TMATMUL -> TSTORE", _IN_L0 + _MULTIPLY + "+FLAG(M, FIX)\nTSTORE(gc, c);"),
    _cube("load over what is still moved", "WAR TMOV -> TLOAD", _IN_L1 + _MOVE + "+FLAG(MTE1, MTE2)\n" + _LOAD),
    _cube("move over what is still multiplied", "WAR TMATMUL -> TMOV", _IN_L0 + _MULTIPLY + "+FLAG(M, MTE1)\n" + _MOVE),
    _cube(
        "product over what is still stored",
        "WAR TSTORE -> TMATMUL",
        _IN_L0 + _MULTIPLY + "FLAG(M, FIX)\nTSTORE(gc, c);\n" + "+FLAG(FIX, M)\n" + _MULTIPLY,
    ),
    _cube(
        "accumulator that nothing is in",
        "read of bytes nobody wrote TMATMUL_ACC",
        _IN_L0 + "-TMATMUL_ACC(c, c, a0, b0);\n+" + _MULTIPLY,
    ),
)
