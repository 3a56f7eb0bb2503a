"""Faulty kernels in C++: scalars, memory on and off the chip, FIFOs."""

from __future__ import annotations

from sim.bugs_case import Case, Check

J, R = Check.JUDGE, Check.RUNTIME

SCALARS = (
    Case(
        "scalar reads what is being stored",
        J,
        "RAW",
        "TLOAD(a, gx);\nFLAG(MTE2, MTE3)\nTSTORE(gy, a);\n+FLAG(MTE3, S)\nfloat v = y[0];\nx[5000] = v;",
    ),
    Case("scalar writes what is being loaded", J, "WAR", "TLOAD(a, gx);\n+FLAG(MTE2, S)\nx[0] = 1.0f;"),
    Case(
        "scalar of one block read by another",
        J,
        "RAW",
        "-if (get_block_idx() == 0) y[0] = 1.0f; else y[get_block_idx()] = y[0];\n+y[get_block_idx()] = x[0];",
        blocks=2,
    ),
    Case(
        "scalar of the other vector core",
        J,
        "RAW",
        "-if (get_subblockid() == 0) y[0] = 1.0f; else y[64] = y[0];\n"
        "+if (get_subblockid() == 0) y[0] = 1.0f; else y[64] = x[0];",
        cores="vectors",
    ),
    Case(
        "scalar of the cube core in a tile",
        J,
        "RAW store_scalar -> TLOAD",
        "#if defined(__DAV_CUBE__)\ny[3] = 2.0f;\n#endif\n#if defined(__DAV_VEC__)\nif (get_subblockid() == 0) {\n"
        "T a; TASSIGN(a, 0);\n-G g(y);\n+G g(x);\nTLOAD(a, g);\n}\n#endif",
        cores="all",
    ),
    Case("scalar counter of all blocks", J, "WAW", "-y[0] += 1.0f;\n+y[get_block_idx()] += 1.0f;", blocks=8),
    Case(
        "scalar index behind the end", R, "lies in no buffer", "-float v = x[65536];\n+float v = x[65535];\ny[0] = v;"
    ),
)

MEMORY = (
    Case("tile never loaded", J, "read of bytes nobody wrote", "+TLOAD(a, gx);\nFLAG(MTE2, V)\nTEXP(b, a);"),
    Case(
        "a quarter of the tile loaded",
        J,
        "read of bytes nobody wrote",
        "-TLOAD(s0, g4);\n+TLOAD(a, gx);\nFLAG(MTE2, V)\nTEXP(b, a);",
    ),
    Case(
        "load behind the end", R, "lies in no buffer", "-G g(x + 65536 - 512);\n+G g(x + 65536 - 1024);\nTLOAD(a, g);"
    ),
    Case(
        "columns behind the valid ones",
        J,
        "read of bytes nobody wrote",
        "-TLOAD(bare, g13);\n+TLOAD(padded, g13);\nFLAG(MTE2, V)\nTEXP(w, w);",
    ),
    Case("load over what is padded", J, "WAW", "TEXPANDS(w, 1.0f);\n+FLAG(V, MTE2)\nTLOAD(padded, g13);"),
    Case(
        "rows 4 GiB apart",
        R,
        "lies in no buffer",
        "-const int64_t far = (int64_t{1} << 30) + 64;\n+const int64_t far = 64;\n"
        "Far g(x, pto::Shape<1, 1, 1, 16, 64>(), FarStride(far));\nTLOAD(a, g);",
    ),
    Case(
        "last block stores behind the end",
        R,
        "lies in no buffer",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\n-G g(y + 62000 + get_block_idx() * 1024);\n"
        "+G g(y + get_block_idx() * 1024);\nTSTORE(g, a);",
        blocks=4,
    ),
    Case(
        "all blocks store to one place",
        J,
        "WAW",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\n-TSTORE(gy, a);\n+G g(y + get_block_idx() * 1024);\n+TSTORE(g, a);",
        blocks=8,
    ),
    Case(
        "a block reads its neighbour's",
        J,
        "RAW",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\nG own(y + get_block_idx() * 1024);\nTSTORE(own, a);\n"
        "-G g(y + (get_block_idx() ^ 1) * 1024);\n+G g(x + get_block_idx() * 1024);\nTLOAD(b, g);",
        blocks=2,
    ),
    Case(
        "columns of blocks overlap",
        J,
        "WAW",
        "TEXPANDS(s, 1.0f);\nFLAG(V, MTE3)\n-Columns g(y + get_block_idx() * 56);\n"
        "+Columns g(y + get_block_idx() * 64);\nTSTORE(g, s);",
        blocks=3,
    ),
    Case(
        "rows of a store lie on each other",
        R,
        "lie on others",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\n-const int64_t far = 32;\n+const int64_t far = 64;\n"
        "Far g(y, pto::Shape<1, 1, 1, 16, 64>(), FarStride(far));\nTSTORE(g, a);",
    ),
    Case(
        "tile behind the end of UB",
        R,
        "UB",
        "-TASSIGN(a, 196608 - 2048);\n+TASSIGN(a, 196608 - 4096);\nTEXPANDS(a, 1.0f);",
    ),
    Case("tile that is not aligned", R, "32", "-TASSIGN(a, 16);\n+TASSIGN(a, 32);\nTEXPANDS(a, 1.0f);"),
    Case(
        "both vector cores store to one place",
        J,
        "WAW",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\n-TSTORE(gy, a);\n+G g(y + get_subblockid() * 1024);\n+TSTORE(g, a);",
        cores="vectors",
    ),
    Case(
        "load of what is being stored",
        J,
        "RAW",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\nTSTORE(gy, a);\n+FLAG(MTE3, MTE2)\nTLOAD(b, gy);",
    ),
    Case(
        "selected pointer",
        J,
        "RAW",
        "__gm__ float* p = n > 0 ? y : x;\nTEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\nG g(p);\nTSTORE(g, a);\n"
        "+FLAG(MTE3, MTE2)\nTLOAD(b, gy);",
    ),
    Case(
        "branch on what is not known",
        R,
        "decides by the value",
        "TEXPANDS(a, 1.0f);\nFLAG(V, MTE3)\nTSTORE(gy, a);\nFLAG(MTE3, S)\n-float v = y[7];\n+float v = x[7];\n"
        "pipe_barrier(PIPE_V);\nif (v == 0.5f) {\nTABS(a, a);\n}",
    ),
    Case(
        "address of what is not known",
        R,
        "decides by the value",
        "LOADED\nFLAG(MTE2, MTE3)\nTSTORE(gy, a);\nFLAG(MTE3, S)\n-int64_t v = ((__gm__ int64_t*)y)[7];\n"
        "+int64_t v = ((__gm__ int64_t*)y)[8000];\nx[(v & 1) + 2000] = 1.0f;",
    ),
    Case(
        "sections not ordered",
        J,
        "WAR",
        "LOADED\nTEXP(b, a);\n#endif\n#if defined(__DAV_VEC__)\n+FLAG(V, MTE2)\nTLOAD(a, gy);",
        cores="vectors",
    ),
)

