"""What a pair of the bug suite is: one text, from which a faulty kernel and its mended twin are made.

Lines that begin with `-` are in the faulty kernel only, lines with `+` in the mended one only. `x` and `y` are fp32
arrays in GM, `n` is 1 unless the case says otherwise. In C++ `a`, `b`, `c` are tiles [16, 64] of fp32 (16 repeats) at
different addresses of UB, `s` and `t` are [4, 64], `gx` and `gy` the views of such a tile in x and y. `LOADED` is what
most cases in C++ begin with; a line `SET(V, MTE2)` or `WAIT(V, MTE2)` is that half of a flag from V to MTE2 with event
id 0, or the one behind a second comma, and `FLAG(V, MTE2)` is both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from sim.vector_repeats import VRule


class Check(Enum):
    """Which check must catch a faulty kernel."""

    VERIFIER = "verifier"
    """Of the assembler: rules of one operation, and of what belongs together."""
    ASSEMBLER = "assembler"
    """Its passes: memory planning and synchronisation."""
    RUNTIME = "runtime"
    JUDGE = "judge"
    NUMBERS = "numbers"
    """What the kernel computes is compared with what it must."""


class Language(Enum):
    """What a kernel is written in."""

    CPP = "cpp"
    MLIR = "mlir"


@dataclass(frozen=True)
class Case:
    """A pair of kernels."""

    name: str
    check: Check
    reason: str
    """Found in what the check says."""
    text: str
    """C++: body of the kernel of vector core 0 of each block, or of `cores`. MLIR: functions; `NAME` is the entry's."""
    cores: str = "first"
    """Of C++. `first`: vector core 0; `vectors`: both vector cores; `all`: the text has the guards itself."""
    blocks: int = 1
    n: int = 1
    v_rule: VRule = VRule.STRICT
    language: Language = Language.CPP
    unordered: bool = False
    """MLIR: the fault is that the assembler does not synchronise; the mended kernel is the same text with the pass."""
    computes: tuple[float, ...] = ()
    """What the kernel must store at the beginning of y, to the bit; kernels of other cases are traced only."""

    def kernel(self, *, mended: bool) -> str:
        """Return the text of one of the two."""
        drop, keep = "-+" if mended else "+-"
        text = _SYNC.sub(_spelt_out, self.text.strip()).replace("LOADED", _LOADED)
        lines = (line.strip() for line in text.splitlines())
        return "\n".join(line.removeprefix(keep).strip() for line in lines if not line.startswith(drop))


_SYNC = re.compile(r"^([-+]?)(SET|WAIT|FLAG)\((\w+), (\w+)(?:, (\d))?\)$", re.MULTILINE)
_HALVES = {"SET": ("set_flag",), "WAIT": ("wait_flag",), "FLAG": ("set_flag", "wait_flag")}
_LOADED = "TLOAD(a, gx); set_flag(PIPE_MTE2, PIPE_V, EVENT_ID7); wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID7);"
"""A tile that V may use."""


def _spelt_out(line: re.Match[str]) -> str:
    sign, what, src, dst, event_id = line.groups("0")
    return "\n".join(f"{sign}{half}(PIPE_{src}, PIPE_{dst}, EVENT_ID{event_id});" for half in _HALVES[what])
