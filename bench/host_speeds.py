"""Speeds of what is measured in turns on the host, and how they compare."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from bench.baselines import SDPA_BF16, SDPA_FP16, SDPA_FP32
from bench.text_table import Column, print_table

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

    @property
    def over_torch(self) -> float | None:
        """Our speed over the better of torch's FP16 and FP32; None without torch."""
        theirs = [self.speeds[name] for name in BETTER_OF if name in self.speeds]
        return self.speeds[OURS] / max(theirs) if theirs else None

    @property
    def of_peak(self) -> float:
        """Our speed over that of FMA in registers."""
        return self.speeds[OURS] / self.speeds[PEAK]


def whole_numbers(name: str, words: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of a list flag. Raises ValueError."""
    if not words or not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ValueError(f"--{name}={','.join(words)} must be positive numbers, separated by commas")
    return tuple(map(int, words))


Operation = Callable[[], float]
"""Works once and returns how many floating-point operations that was."""


PAUSE = 0.05
"""Seconds before a turn. OpenMP's threads, on which torch works, spin for some 10 ms after their work is done, and take
a CPU from whatever comes next."""


def medians(
    operations: Mapping[str, Operation],
    rounds: int,
    clock: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, float]:
    """Run all in turns; return operations per second by name, medians.

    Each turn begins with a pause and a run that is not timed, so that no one meets what the one before has left running
    and in the caches.
    """
    seen: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(rounds):
        for name, operation in operations.items():
            sleep(PAUSE)
            operation()
            begin = clock()
            flops = operation()
            seen[name].append(flops / (clock() - begin))
    return {name: statistics.median(values) for name, values in seen.items()}


def print_speeds(rows: Sequence[Speeds], cpu: str, console: Console) -> None:
    """Print a line for each size and number of threads."""
    names = list(dict.fromkeys(name for row in rows for name in row.speeds))
    columns = [Column("S", [str(row.size) for row in rows]), Column("threads", [str(row.threads) for row in rows])]
    columns += [Column(f"{name}\nTFLOP/s", [f"{row.speeds[name] / 1e12:.3f}" for row in rows]) for name in names]
    columns.append(Column("of FMA\npeak", [f"{row.of_peak:.0%}" for row in rows]))
    if all(row.over_torch for row in rows):
        columns.append(Column("over better\nof torch", [f"{row.over_torch:.2f}x" for row in rows]))
    print_table(columns, console, title=f"speed of attention on this CPU, loops for {cpu}, medians in one run")