_STORE = "TSTORE(e, h);"
_VEC = (
    "#if defined(__DAV_VEC__)\n{H} h; TASSIGN(h, 0); TEXPANDS(h, (half)1.0f);\n"
    "set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0); wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
    "for (int64_t i = 0; i < n; i += 1) {{\n{body}\n}}\n#endif\n"
)
_CUBE = "#if defined(__DAV_CUBE__)\nM m; TASSIGN(m, 0);\nfor (int64_t i = 0; i < n; i += 1) {{\n{body}\n}}\n#endif\n"


def _fifo(name: str, check: Check, reason: str, vec: str, cube: str, n: int = 3) -> Case:
    head = "P p = P((__gm__ half*)x, 0, 0);\nE e(nullptr); F f(nullptr);\n"
    return Case(name, check, reason, head + _VEC.format(H="H", body=vec) + _CUBE.format(body=cube), "all", n=n)


_ALLOC, _PUSH = "TALLOC<P, E, U>(p, e);", "TPUSH<P, E, U>(p, e);"
_POP, _FREE, _LOAD = "TPOP<P, F, U>(p, f);", "TFREE<P, F, U>(p, f);", "TLOAD(m, f);"
_SEND, _TAKE = f"{_ALLOC}\n{_STORE}\n{_PUSH}", f"{_POP}\n{_LOAD}\n{_FREE}"

FIFOS = (
    _fifo("push dropped", R, "deadlock", f"{_ALLOC}\n{_STORE}\n+{_PUSH}", _TAKE),
    _fifo("free dropped", R, "popped and not freed yet", _SEND, f"{_POP}\n{_LOAD}\n+{_FREE}", n=20),
    _fifo(
        "one vector core does not push",
        R,
        "deadlock",
        f"{_ALLOC}\n{_STORE}\n-if (get_subblockid() == 0)\n{_PUSH}",
        _TAKE,
    ),
    _fifo("store behind the push", J, "RAW", f"{_ALLOC}\n+{_STORE}\n{_PUSH}\n-{_STORE}", _TAKE),
    _fifo("load behind the free", J, "WAR", _SEND, f"{_POP}\n+{_LOAD}\n{_FREE}\n-{_LOAD}", n=20),
    _fifo(
        "one vector core does not store",
        J,
        "read of bytes nobody wrote",
        f"{_ALLOC}\n-if (get_subblockid() == 0)\n{_STORE}\n{_PUSH}",
        _TAKE,
    ),
    _fifo(
        "own entry loaded back",
        J,
        "RAW",
        f"{_ALLOC}\n{_STORE}\n+set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID1); "
        f"wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID1);\nH back; TASSIGN(back, 8192); TLOAD(back, e);\n"
        f"set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID2); wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID2);\n{_PUSH}",
        _TAKE,
        n=1,
    ),
    _fifo("one pop more than pushes", R, "deadlock", _SEND, f"{_TAKE}\n-if (i == n - 1) {{ {_POP} {_FREE} }}"),
)
