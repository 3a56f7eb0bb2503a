"""The directory of one check: made for it, and gone with it, also when the check is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from proofs.harness.packages import found_program

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

EXIT_SIGNAL = 128
"""Exit status of a program that a signal ended: this and the signal's number."""

MOUNT_TABLE = Path("/proc/self/mounts")

UNMOUNT_COMMANDS = (("umount", "--lazy"), ("fusermount3", "-u", "-z"), ("fusermount", "-u", "-z"))
"""For root, and for the user who mounted a file system of FUSE."""


def _end(number: int, frame: FrameType | None) -> None:
    """A signal as an exception, so that everything that was started is ended on the way out."""
    print(f"\ninterrupted by {signal.Signals(number).name}; cleaning up ...", file=sys.stderr, flush=True)
    # A second signal must not interrupt the cleaning up.
    for interruption in INTERRUPTIONS:
        signal.signal(interruption, signal.SIG_IGN)
    sys.exit(EXIT_SIGNAL + number)


def mounts_below(directory: Path, table: str) -> list[Path]:
    """Mount points below `directory` in the text of /proc/self/mounts, the innermost first."""
    points = (line.split(" ")[1] for line in table.splitlines())
    # The kernel writes blanks and a few other characters as \040.
    paths = (Path(point.encode("latin-1", "replace").decode("unicode_escape")) for point in points)
    # A path sorts before those below it, so reversed the innermost come first.
    return sorted((path for path in paths if directory in path.parents), reverse=True)


def unmount_below(directory: Path) -> None:
    """Unmounts what a killed server left mounted below `directory`, where nothing could be deleted else."""
    for point in mounts_below(directory.resolve(), MOUNT_TABLE.read_text(encoding="utf-8")):
        for name, *options in UNMOUNT_COMMANDS:
            command = found_program(name)
            if command and subprocess.run([command, *options, point], check=False, capture_output=True).returncode == 0:
                break


@contextmanager
def scratch_directory(prefix: str, kept: Path | None) -> Iterator[Path]:
    """A new directory that is deleted at the end; `kept`, made if need be, is used instead and stays.

    Within it, SIGINT, SIGTERM and SIGHUP end the program by SystemExit.
    """
    before = [signal.signal(number, _end) for number in INTERRUPTIONS]
    try:
        with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as temporary:
            directory = (kept or Path(temporary)).resolve()
            directory.mkdir(parents=True, exist_ok=True)
            try:
                yield directory
            finally:
                unmount_below(directory)
    finally:
        for number, handler in zip(INTERRUPTIONS, before, strict=True):
            signal.signal(number, handler)
