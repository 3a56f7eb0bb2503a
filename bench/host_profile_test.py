"""//bench:host_profile as its user meets it: which operations a launch does, how often, and for how long."""

import pytest

from cli.testing import run_program

HOST_PROFILE = "bench.host_profile"
SMALL = ("--s1=768", "--q_rows=128", "--s1_tile=256")
CORES = ("cube", "vec0", "vec1")
TILES = 3
"""Of K and V in a launch of 768 rows; each is multiplied in two halves."""


def table(output: str) -> dict[tuple[str, str], list[str]]:
    """Return calls, microseconds, share and nanoseconds per element by core and operation."""
    rows = [line.split() for line in output.splitlines()]
    return {(row[0], row[1]): row[2:] for row in rows if len(row) == 6 and row[0] in CORES}


def test_operations_are_counted_by_core_and_shares_are_of_the_launch() -> None:
    done = run_program(HOST_PROFILE, *SMALL)
    assert done.returncode == 0, done.stderr
    rows = table(done.stdout)
    assert rows["cube", "TMATMUL"][0] == str(3 * TILES)
    assert rows["cube", "TMATMUL_ACC"][0] == str(TILES)
    assert rows["vec0", "TROWMAX"][0] == rows["vec1", "TROWMAX"][0] == str(2 * TILES)
    assert all(float(us) > 0 and float(ns) > 0 for _, us, _, ns in rows.values())
    for core in CORES:
        (share,) = (line.split()[1] for line in done.stdout.splitlines() if line.startswith(f"{core}: "))
        of_operations = sum(float(row[2].rstrip("%")) for (where, _), row in rows.items() if where == core)
        assert float(share.rstrip("%")) == pytest.approx(of_operations, abs=0.1 * len(rows))


def test_a_level_without_a_matrix_unit_can_be_profiled() -> None:
    done = run_program(HOST_PROFILE, *SMALL, "--cpu=x86-64-v2", "--fill")
    assert done.returncode == 0, done.stderr
    assert ("cube", "TMATMUL") in table(done.stdout)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--s1=700",), "q_rows = 700 is not supported: it must be a multiple of 128"),
        ((*SMALL, "--cpu=z80"), "--cpu=z80 is no level that this machine has; it has x86-64"),
    ],
)
def test_a_mistake_is_said(flags: tuple[str, ...], message: str) -> None:
    done = run_program(HOST_PROFILE, *flags)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
