"""Files of rows become one table, or an exit status."""

import dataclasses
from pathlib import Path

import pytest

from bench.sweep_merge import main
from bench.sweep_row import OK, WRONG, SweepRow, read_rows, write_rows

RIGHT = SweepRow("fa_s1tile256", "s1_tile=256", "q_rows=128 s1=1024", "check", "normal", OK, "max |error| 1.0e-04")
BROKEN = dataclasses.replace(RIGHT, subject="large", status=WRONG, note="7 of 9 values are wrong")


def test_judging_fails_on_a_wrong_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "right.json", [RIGHT])
    write_rows(tmp_path / "broken.json", [BROKEN])
    assert main(["--judge", str(tmp_path / "right.json")]) == 0
    assert main(["--judge", str(tmp_path / "right.json"), str(tmp_path / "broken.json")]) == 1
    assert "1 of 2 rows are wrong or failed" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["other.json", "missing.json"])
def test_a_file_without_rows_is_a_paragraph(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other.json").write_text("[1]")
    assert main([f"--output={tmp_path / 'sweep.tsv'}", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert name in said
    assert not (tmp_path / "sweep.tsv").exists()


def test_merging_writes_all_rows_once(tmp_path: Path) -> None:
    write_rows(tmp_path / "a.json", [RIGHT])
    write_rows(tmp_path / "b.json", [BROKEN])
    output, merged = tmp_path / "sweep.tsv", tmp_path / "sweep.json"
    files = [str(tmp_path / "b.json"), str(tmp_path / "a.json")]
    assert main([f"--output={output}", f"--json={merged}", *files]) == 0
    assert output.read_text().count("\n") == 3
    assert read_rows(merged) == sorted([RIGHT, BROKEN])
