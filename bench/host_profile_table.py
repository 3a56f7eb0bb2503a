"""What the host runtime measured of a launch, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from bench.text_table import Column, print_table


@dataclass(frozen=True)
class Measured:
    """One operation of one simulated core, summed over a launch."""

    core: str
    operation: str
    calls: int
    elements: int
    nanoseconds: int


def parse(text: str) -> list[Measured]:
    """Read what the runtime says of a launch, slowest first."""
    rows = [line.split("\t") for line in text.splitlines()]
    found = [Measured(core, operation, *map(int, numbers)) for core, operation, *numbers in rows]
    return sorted(found, key=lambda row: -row.nanoseconds)


def print_profile(rows: Sequence[Measured], total_ns: int, alone_ns: int, console: Console) -> None:
    """Print a line for each operation of each core, and what is left. `alone_ns`: a launch that is not measured."""
    rest = Measured("all", "the rest", 0, 0, max(0, total_ns - sum(row.nanoseconds for row in rows)))
    shown = [*rows, rest]
    print_table(
        [
            Column("core", [row.core for row in shown], right=False),
            Column("operation", [row.operation for row in shown], right=False),
            Column("calls", [str(row.calls or "") for row in shown]),
            Column("us", [f"{row.nanoseconds / 1e3:.2f}" for row in shown]),
            Column("share", [f"{row.nanoseconds / total_ns:.1%}" for row in shown]),
            Column(
                "ns per\nelement", [f"{row.nanoseconds / row.elements:.6f}" if row.elements else "" for row in shown]
            ),
        ],
        console,
        title=f"{total_ns / 1e6:.2f} ms on one thread; {alone_ns / 1e6:.2f} ms when operations are not measured",
    )
    for core in dict.fromkeys(row.core for row in rows):
        spent = sum(row.nanoseconds for row in rows if row.core == core)
        print(f"{core}: {spent / total_ns:.1%}")
