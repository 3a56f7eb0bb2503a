"""Reading and writing the files of a run: whole files, byte for byte."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from patchers.errors import PatchError


def user_path(text: str) -> Path:
    """Return a path given on the command line: relative ones are relative to where the user is.

    `bazel run` starts programs elsewhere and says in BUILD_WORKING_DIRECTORY where the user was.
    """
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""), text)


def read_text(path: Path) -> str:
    """Return the bytes of a file as Latin-1 text, in which every byte is one character and none is lost.

    Raises:
        PatchError: it cannot be read.
    """
    try:
        return path.read_bytes().decode("latin-1")
    except OSError as error:
        raise PatchError(f"{path}: cannot be read: {error.strerror}. Give the C++ file that ptoas printed.") from error


def write_all(texts: Mapping[Path, str]) -> None:
    """Write every text under a temporary name beside its target, then rename them all: no target is ever half written.

    Raises:
        PatchError: one cannot be written; then no target that was not yet renamed has changed.
    """
    written: dict[Path, Path] = {}
    path = Path()
    try:
        for path, text in texts.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
                written[path] = Path(file.name)
                file.write(text.encode("latin-1"))
            written[path].chmod(0o644)
        for path in texts:
            os.replace(written[path], path)
            del written[path]
    except OSError as error:
        raise PatchError(
            f"{path}: cannot be written: {error.strerror}. Give a file in a folder that exists; nothing was left half "
            "written."
        ) from error
    finally:
        for leftover in written.values():
            with contextlib.suppress(OSError):
                leftover.unlink()
