"""Files that programs write: checked before the work, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import overload

from flash_atten.launch_cli import user_path

FILE_MODE = 0o644
"""Of new files: temporary ones are for their owner only."""


HEAD_BYTES = 4096
"""What of a file is looked at to tell whether it is ours."""

Ours = Callable[[bytes], bool]
"""The first bytes of a file -> whether the program has written it."""


@overload
def output_file(
    flag: str, text: str, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours | None = None
) -> Path: ...


@overload
def output_file(
    flag: str, text: None, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours | None = None
) -> None: ...


@overload
def output_file(
    flag: str, text: str | None, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours | None = None
) -> Path | None: ...


def output_file(
    flag: str, text: str | None, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours | None = None
) -> Path | None:
    """Return the file that --`flag`=`text` names; None if the flag is not given.

    With `suffix` the name must end in it. It must not be one of the `inputs`, and if there is such a file with
    something in it, `ours` must know it. Raises ValueError if there can be no such file: the time to say so is before
    the work.
    """
    if text is None:
        return None
    if not text:
        raise ValueError(f"--{flag}= is empty; give a file name, or leave the flag out")
    path = user_path(text).resolve()
    if suffix and path.suffix != suffix:
        raise ValueError(f"--{flag}={text} must end in {suffix}; try --{flag}={text}{suffix}")
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "not a regular file"
        raise ValueError(f"--{flag}={text} cannot be written: it is {what}; give the name of a file")
    if not path.parent.is_dir():
        raise ValueError(f"--{flag}={text} cannot be written: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"--{flag}={text} cannot be written: no permission to write in {path.parent}")
    check_unspoiled(f"--{flag}={text}", path, inputs, ours)
    return path


def check_unspoiled(name: str, path: Path, inputs: Iterable[Path], ours: Ours | None) -> None:
    """Raise ValueError if writing `path` would destroy an input, or a file of somebody else."""
    if not path.exists():
        return
    if any(given.exists() and given.samefile(path) for given in inputs):
        raise ValueError(f"{name} cannot be written: it is an input of this program; give another file")
    if ours is None:
        return
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head and not ours(head):
        raise ValueError(
            f"{name} cannot be written: there is a file that this program has not made, and it is left as it is; give "
            "another name, or move it away"
        )


def write_file(path: Path, content: str | bytes) -> None:
    """Write `content` under a temporary name beside `path`, then rename it. OSError leaves `path` as it was."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, stat.S_IMODE(path.stat().st_mode) if path.exists() else FILE_MODE)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            # A full disk is told by a write, which knows no name.
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
