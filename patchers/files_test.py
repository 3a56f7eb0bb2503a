"""Tests of reading and writing."""

from pathlib import Path

import pytest

from patchers.errors import PatchError
from patchers.files import read_text, write_all


def test_every_byte_survives(tmp_path: Path) -> None:
    data = bytes(range(256)) + b"\r\n\r\xe2\x80\xa8"
    (tmp_path / "in").write_bytes(data)
    write_all({tmp_path / "out": read_text(tmp_path / "in")})
    assert (tmp_path / "out").read_bytes() == data


def test_outputs_are_all_written_and_readable_by_others(tmp_path: Path) -> None:
    write_all({tmp_path / "a": "1", tmp_path / "b": "2"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_nothing_is_written_if_one_output_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(PatchError, match="cannot be written"):
        write_all({tmp_path / "a": "new", tmp_path / "missing" / "b": "new"})
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_missing_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PatchError, match="cannot be read: No such file"):
        read_text(tmp_path / "missing.cpp")
