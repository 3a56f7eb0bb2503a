"""One row of a benchmark: what was asked, what was measured, whether it was right. All reports are made from rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from bench import fields
from bench import variant as variants
from bench.flops import tflops
from bench.stats import Ratio, Timing
from bench.variant import Variant
from kernels.library import HOST

OK = "ok"
WRONG = "wrong"
FAILED = "failed"
SKIPPED = "skipped"

KERNEL = "fa"
"""Name of our kernel among the timed operations; every other name is a baseline."""

BUSY_CPUS = 0.25
"""CPUs that other programs used while a row was timed, from which on its latencies are not to be trusted."""


SPEEDUP_MEANS = (
    "speed-up: the median, over pairs of runs one after the other, of the baseline's latency over the kernel's; so it "
    "need not be the ratio of the two medians"
)
"""Said wherever speed-ups are shown."""


class Key(NamedTuple):
    """What a row measures: rows with the same key can be compared."""

    case: str
    backend: str
    clock: str
    variant: Variant


@dataclass(frozen=True)
class Turns:
    """A variant that was timed in turns with another one, the first of them."""

    first: str
    """Label of the first variant."""

    ratio: Ratio
    """Our latency over the first one's, pair by pair."""


@dataclass(frozen=True)
class Row:
    """One shape and one variant of the kernel. `timings`, `speedups` and `errors` are keyed by operation (`fa` and the
    baselines); a failed row has none.

    Latencies are seconds on the machine that `backend` names: `host` is this computer's CPU, `npu` is the device.
    """

    case: str
    q_rows: int
    s1: int
    variant: Variant
    backend: str
    timing: str
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
    turns: Turns | None = None
    """None for the first variant, or the only one, and where a ratio would mean nothing."""
    load: Mapping[str, float] = field(default_factory=dict)
    """`before`, `after`: the system's load average. `others`: CPUs that other programs used while the row was timed."""

    @property
    def clock(self) -> str:
        """How latencies were measured: `wall`, `sync`, `event cold` or `event warm`."""
        return f"{self.timing} {self.cache}".strip()

    @property
    def key(self) -> Key:
        """What the row measures."""
        return Key(self.case, self.backend, self.clock, self.variant)

    @property
    def busy(self) -> bool:
        """Whether other programs made the latencies longer; the device does not mind them."""
        return self.backend == HOST and self.load.get("others", 0) > BUSY_CPUS

    @property
    def tiles(self) -> int:
        """KV tiles per Q block."""
        return self.variant.config.tiles_in(self.s1)

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
        plain = asdict(self)
        del plain["variant"]
        return {**plain, **self.variant.facts}

    @classmethod
    def from_json(cls, value: object, where: str) -> Row:
        """Read what `to_json` wrote. Raises ValueError naming the field, below `where`, that is not as written."""
        found = fields.read_object(value, where, REQUIRED, OPTIONAL)
        return cls(variant=Variant.take(found, where), **found)


def knob_cell(name: str) -> Callable[[Row], str]:
    """Return what tells a row's value of a knob, as text."""
    return lambda row: str(row.variant.knobs[name])


def turns_text(row: Row, rows: Sequence[Row]) -> str:
    """Return what was measured of a row that has turns, in words; `rows` are those that it is shown with."""
    assert row.turns is not None, "only rows with turns have a ratio"
    ratio, others = row.turns.ratio, [other.variant for other in rows if other.case == row.case]
    return (
        f"timed in turns: {row.variant.label(others)} takes {ratio.value:.3f} ({ratio.low:.3f} .. {ratio.high:.3f}) of "
        f"the time of {row.turns.first}"
    )


def _status(value: object, where: str) -> str:
    if value not in (OK, WRONG, FAILED, SKIPPED):
        raise fields.wrong(value, where, f"one of {OK}, {WRONG}, {FAILED}, {SKIPPED}")
    return str(value)


def _timing(value: object, where: str) -> Timing:
    found = fields.read_object(value, where, {"cold": fields.seconds, "samples": fields.list_of(fields.seconds)}, {})
    if not found["samples"]:
        raise ValueError(f"{where}.samples is empty")
    return Timing(cold=found["cold"], samples=tuple(found["samples"]))


def _ratio(value: object, where: str) -> Ratio:
    names = ("value", "low", "high")
    return Ratio(**fields.read_object(value, where, dict.fromkeys(names, fields.number), {}))


def _turns(value: object, where: str) -> Turns:
    return Turns(**fields.read_object(value, where, {"first": fields.text, "ratio": _ratio}, {}))


_numbers = fields.mapping_of(fields.number)

REQUIRED: Mapping[str, fields.Reader[Any]] = {
    **variants.REQUIRED,
    "case": fields.text,
    "q_rows": fields.whole,
    "s1": fields.whole,
    "backend": fields.text,
    "timing": fields.text,
    "status": _status,
    "timings": fields.mapping_of(_timing),
}
OPTIONAL: Mapping[str, fields.Reader[Any]] = {
    **variants.OPTIONAL,
    "speedups": _numbers,
    "errors": _numbers,
    "relative_errors": _numbers,
    "reference": fields.text,
    "note": fields.text,
    "cache": fields.text,
    "turns": fields.optional(_turns),
    "load": _numbers,
}
"""How the fields of a row are read."""
