"""The results file: what is written is read, nothing is lost, and nothing foreign is overwritten."""

import json
import multiprocessing
from pathlib import Path

import pytest

from bench.results import key_of, latest_rows, read_runs, write_run
from bench.row import FAILED
from bench.sample_rows import row, run


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
    assert [key_of(each)[-1] for each in rows] == ["event cold", "event warm"]
    assert len(latest_rows([run(*rows)])) == 2


@pytest.mark.parametrize("text", ["not json", "[1, 2]", '{"format": "other"}'])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"mine\.json is not a results file"):
        write_run(path, run(row()))
    with pytest.raises(ValueError, match=r"mine\.json is not a results file"):
        read_runs(path)
    assert path.read_text() == text


def test_an_edited_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    write_run(path, run(row()))
    document = json.loads(path.read_text())
    del document["runs"][0]["rows"][0]["timings"]
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"runs\.json .* was it edited"):
        read_runs(path)


def test_the_latest_row_of_a_shape_counts() -> None:
    first, second = row(), row(library="fa_s1tile512")
    assert latest_rows([run(first, row(2048)), run(second)])[("1024x1024", "host", "wall")] == second
