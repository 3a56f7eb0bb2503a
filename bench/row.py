"""One row of a benchmark: what was asked, what was measured, whether it was right. All reports are made from rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.flops import tflops
from bench.stats import Timing

OK = "ok"
WRONG = "wrong"
FAILED = "failed"
SKIPPED = "skipped"

KERNEL = "fa"
"""Name of our kernel among the timed operations; every other name is a baseline."""


@dataclass(frozen=True)
class Row:
    """One shape. `timings`, `speedups` and `errors` are keyed by operation (`fa` and the baselines); a failed row has
    none.

    Latencies are seconds on the machine that `backend` names: `host` is this computer's CPU, `npu` is the device.
    """

    case: str
    q_rows: int
    s1: int
    s1_tile: int
    qk_preload: int
    backend: str
    timing: str
    library: str
    status: str
    timings: Mapping[str, Timing] = field(default_factory=dict)
    speedups: Mapping[str, float] = field(default_factory=dict)
    """Baseline -> median of its latency over ours, run by run."""
    errors: Mapping[str, float] = field(default_factory=dict)
    """Operation -> largest |result - reference|."""
    relative_errors: Mapping[str, float] = field(default_factory=dict)
    """Operation -> largest relative error of 16 rows (`flash_atten.check_compare`), by which the kernel was judged."""
    reference: str = ""
    """What the kernel was compared with."""
    note: str = ""
    cache: str = ""
    """What L2 held when a run started: `cold` nothing of the operands, `warm` the operands, "" what the run before
    left."""

    @property
    def clock(self) -> str:
        """How latencies were measured: `wall`, `sync`, `event cold` or `event warm`."""
        return f"{self.timing} {self.cache}".strip()

    @property
    def tiles(self) -> int:
        """KV tiles per Q block."""
        return self.s1 // self.s1_tile

    @property
    def primary_baseline(self) -> str | None:
        """The baseline that the speed-up column is about: the first one."""
        return next((name for name in self.timings if name != KERNEL), None)

    @property
    def speedup(self) -> float | None:
        """Median latency of the first baseline over ours."""
        return None if self.primary_baseline is None else self.speedups.get(self.primary_baseline)

    def tflops(self, operation: str) -> float:
        """TFLOP/s of a timed operation, from its median."""
        return tflops(self.q_rows, self.s1, self.timings[operation].median)

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values; samples included."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Row:
        """Read what `to_json` wrote. Raises TypeError or KeyError for anything else."""
        timings = {name: Timing(cold=t["cold"], samples=tuple(t["samples"])) for name, t in fields["timings"].items()}
        return cls(**{**fields, "timings": timings})
