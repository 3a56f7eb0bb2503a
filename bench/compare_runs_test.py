"""What two results files have in common to compare, and how their runs differ."""

from __future__ import annotations

from typing import Any

import pytest

from bench.compare_runs import ROOF_MOVED, across, differences, latest, other_machine
from bench.results import Run
from bench.row import Row
from bench.sample_rows import row, run


def changed(*rows: Row, **environment: Any) -> Run:
    """Return a run of another environment."""
    made = run(*rows)
    made.environment.update(environment)
    return made


def libraries(**info: str) -> dict[str, dict[str, str]]:
    """Return the environment's libraries: one, with this build info."""
    return {"fa_s1tile256": info}


def test_the_last_row_of_a_key_counts_and_brings_its_run() -> None:
    first, second = run(row(note="first"), row(2048)), run(row(note="second"))
    found = latest([first, second])
    assert [(one.note, of is second) for one, of in found.values()] == [("second", True), ("", False)]


def test_across_forgets_the_kernel_and_keeps_case_backend_and_clock() -> None:
    rows = [
        row(),
        row(2048, knobs={"s1_tile": 512}),
        row(backend="npu", timing="event"),
        row(backend="npu", timing="sync"),
    ]
    assert list(across(latest([run(*rows)]))) == [
        ("1024x1024", "host", "wall"),
        ("2048x2048", "host", "wall"),
        ("1024x1024", "npu", "event"),
        ("1024x1024", "npu", "sync"),
    ]


def test_across_refuses_two_kernels_of_one_shape() -> None:
    with pytest.raises(ValueError, match=r"1024x1024 has several kernels \(tile 256 and tile 512\); --across needs"):
        across(latest([run(row(), row(knobs={"s1_tile": 512}, library="fa_s1tile512"))]))


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"machine": {"cpu": "another", "cpus": 2}}, "cpu was a <fast> one, is another"),
        ({"machine": {"cpu": "a <fast> one"}}, "cpus was 2, is unknown"),
        ({"libraries": libraries(compiler="g++ 12")}, "compiler was unknown, is g++ 12"),
        ({"libraries": libraries(threads="1")}, "threads was unknown, is 1"),
        ({"libraries": {}}, None),
        ({"versions": {"numpy": "1"}}, None),
    ],
)
def test_another_machine_or_compiler_is_one(environment: dict[str, Any], line: str | None) -> None:
    found = other_machine(latest([run(row())]), latest([changed(row(), **environment)]))
    assert found == ([line] if line else [])


def test_only_runs_whose_rows_are_compared_count() -> None:
    """A file may hold runs of other machines, about shapes that the other file does not have."""
    before = latest([run(row()), changed(row(2048), machine={"cpu": "elsewhere"})])
    assert other_machine(before, latest([run(row())])) == []
    assert differences(before, latest([run(row())])) == []


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({}, {"versions": {"numpy": "3"}}, "version of numpy was 2.2.6, is 3"),
        (
            {"git": {"commit": "abc", "modified": True}},
            {"git": {"commit": "abc", "modified": False}},
            "commit was abc with changes, is abc",
        ),
        ({}, {"git": {"commit": "abc"}}, "commit was unknown, is abc"),
        ({"matmul_tflops": None}, {}, None),
        ({}, {"matmul_tflops": 0.5 * (1 + ROOF_MOVED / 2)}, None),
        (
            {},
            {"matmul_tflops": 0.5 * (1 - 2 * ROOF_MOVED)},
            "an FP32 matrix product ran at 0.5 TFLOP/s, now at 0.4: the machine is not as fast as it was",
        ),
    ],
)
def test_what_else_differs_is_a_line_each(before: dict[str, Any], after: dict[str, Any], line: str | None) -> None:
    found = differences(latest([changed(row(), **before)]), latest([changed(row(), **after)]))
    assert found == ([line] if line else [])


def test_a_difference_of_several_rows_is_said_once() -> None:
    other = changed(row(), row(2048), versions={"numpy": "3"})
    assert len(differences(latest([run(row(), row(2048))]), latest([other]))) == 1


def test_rows_of_a_busy_computer_are_named_with_their_side() -> None:
    busy, device = row(load={"others": 1.25}), row(backend="npu", load={"others": 1.25})
    assert differences(latest([run(busy)]), latest([run(row(2048), device)])) == [
        "1024x1024, before: other programs used 1.2 CPUs meanwhile"
    ]
