"""The table is the same for the same rows, and tells which of them are not right."""

import dataclasses
from pathlib import Path

import pytest

from bench.sweep_row import (
    COLUMNS,
    FAILED,
    OK,
    SKIPPED,
    WRONG,
    Point,
    SweepRow,
    problems,
    read_rows,
    table,
    write_rows,
)
from flash_atten.config import KernelConfig
from flash_atten.described import AttentionKernel
from kernels.library import BuildInfo

RIGHT = SweepRow("fa_s1tile256", "s1_tile=256", "q_rows=128 s1=1024", "check", "normal", OK, "max |error| 1.0e-04")
BROKEN = dataclasses.replace(RIGHT, subject="large", status=WRONG, note="7 of 9 values are wrong")
CRASHED = dataclasses.replace(RIGHT, what="hazards", subject="block_dim 1", status=FAILED, note="deadlock")


def test_order_of_the_rows_does_not_matter() -> None:
    assert table([RIGHT, BROKEN]) == table([BROKEN, RIGHT])
    assert table([]).split() == list(COLUMNS)


def test_rows_survive_a_round_trip(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.json", [RIGHT, BROKEN])
    assert read_rows(tmp_path / "rows.json") == [RIGHT, BROKEN]


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text('[{"library": "x"}]')
    with pytest.raises(ValueError, match=r"rows\.json has no rows of a sweep"):
        read_rows(tmp_path / "rows.json")


def test_every_wrong_or_failed_row_is_a_problem() -> None:
    assert [line.split(": ")[1] for line in problems([RIGHT, BROKEN, CRASHED])] == [WRONG, FAILED]


def test_a_shape_that_the_kernel_is_not_for_is_skipped() -> None:
    kernel = AttentionKernel(KernelConfig(s1_tile=512))
    info = BuildInfo("fa_s1tile512", "host", "execute", kernel.config.knobs, (), "{}")
    row = Point(info, {"q_rows": 128, "s1": 1024}, "check").unsupported(kernel)
    assert row is not None
    assert row.status == SKIPPED
    assert not problems([row])
    assert Point(info, {"q_rows": 128, "s1": 2048}, "check").unsupported(kernel) is None
