"""Faulty kernels in C++: flags and barriers between the pipes of one core."""

from __future__ import annotations

from sim.bugs_case import Case, Check
from sim.vector_repeats import VRule

J = Check.JUDGE

FLAGS = (
    Case("flag dropped", J, "RAW", "TLOAD(a, gx);\n+FLAG(MTE2, V)\nTEXP(b, a);"),
    Case("wait dropped", J, "set without a wait", "TLOAD(a, gx);\nSET(MTE2, V)\n+WAIT(MTE2, V)\nTEXP(b, a);"),
    Case("set dropped", J, "wait without a set", "TLOAD(a, gx);\n+SET(MTE2, V)\nWAIT(MTE2, V)\nTEXP(b, a);"),
    Case(
        "wrong event id",
        J,
        "wait without a set",
        "TLOAD(a, gx);\nSET(MTE2, V)\n-WAIT(MTE2, V, 1)\n+WAIT(MTE2, V)\nTEXP(b, a);",
    ),
    Case("flag to the wrong pipe", J, "RAW", "TLOAD(a, gx);\n-FLAG(MTE2, MTE3)\n+FLAG(MTE2, V)\nTEXP(b, a);"),
    Case("flag in the wrong direction", J, "RAW", "TLOAD(a, gx);\n-FLAG(V, MTE2)\n+FLAG(MTE2, V)\nTEXP(b, a);"),
    Case("flag of the scalar unit for a load", J, "RAW", "TLOAD(a, gx);\n-FLAG(S, V)\n+FLAG(MTE2, V)\nTEXP(b, a);"),
    Case(
        "event id 8",
        J,
        "event id out of range",
        "-const event_t id = (event_t)8;\n+const event_t id = (event_t)7;\nTLOAD(a, gx);\n"
        "set_flag(PIPE_MTE2, PIPE_V, id);\nwait_flag(PIPE_MTE2, PIPE_V, id);\nTEXP(b, a);",
    ),
    Case(
        "flag that one block does not set",
        J,
        "wait without a set",
        "TLOAD(a, gx);\n-if (get_block_idx() == 0)\nSET(MTE2, V)\nWAIT(MTE2, V)\nTEXP(b, a);",
        blocks=2,
    ),
    Case(
        "flag of a loop without passes",
        J,
        "wait without a set",
        "for (int64_t i = 0; i < n; i += 1) {\nTLOAD(a, gx);\nSET(MTE2, V)\n+WAIT(MTE2, V)\n}\n-WAIT(MTE2, V)",
        n=0,
    ),
    Case(
        "flag of the other buffer",
        J,
        "set twice",
        "SET(V, MTE2)\nSET(V, MTE2, 1)\nfor (int64_t i = 0; i < n; i += 1) {\nconst event_t id = (event_t)(i % 2);\n"
        "T z; TASSIGN(z, (i % 2) * 4096);\nwait_flag(PIPE_V, PIPE_MTE2, id);\nTLOAD(z, gx);\n"
        "set_flag(PIPE_MTE2, PIPE_V, id);\nwait_flag(PIPE_MTE2, PIPE_V, id);\nTEXP(c, z);\npipe_barrier(PIPE_V);\n"
        "-set_flag(PIPE_V, PIPE_MTE2, (event_t)((i + 1) % 2));\n+set_flag(PIPE_V, PIPE_MTE2, id);\n}\nWAIT(V, MTE2)\n"
        "WAIT(V, MTE2, 1)",
        n=4,
    ),
    Case(
        "set moved before the load", J, "RAW", "-SET(MTE2, V)\nTLOAD(a, gx);\n+SET(MTE2, V)\nWAIT(MTE2, V)\nTEXP(b, a);"
    ),
    Case(
        "wait moved behind the use",
        J,
        "RAW",
        "TLOAD(a, gx);\nSET(MTE2, V)\n+WAIT(MTE2, V)\nTEXP(b, a);\n-WAIT(MTE2, V)",
    ),
    Case(
        "flag set twice",
        J,
        "flag set twice",
        "TLOAD(a, gx);\nSET(MTE2, V)\nTLOAD(b, gy);\n-SET(MTE2, V)\n+SET(MTE2, V, 1)\nWAIT(MTE2, V)\n"
        "+WAIT(MTE2, V, 1)\nTADD(c, a, b);",
    ),
    Case("flag left set", J, "set without a wait", "LOADED\nTEXP(b, a);\n-SET(V, MTE2)"),
    Case(
        "flag of a pipe to itself",
        J,
        "flag from a pipe to itself",
        "LOADED\nTEXP(b, a);\n-FLAG(V, V)\n+pipe_barrier(PIPE_V);\nTABS(b, b);",
    ),
    Case("store before the result", J, "RAW", "LOADED\nTEXP(b, a);\n+FLAG(V, MTE3)\nTSTORE(gy, b);"),
    Case("load over what is still read", J, "WAR", "LOADED\nTEXP(b, a);\n+FLAG(V, MTE2)\nTLOAD(a, gy);"),
    Case(
        "load over what is still stored",
        J,
        "WAR",
        "TLOAD(a, gx);\nFLAG(MTE2, MTE3)\nTSTORE(gy, a);\n+FLAG(MTE3, MTE2)\nTLOAD(a, gx);",
    ),
    Case("load over what V writes", J, "WAW", "LOADED\nTEXP(b, a);\n+FLAG(V, MTE2)\nTLOAD(b, gy);"),
    Case(
        "loop not carried",
        J,
        "WAR",
        "+SET(V, MTE2)\nfor (int64_t i = 0; i < n; i += 1) {\n+WAIT(V, MTE2)\nLOADED\nTEXP(b, a);\n"
        "pipe_barrier(PIPE_V);\n+SET(V, MTE2)\n}\n+WAIT(V, MTE2)",
        n=3,
    ),
    Case(
        "loop not primed",
        J,
        "wait without a set",
        "+SET(V, MTE2)\nfor (int64_t i = 0; i < n; i += 1) {\nWAIT(V, MTE2)\nLOADED\nTEXP(b, a);\n"
        "pipe_barrier(PIPE_V);\nSET(V, MTE2)\n}\nWAIT(V, MTE2)",
        n=3,
    ),
    Case(
        "loop not drained",
        J,
        "set without a wait",
        "SET(V, MTE2)\nfor (int64_t i = 0; i < n; i += 1) {\nWAIT(V, MTE2)\nLOADED\nTEXP(b, a);\n"
        "pipe_barrier(PIPE_V);\nSET(V, MTE2)\n}\n+WAIT(V, MTE2)",
        n=3,
    ),
)

