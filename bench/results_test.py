"""The results file: what is written is read, nothing is lost, and nothing foreign is overwritten."""

import json
import math
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from bench.compare_runs import latest
from bench.results import read_runs, write_run
from bench.row import FAILED, Turns
from bench.sample_rows import row, run
from bench.stats import Ratio


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    written = run(row(), row(2048, status=FAILED, timings={}, errors={}, speedups={}, note="deadlock"))
    write_run(path, written)
    assert read_runs(path) == [written]


def test_a_run_replaces_its_own_earlier_state_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    other = run(row(), started="2025-01-01")
    write_run(path, other)
    write_run(path, run(row()))
    write_run(path, run(row(), row(2048)))
    assert read_runs(path) == [other, run(row(), row(2048))]


def _append(path: Path, pid: int) -> None:
    for count in range(1, 6):
        write_run(path, run(*[row()] * count, pid=pid))


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(path, pid)) for pid in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted((entry.environment["pid"], len(entry.rows)) for entry in read_runs(path)) == [(1, 5), (2, 5)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["runs.json"]


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    path.touch()
    write_run(path, run(row()))
    assert len(read_runs(path)) == 1


def test_a_cold_and_a_warm_cache_are_two_measurements() -> None:
    rows = [row(backend="npu", timing="event", cache=cache) for cache in ("cold", "warm")]
    assert [each.key.clock for each in rows] == ["event cold", "event warm"]
    assert len(latest([run(*rows)])) == 2


@pytest.mark.parametrize("text", ["not json", "[1, 2]", '{"format": "other"}'])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"mine\.json is not a results file"):
        write_run(path, run(row()))
    with pytest.raises(ValueError, match=r"mine\.json is not a results file"):
        read_runs(path)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("keys", "value", "words"),
    [
        ((), {"started": 1, "environment": {}, "rows": []}, "runs[0].started is 1, not a text"),
        ((), {"started": "", "rows": []}, "runs[0] has no environment"),
        ((), 7, "runs[0] is 7, not an object"),
        (("environment",), [], "runs[0].environment is [], not an object"),
        (("environment",), {"machine": 3}, "runs[0].environment.machine is 3, not an object"),
        (("environment",), {"libraries": {"fa": "x"}}, "runs[0].environment.libraries.fa is 'x', not an object"),
        (("environment",), {"matmul_tflops": "fast"}, "environment.matmul_tflops is 'fast', not a number from 0 on"),
        (("rows",), {}, "runs[0].rows is {}, not a list"),
        (("rows", 0), None, "runs[0].rows[0] is None, not an object"),
        (("rows", 0, "s1"), "1024", "runs[0].rows[0].s1 is '1024', not a whole number from 1 on"),
        (("rows", 0, "s1"), 0, "s1 is 0, not a whole number"),
        pytest.param(("rows", 0, "s1"), 10**400, "..., not a whole number", id="huge"),
        (("rows", 0, "s1"), True, "s1 is True, not a whole number"),
        (("rows", 0, "s1_tile"), 1.5, "s1_tile is 1.5, not a whole number"),
        (("rows", 0, "s1_tile"), 384, "runs[0].rows[0]: s1_tile = 384 is not supported: use 256 or 512"),
        (("rows", 0, "status"), "good", "status is 'good', not one of ok, wrong, failed, skipped"),
        (("rows", 0, "timings"), None, "timings is None, not an object"),
        (("rows", 0, "timings", "fa"), {}, "timings.fa has no cold"),
        (("rows", 0, "timings", "fa", "samples"), [], "timings.fa.samples is empty"),
        (("rows", 0, "timings", "fa", "samples"), [1.0, math.nan], "samples[1] is nan, not a number from 0 on"),
        (("rows", 0, "timings", "fa", "samples"), [0.0], "samples[0] is 0.0, not a number of seconds above 0"),
        (("rows", 0, "timings", "fa", "samples"), [math.inf], "samples[0] is inf, not a number of seconds above 0"),
        (("rows", 0, "timings", "fa", "samples"), ["1"], "samples[0] is '1', not a number from 0 on"),
        (("rows", 0, "timings", "fa", "cold"), -1.0, "timings.fa.cold is -1.0, not a number from 0 on"),
        (("rows", 0, "errors"), {"fa": None}, "errors.fa is None, not a number from 0 on"),
        (("rows", 0, "turns"), {"first": "a"}, "turns has no ratio"),
        (("rows", 0, "note"), 3, "note is 3, not a text"),
        (("rows", 0, "colour"), "red", "has a field 'colour', which this version does not know"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_field(
    tmp_path: Path, keys: tuple[str | int, ...], value: object, words: str
) -> None:
    path = tmp_path / "runs.json"
    write_run(path, run(row()))
    document = json.loads(path.read_text())
    place: Any = document["runs"]
    for key in (0, *keys)[:-1]:
        place = place[key]
    place[(0, *keys)[-1]] = value
    path.write_text(json.dumps(document))
    before = path.read_bytes()
    for action in (lambda: read_runs(path), lambda: write_run(path, run(row(2048)))):
        with pytest.raises(
            ValueError, match=r"runs\.json is a results file of this benchmark, but damaged: "
        ) as caught:
            action()
        assert words in str(caught.value)
        assert len(str(caught.value)) - len(str(path)) < 200
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff\xfe\x00", b'{"format": 1e999}', b"NaN", b""])
def test_what_is_no_json_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mine\.json is not a results file"):
        read_runs(path)


def test_a_file_of_before_there_were_variants_is_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    write_run(path, run(row()))
    document = json.loads(path.read_text())
    for name in ("kv_split", "schedule", "barriers", "turns", "load", "relative_errors"):
        del document["runs"][0]["rows"][0][name]
    path.write_text(json.dumps(document))
    assert read_runs(path)[0].rows[0].key == row().key


def test_turns_are_read_as_they_were_written(tmp_path: Path) -> None:
    second = row(barriers="none", turns=Turns("without gu", Ratio(1.1, 1.0, float("inf"))), load={"others": 0.5})
    write_run(tmp_path / "runs.json", run(second))
    assert read_runs(tmp_path / "runs.json")[0].rows == (second,)


def test_the_latest_row_of_a_shape_and_kernel_counts() -> None:
    first, second, other = row(), row(note="again"), row(library="fa_s1tile512", knobs={"s1_tile": 512})
    found = latest([run(first, row(2048)), run(second, other)])
    assert (found[first.key][0], found[other.key][0], len(found)) == (second, other, 3)


@pytest.mark.parametrize(
    "knob",
    [
        *({"knobs": {name: value}} for name, value in (("s1_tile", 512), ("qk_preload", 4), ("kv_split", 2))),
        {"knobs": {"qk_preload": 4, "schedule": "fast"}},
        {"barriers": "none"},
    ],
)
def test_kernels_with_other_knobs_are_other_measurements(knob: dict[str, Any]) -> None:
    assert len(latest([run(row(), row(**knob))])) == 2
