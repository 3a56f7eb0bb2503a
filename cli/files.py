"""Files that programs write: checked before the work, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, overload

FILE_MODE = 0o644
"""Of new files: temporary ones are for their owner only."""


HEAD_BYTES = 4096
"""What of a file is looked at to tell whether it is ours."""

Ours = Callable[[bytes], bool]
"""The first bytes of a file -> whether the program has written it."""

_MADE_BY = "made_by"


def user_path(text: str) -> Path:
    """Return a path given on the command line: relative ones are relative to where the user is.

    `bazel run` starts programs elsewhere and says in BUILD_WORKING_DIRECTORY where the user was.
    """
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ""), text)


def behind_links(path: Path) -> Path:
    """Return the file behind the links of `path`; `path` itself if they lead in a circle, where `resolve` raises."""
    return Path(os.path.realpath(path))


def marked(*marks: str) -> Ours:
    """Return what knows a file by one of the `marks` near its beginning, which the program writes there each time."""
    return lambda head: any(mark.encode() in head for mark in marks)


def json_text(program: str, data: Mapping[str, Any]) -> str:
    """Return `data` as the text of a JSON file of `program`, such as //bench:tune; `json_of` knows it again."""
    return json.dumps({_MADE_BY: program, **data}, indent=1) + "\n"


def json_of(program: str) -> Ours:
    """Return what knows the JSON files of `program`."""
    return marked(f'"{_MADE_BY}": "{program}"')


@overload
def output_file(flag: str, text: str, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours) -> Path: ...


@overload
def output_file(
    flag: str, text: str | None, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours
) -> Path | None: ...


def output_file(
    flag: str, text: str | None, suffix: str = "", *, inputs: Iterable[Path] = (), ours: Ours
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
    path = behind_links(user_path(text))
    if suffix and path.suffix != suffix:
        raise ValueError(f"--{flag}={text} must end in {suffix}; try --{flag}={text}{suffix}")
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "not a regular file"
        raise ValueError(f"--{flag}={text} cannot be written: it is {what}; give the name of a file")
    if path.is_symlink():
        raise ValueError(f"--{flag}={text} cannot be written: it is a link that leads to itself; give another name")
    if not path.parent.is_dir():
        raise ValueError(f"--{flag}={text} cannot be written: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"--{flag}={text} cannot be written: no permission to write in {path.parent}")
    check_unspoiled(f"--{flag}={text}", path, inputs, ours)
    return path


def check_distinct(**outputs: Path | None) -> None:
    """Raise ValueError if two of the outputs, by their flags, are one file."""
    seen: dict[Path, str] = {}
    for flag, path in outputs.items():
        if path and seen.setdefault(path, flag) != flag:
            raise ValueError(f"--{seen[path]} and --{flag} are both {path}; give each a file of its own")


def check_unspoiled(name: str, path: Path, inputs: Iterable[Path], ours: Ours) -> None:
    """Raise ValueError if writing `path` would destroy an input, or a file of somebody else."""
    if not path.is_file():
        return
    if any(given.exists() and given.samefile(path) for given in inputs):
        raise ValueError(f"{name} cannot be written: it is an input of this program; give another file")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head and not ours(head):
        raise ValueError(
            f"{name} cannot be written: there is a file that this program has not made, and it is left as it is; give "
            "another name, or move it away"
        )


def write_file(path: Path, content: str | bytes) -> None:
    """Write `content` under a temporary name beside `path`, then rename it. OSError leaves `path` as it was."""
    write_files({path: content})


def write_files(contents: Mapping[Path, str | bytes]) -> None:
    """Write every content under a temporary name beside its path, then rename them all. A device is written to.

    OSError, which names the path that cannot be written, leaves all that were not yet renamed as they were.
    """
    written: dict[Path, Path] = {}
    path = Path()
    try:
        for path, content in contents.items():
            if path.is_dir():  # told before anything is renamed
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if path.exists() and not path.is_file():  # /dev/null stays what it is
                path.write_bytes(_bytes(content))
                continue
            written[path] = _write_beside(path, content)
        # All are complete by now. A rename within a folder is atomic: readers see the old file or the new one.
        for path in list(written):
            os.replace(written[path], path)
            del written[path]
    except OSError as error:
        # A full disk is told by a write, which knows no name.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        for leftover in written.values():
            leftover.unlink(missing_ok=True)


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _write_beside(path: Path, content: str | bytes) -> Path:
    """Return a new file beside `path` with the content, and with the mode that `path` has or will have."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_bytes(content))
        temporary.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else FILE_MODE)
    # Ctrl-C included: nothing temporary stays.
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
