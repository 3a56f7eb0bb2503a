"""Faulty kernels and their mended twins: what the checks must catch, and what they must let pass.

A case is one text: lines that begin with `-` are in the faulty kernel only, lines with `+` in the mended one only.
`x` and `y` are fp32 arrays in GM, `n` is 1 unless the case says otherwise; `a`, `b`, `c` are tiles [16, 64] of fp32 (16
repeats) at different addresses of UB, `s` and `t` are [4, 64], `gx` and `gy` the views of such a tile in x and y.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sim.vector_repeats import VRule


class Check(Enum):
    """Which check must catch a faulty kernel."""

    JUDGE = "judge"
    RUNTIME = "runtime"


@dataclass(frozen=True)
class Case:
    """A pair of kernels."""

    name: str
    check: Check
    reason: str
    """Found in what the check says."""
    text: str
    """Body of the kernel of vector core 0 of each block, or of `cores`."""
    cores: str = "first"
    """`first`: vector core 0; `vectors`: both vector cores; `all`: the text has the guards itself."""
    blocks: int = 1
    n: int = 1
    v_rule: VRule = VRule.STRICT

    def kernel(self, *, mended: bool) -> str:
        """Return the body of one of the two."""
        drop, keep = "-+" if mended else "+-"
        lines = (line.strip() for line in self.text.strip().splitlines())
        return "\n".join(line.removeprefix(keep).strip() for line in lines if not line.startswith(drop))


J, R = Check.JUDGE, Check.RUNTIME
LOADED = "TLOAD(a, gx); set_flag(PIPE_MTE2, PIPE_V, EVENT_ID7); wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID7);"
"""What most cases begin with: a tile that V may use."""

FLAGS = (
    Case(
        "flag dropped",
        J,
        "RAW",
        "TLOAD(a, gx);\n+set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "wait dropped",
        J,
        "set without a wait",
        "TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "set dropped",
        J,
        "wait without a set",
        "TLOAD(a, gx);\n+set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "wrong event id",
        J,
        "wait without a set",
        "TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "-wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);\n+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "flag to the wrong pipe",
        J,
        "RAW",
        "TLOAD(a, gx);\n-set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\n"
        "-wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\n+set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "flag in the wrong direction",
        J,
        "RAW",
        "TLOAD(a, gx);\n-set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        "-wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n+set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "set moved before the load",
        J,
        "RAW",
        "-set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTLOAD(a, gx);\n"
        "+set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nwait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "wait moved behind the use",
        J,
        "RAW",
        "TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);\n-wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);",
    ),
    Case(
        "flag set twice",
        J,
        "flag set twice",
        "TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "TLOAD(b, gy);\n-set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n+set_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);\n"
        "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n+wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);\nTADD(c, a, b);",
    ),
    Case("flag left set", J, "set without a wait", f"{LOADED}\nTEXP(b, a);\n-set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);"),
    Case(
        "flag of a pipe to itself",
        J,
        "flag from a pipe to itself",
        f"{LOADED}\nTEXP(b, a);\n"
        "-set_flag(PIPE_V, PIPE_V, EVENT_ID0);\n-wait_flag(PIPE_V, PIPE_V, EVENT_ID0);\n"
        "+pipe_barrier(PIPE_V);\nTABS(b, b);",
    ),
    Case(
        "store before the result",
        J,
        "RAW",
        f"{LOADED}\nTEXP(b, a);\n+set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "+wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nTSTORE(gy, b);",
    ),
    Case(
        "load over what is still read",
        J,
        "WAR",
        f"{LOADED}\nTEXP(b, a);\n+set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        "+wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\nTLOAD(a, gy);",
    ),
    Case(
        "load over what is still stored",
        J,
        "WAR",
        "TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\nTSTORE(gy, a);\n+set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);\nTLOAD(a, gx);",
    ),
    Case(
        "load over what V writes",
        J,
        "WAW",
        f"{LOADED}\nTEXP(b, a);\n+set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        "+wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\nTLOAD(b, gy);",
    ),
    Case(
        "loop not carried",
        J,
        "WAR",
        "+set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\nfor (int64_t i = 0; i < n; i += 1) {\n"
        f"+wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n{LOADED}\nTEXP(b, a);\npipe_barrier(PIPE_V);\n"
        "+set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n}\n+wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);",
        n=3,
    ),
    Case(
        "loop not primed",
        J,
        "wait without a set",
        "+set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        "for (int64_t i = 0; i < n; i += 1) {\nwait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        f"{LOADED}\nTEXP(b, a);\npipe_barrier(PIPE_V);\nset_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n}}\n"
        "wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);",
        n=3,
    ),
    Case(
        "loop not drained",
        J,
        "set without a wait",
        "set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        "for (int64_t i = 0; i < n; i += 1) {\nwait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n"
        f"{LOADED}\nTEXP(b, a);\npipe_barrier(PIPE_V);\nset_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n}}\n"
        "+wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);",
        n=3,
    ),
)

VECTOR = (
    Case("barrier dropped: RAW", J, "RAW", f"{LOADED}\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(c, b);"),
    Case("barrier dropped: WAR", J, "WAR", f"{LOADED}\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTEXPANDS(a, 0.0f);"),
    Case("barrier dropped: WAW", J, "WAW", f"{LOADED}\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTEXPANDS(b, 0.0f);"),
    Case(
        "barrier of another pipe",
        J,
        "RAW",
        f"{LOADED}\nTEXP(b, a);\n-pipe_barrier(PIPE_MTE2);\n+pipe_barrier(PIPE_V);\nTABS(c, b);",
    ),
    Case(
        "barrier moved behind the use",
        J,
        "RAW",
        f"{LOADED}\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(c, b);\n-pipe_barrier(PIPE_V);",
    ),
    Case("barrier in one branch", J, "RAW", f"{LOADED}\nTEXP(b, a);\n-if (n > 1)\npipe_barrier(PIPE_V);\nTABS(c, b);"),
    Case(
        "loop-carried within V",
        J,
        "WAW",
        f"{LOADED}\nfor (int64_t i = 0; i < n; i += 1) {{\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\n}}",
        n=2,
    ),
    Case(
        "scratch of two reductions", J, "WAW", f"{LOADED}\nTROWMAX(r, a, b);\n+pipe_barrier(PIPE_V);\nTROWSUM(q, a, b);"
    ),
    Case(
        "scratch of the library",
        J,
        "WAW",
        f"{LOADED}\nTROWMAX(r, a, b);\npipe_barrier(PIPE_V);\n"
        "TROWEXPANDSUB(b, a, r);\n+pipe_barrier(PIPE_V);\nTROWEXPANDSUB(c, a, r);",
    ),
    Case(
        "fewer repeats than the rule wants",
        J,
        "RAW",
        "TEXPANDS(s, 1.0f);\n+pipe_barrier(PIPE_V);\nTABS(t, s);",
        v_rule=VRule.REPEATS,
    ),
    Case(
        "strips read what rows wrote last",
        J,
        "RAW",
        f"{LOADED}\nTROWMAX(r, a, b);\npipe_barrier(PIPE_V);\n"
        "-TEXPANDS(k, 1.0f);\n-TROWEXPANDADD(k, k, o);\n+TEXPANDS(b, 1.0f);\n+TABS(c, b);",
        v_rule=VRule.REPEATS,
    ),
)

SCALARS = (
    Case(
        "scalar reads what is being stored",
        J,
        "RAW",
        "TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);\nTSTORE(gy, a);\n+set_flag(PIPE_MTE3, PIPE_S, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE3, PIPE_S, EVENT_ID0);\nfloat v = y[0];\nx[5000] = v;",
    ),
    Case(
        "scalar writes what is being loaded",
        J,
        "WAR",
        "TLOAD(a, gx);\n+set_flag(PIPE_MTE2, PIPE_S, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE2, PIPE_S, EVENT_ID0);\nx[0] = 1.0f;",
    ),
    Case("scalar counter of all blocks", J, "WAW", "-y[0] += 1.0f;\n+y[get_block_idx()] += 1.0f;", blocks=8),
    Case(
        "scalar index behind the end", R, "lies in no buffer", "-float v = x[65536];\n+float v = x[65535];\ny[0] = v;"
    ),
)

MEMORY = (
    Case(
        "tile never loaded",
        J,
        "read of bytes nobody wrote",
        "+TLOAD(a, gx);\nset_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\n"
        "wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "a quarter of the tile loaded",
        J,
        "read of bytes nobody wrote",
        "-TLOAD(s0, g4);\n+TLOAD(a, gx);\n"
        "set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nwait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\nTEXP(b, a);",
    ),
    Case(
        "load behind the end", R, "lies in no buffer", "-G g(x + 65536 - 512);\n+G g(x + 65536 - 1024);\nTLOAD(a, g);"
    ),
    Case(
        "last block stores behind the end",
        R,
        "lies in no buffer",
        "TEXPANDS(a, 1.0f);\n"
        "set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nwait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "-G g(y + 62000 + get_block_idx() * 1024);\n+G g(y + get_block_idx() * 1024);\nTSTORE(g, a);",
        blocks=4,
    ),
    Case(
        "all blocks store to one place",
        J,
        "WAW",
        "TEXPANDS(a, 1.0f);\nset_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n-TSTORE(gy, a);\n+G g(y + get_block_idx() * 1024);\n+TSTORE(g, a);",
        blocks=8,
    ),
    Case(
        "a block reads its neighbour's",
        J,
        "RAW",
        "TEXPANDS(a, 1.0f);\nset_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nG own(y + get_block_idx() * 1024);\nTSTORE(own, a);\n"
        "-G g(y + (get_block_idx() ^ 1) * 1024);\n+G g(x + get_block_idx() * 1024);\nTLOAD(b, g);",
        blocks=2,
    ),
    Case(
        "both vector cores store to one place",
        J,
        "WAW",
        "TEXPANDS(a, 1.0f);\nset_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n-TSTORE(gy, a);\n+G g(y + get_subblockid() * 1024);\n+TSTORE(g, a);",
        cores="vectors",
    ),
    Case(
        "load of what is being stored",
        J,
        "RAW",
        "TEXPANDS(a, 1.0f);\nset_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nTSTORE(gy, a);\n+set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);\n"
        "+wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);\nTLOAD(b, gy);",
    ),
    Case(
        "selected pointer",
        J,
        "RAW",
        "__gm__ float* p = n > 0 ? y : x;\nTEXPANDS(a, 1.0f);\n"
        "set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nwait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nG g(p);\nTSTORE(g, a);\n"
        "+set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);\n+wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);\nTLOAD(b, gy);",
    ),
    Case(
        "control flow of what is not known",
        R,
        "depends on the scalar",
        "TEXPANDS(a, 1.0f);\nset_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\n"
        "wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);\nTSTORE(gy, a);\nset_flag(PIPE_MTE3, PIPE_S, EVENT_ID0);\n"
        "wait_flag(PIPE_MTE3, PIPE_S, EVENT_ID0);\n-float v = y[7];\n+float v = x[7];\n"
        "pipe_barrier(PIPE_V);\nif (v > 0.5f) {\nTABS(a, a);\n}",
    ),
    Case(
        "sections not ordered",
        J,
        "WAR",
        f"{LOADED}\nTEXP(b, a);\n#endif\n#if defined(__DAV_VEC__)\n"
        "+set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\n+wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);\nTLOAD(a, gy);",
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

CASES = (*FLAGS, *VECTOR, *SCALARS, *MEMORY, *FIFOS)
