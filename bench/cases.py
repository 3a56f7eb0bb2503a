"""What is benchmarked: named shapes, and the flags that choose among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from flash_atten.config import HEAD

SUITE: Mapping[str, int] = MappingProxyType({f"case{i + 1}": 1024 << i for i in range(8)})
"""case1 .. case8: S0 = S1 = 1024, 2048, ... 131072, the shapes that the vendor publishes."""


DEFAULT_S1 = SUITE["case1"]


@dataclass(frozen=True)
class Case:
    """One shape: `q_rows` query rows against `s1` keys. `name` is the case's id in every table."""

    name: str
    q_rows: int
    s1: int

    @property
    def operand_bytes(self) -> int:
        """Bytes of q, k and v (FP16) and o (FP32)."""
        return HEAD * (2 * (self.q_rows + 2 * self.s1) + 4 * self.q_rows)


def named_cases(names: Iterable[str]) -> list[Case]:
    """Return the named cases in the given order. Raises ValueError for a name that is not one of case1 .. case8."""
    cases = []
    for name in names:
        if name not in SUITE:
            raise ValueError(
                f"--case={name} is not a case; choose from {', '.join(SUITE)} (S0 = S1 = 1024, 2048, ... 131072)"
            )
        cases.append(Case(name, SUITE[name], SUITE[name]))
    return cases


def shaped_cases(s1: Sequence[int], q_rows: Sequence[int]) -> list[Case]:
    """Return one case for each s1 and each q_rows; without q_rows each case is square.

    A square shape of the suite keeps the suite's name, so that runs can be compared.
    """
    suite_names = {size: name for name, size in SUITE.items()}
    cases = []
    for keys in s1:
        for rows in q_rows or [keys]:
            name = suite_names.get(keys) if rows == keys else None
            cases.append(Case(name or f"{rows}x{keys}", rows, keys))
    return cases


def choose_cases(*, suite: bool, names: Sequence[str], s1: Sequence[int], q_rows: Sequence[int]) -> list[Case]:
    """Return the cases that the flags ask for; S1 is 1024 if they do not say.

    Raises ValueError when two ways of choosing are mixed.
    """
    given = [flag for flag, value in (("--suite", suite), ("--case", names), ("--s1", s1)) if value]
    if len(given) > 1:
        raise ValueError(
            f"{' and '.join(given)} both choose the shapes; give one of them (--s1 may be a list: --s1=1024,4096)"
        )
    if q_rows and given and not s1:
        raise ValueError(
            f"--q_rows goes with --s1; the shapes of {given[0]} have their own; try --q_rows=256 --s1=4096"
        )
    if suite:
        return named_cases(SUITE)
    if names:
        return named_cases(names)
    return shaped_cases(s1 or [DEFAULT_S1], q_rows)
