"""Speeds of what is measured in turns on the host, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from bench.baselines import SDPA_BF16, SDPA_FP16, SDPA_FP32
from bench.text_table import Column, print_table
from bench.timing import Clock, Name, Operation, Rounds, measure

OURS = "ours"
PEAK = "fma"
TORCH = (SDPA_FP16, SDPA_FP32, SDPA_BF16)
BETTER_OF = (SDPA_FP16, SDPA_FP32)
"""What our speed is compared with: the better of these."""


@dataclass(frozen=True)
class Speeds:
    """FLOP per second of one size and number of threads, medians, by operation."""

    size: int
    threads: int
    speeds: Mapping[str, float]
    alone: float | None = None
    """Our speed on one thread in the same run; None if that was not measured."""

    @property
    def over_alone(self) -> float | None:
        """Our speed over that on one thread; None if this is it, or it was not measured."""
        return self.speeds[OURS] / self.alone if self.alone and self.threads > 1 else None

    @property
    def over_torch(self) -> float | None:
        """Our speed over the better of torch's FP16 and FP32; None without torch."""
        theirs = [self.speeds[name] for name in BETTER_OF if name in self.speeds]
        return self.speeds[OURS] / max(theirs) if theirs else None

    @property
    def of_peak(self) -> float:
        """Our speed over that of FMA in registers."""
        return self.speeds[OURS] / self.speeds[PEAK]


@dataclass(frozen=True)
class Work:
    """What is timed."""

    run: Operation
    flops: float
    """Floating-point operations of a run."""


def medians(works: Mapping[Name, Work], rounds: int, clock: Clock) -> dict[Name, float]:
    """Run all in turns; return operations per second by name, medians."""
    timings = measure({name: work.run for name, work in works.items()}, clock, Rounds(rounds, warmup=0))
    return {name: works[name].flops / timing.median for name, timing in timings.items()}


def print_speeds(rows: Sequence[Speeds], cpu: str, console: Console) -> None:
    """Print a line for each size and number of threads."""
    names = list(dict.fromkeys(name for row in rows for name in row.speeds))
    columns = [Column("S", [str(row.size) for row in rows]), Column("threads", [str(row.threads) for row in rows])]
    columns += [Column(f"{name}\nTFLOP/s", [f"{row.speeds[name] / 1e12:.3f}" for row in rows]) for name in names]
    columns.append(Column("of FMA\npeak", [f"{row.of_peak:.0%}" for row in rows]))
    if all(row.over_torch for row in rows):
        columns.append(Column("over better\nof torch", [f"{row.over_torch:.2f}x" for row in rows]))
    if any(row.over_alone for row in rows):
        columns.append(Column("over one\nthread", [f"{row.over_alone:.2f}x" if row.over_alone else "" for row in rows]))
    print_table(columns, console, title=f"speed of attention on this CPU, loops for {cpu}, medians in one run")