VECTOR = (
    Case("barrier dropped: RAW", J, "RAW", "LOADED\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(c, b);"),
    Case("barrier dropped: WAR", J, "WAR", "LOADED\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTEXPANDS(a, 0.0f);"),
    Case("barrier dropped: WAW", J, "WAW", "LOADED\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTEXPANDS(b, 0.0f);"),
    Case(
        "barrier of another pipe",
        J,
        "RAW",
        "LOADED\nTEXP(b, a);\n-pipe_barrier(PIPE_MTE2);\n+pipe_barrier(PIPE_V);\nTABS(c, b);",
    ),
    Case(
        "barrier moved behind the use",
        J,
        "RAW",
        "LOADED\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(c, b);\n-pipe_barrier(PIPE_V);",
    ),
    Case("barrier in one branch", J, "RAW", "LOADED\nTEXP(b, a);\n-if (n > 1)\npipe_barrier(PIPE_V);\nTABS(c, b);"),
    Case(
        "loop-carried within V",
        J,
        "WAW",
        "LOADED\nfor (int64_t i = 0; i < n; i += 1) {\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\n}",
        n=2,
    ),
    Case(
        "value in the scratch of a reduction",
        J,
        "read of what was scratch TROWMAX -> TABS",
        "LOADED\nTROWMAX(r, a, b);\npipe_barrier(PIPE_V);\n+TEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(c, b);",
    ),
    Case(
        "tile in the scratch of the library",
        J,
        "read of what was scratch TROWEXPANDSUB -> TEXP",
        "-TASSIGN(c, 188416);\nLOADED\nTEXPANDS(c, 1.0f);\nTROWMAX(r, a, b);\npipe_barrier(PIPE_V);\n"
        "TROWEXPANDSUB(b, a, r);\npipe_barrier(PIPE_V);\nTEXP(a, c);",
    ),
    Case(
        "result over what later repeats read",
        J,
        "result over an operand that is still read",
        "LOADED\nT z;\n-TASSIGN(z, 256);\n+TASSIGN(z, 0);\nTEXP(z, a);",
    ),
    Case(
        "window of what is computed",
        J,
        "RAW TEXP -> TABS",
        "LOADED\nS part; TASSIGN(part, 4096 + 1024);\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(t, part);",
    ),
    Case(
        "another shape of what is computed",
        J,
        "RAW TEXP -> TABS",
        "LOADED\nT z; TRESHAPE(z, b);\nTEXP(b, a);\n+pipe_barrier(PIPE_V);\nTABS(c, z);",
    ),
    Case("scratch of two reductions", J, "WAW", "LOADED\nTROWMAX(r, a, b);\n+pipe_barrier(PIPE_V);\nTROWSUM(q, a, b);"),
    Case(
        "scratch of the library",
        J,
        "WAW",
        "LOADED\nTROWMAX(r, a, b);\npipe_barrier(PIPE_V);\nTROWEXPANDSUB(b, a, r);\n+pipe_barrier(PIPE_V);\n"
        "TROWEXPANDSUB(c, a, r);",
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
        "LOADED\nTROWMAX(r, a, b);\npipe_barrier(PIPE_V);\n-TEXPANDS(k, 1.0f);\n-TROWEXPANDADD(k, k, o);\n"
        "+TEXPANDS(b, 1.0f);\n+TABS(c, b);",
        v_rule=VRule.REPEATS,
    ),
)
