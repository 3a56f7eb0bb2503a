"""What cannot be used is refused by argparse, in words, before anything is started."""

import argparse
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proofs.harness.arguments import directory, file_to_write, positive, targets, unused_port
from proofs.harness.ports import LOOPBACK


def refusal(convert: Callable[[str], Any], text: str) -> str:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        convert(text)
    return str(caught.value)


def test_targets_are_separated_by_commas() -> None:
    assert targets("//a:b, //c/...") == ("//a:b", "//c/...")
    assert "has an empty label" in refusal(targets, "//a:b,")
    assert "has an empty label" in refusal(targets, "")


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_numbers_must_be_whole_and_positive(text: str) -> None:
    assert refusal(positive, text) == f"{text!r} is not a whole number above 0"
    assert positive("12") == 12


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_a_port_is_in_range(text: str) -> None:
    assert refusal(unused_port, text) == f"{text!r} is not a port; ports are 1 to 65535"


def test_a_port_that_somebody_listens_on_is_refused_until_he_ends() -> None:
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        port = str(server.getsockname()[1])
        assert "end what listens there or give another" in refusal(unused_port, port)
    assert unused_port(port) == int(port)


def test_a_directory_is_there_or_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert directory(str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()
    assert refusal(directory, str(tmp_path / "file" / "a")) == f"{tmp_path}/file is no directory; give another place"


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    assert refusal(directory, str(tmp_path / "a")) == f"{tmp_path} cannot be written to; give another place"


def test_a_file_is_written_where_a_directory_is(tmp_path: Path) -> None:
    assert file_to_write(str(tmp_path / "new.json")) == tmp_path / "new.json"
    assert refusal(file_to_write, str(tmp_path)) == f"{tmp_path} is a directory; give the name of a file"
    assert refusal(file_to_write, str(tmp_path / "a" / "b")) == f"there is no directory {tmp_path}/a; make it first"
