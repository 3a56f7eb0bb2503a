"""Reading and writing the files of a run: whole files, byte for byte."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.files import write_files
from patchers.errors import PatchError


def read_text(path: Path) -> str:
    """Return the bytes of a file as Latin-1 text, in which every byte is one character and none is lost.

    Raises:
        PatchError: it cannot be read.
    """
    try:
        return path.read_bytes().decode("latin-1")
    except OSError as error:
        raise PatchError(f"{path}: cannot be read: {error.strerror}. Give the C++ file that ptoas printed.") from error


def read_json(path: Path, advice: str = "") -> Any:
    """Return the JSON in a file.

    Raises:
        PatchError: it cannot be read, or is not JSON; `advice` then says what to do.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise PatchError(f"{path}: this is not JSON ({error}).{advice}") from error


def write_all(texts: Mapping[Path, str]) -> None:
    """Write every text under a temporary name beside its target, then rename them all: no target is ever half written.

    Raises:
        PatchError: one cannot be written; then no target that was not yet renamed has changed.
    """
    try:
        write_files({path: text.encode("latin-1") for path, text in texts.items()})
    except OSError as error:
        raise PatchError(
            f"{error.filename}: cannot be written: {error.strerror}. Give a file in a folder that exists; nothing was "
            "left half written."
        ) from error
