"""Outputs that cannot be written are refused before the work; a file is written whole or not at all."""

import os
from pathlib import Path

import pytest

from cli.files import check_distinct, json_of, json_text, marked, output_file, user_path, write_file, write_files

ANY = marked("")
"""Whatever is there may be overwritten."""


@pytest.fixture(autouse=True)
def user_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(tmp_path))


def test_a_name_is_relative_to_where_the_user_is(tmp_path: Path) -> None:
    assert output_file("out", "o.npy", ".npy", ours=ANY) == tmp_path / "o.npy"
    assert output_file("out", None, ours=ANY) is None


def test_a_link_leads_to_the_file_behind_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    path = output_file("out", "link", ours=ANY)
    assert path is not None
    write_file(path, "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "one")
    for name in ("one", "other"):
        with pytest.raises(ValueError, match=f"--out={name} cannot be written: it is a link that leads to itself"):
            output_file("out", name, ours=ANY)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "--out= is empty"),
        (".", "it is a folder"),
        ("no/such/o.npy", "there is no folder"),
        ("/dev/null", "it is not a regular file"),
        ("o.txt", r"--out=o.txt must end in .npy; try --out=o.txt.npy"),
    ],
)
def test_what_cannot_be_written_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        output_file("out", text, ".npy" if text == "o.txt" else "", ours=ANY)


def test_new_files_are_readable_and_old_ones_keep_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, "one")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    write_file(path, b"two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o600)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_file(path, "new")
    assert caught.value.filename == str(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_an_input_is_no_output_whatever_it_is_called(tmp_path: Path) -> None:
    given = tmp_path / "in.json"
    given.write_text("mine")
    (tmp_path / "link.json").symlink_to(given)
    os.link(given, tmp_path / "hard.json")
    for name in ("in.json", "./in.json", "link.json", "hard.json"):
        with pytest.raises(ValueError, match="it is an input of this program"):
            output_file("out", name, inputs=[given], ours=ANY)
    assert output_file("out", "new.json", inputs=[given, tmp_path / "none"], ours=ANY) == tmp_path / "new.json"


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    assert output_file("out", "file", ours=lambda head: head.startswith(b"ours")) == path
    path.write_text("ours, of last time")
    assert output_file("out", "file", ours=lambda head: head.startswith(b"ours")) == path
    path.write_text("mine")
    with pytest.raises(ValueError, match="has not made, and it is left as it is"):
        output_file("out", "file", ours=lambda head: head.startswith(b"ours"))


def test_a_json_file_is_known_again_by_the_program_that_wrote_it(tmp_path: Path) -> None:
    write_file(tmp_path / "a.json", json_text("//bench:tune", {"rows": [1]}))
    assert output_file("json", "a.json", ours=json_of("//bench:tune")) == tmp_path / "a.json"
    with pytest.raises(ValueError, match="has not made"):
        output_file("json", "a.json", ours=json_of("//bench:other"))


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    check_distinct(json=None, tsv=None, html=tmp_path / "a")
    with pytest.raises(ValueError, match="--json and --tsv are both"):
        check_distinct(json=tmp_path / "a", html=None, tsv=tmp_path / "a")


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_file(Path("/dev/null"), "text")
    assert Path("/dev/null").is_char_device()


def test_relative_paths_are_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUILD_WORKING_DIRECTORY", raising=False)
    assert user_path("a.cpp") == Path("a.cpp")
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", "/home/user")
    assert user_path("a.cpp") == Path("/home/user/a.cpp")
    assert user_path("/tmp/a.cpp") == Path("/tmp/a.cpp")


def test_of_several_files_none_is_written_if_one_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="No such file") as caught:
        write_files({tmp_path / "a": "new", tmp_path / "missing" / "b": "new"})
    assert caught.value.filename == str(tmp_path / "missing" / "b")
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    write_files({tmp_path / "a": "one", tmp_path / "c": b"two"})
    assert ((tmp_path / "a").read_text(), (tmp_path / "c").read_text()) == ("one", "two")
