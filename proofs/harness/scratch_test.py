"""The directory of a check is gone afterwards, however the check ended."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from proofs.harness.scratch import mounts_below, scratch_directory

TABLE = r"""/dev/sda / ext4 rw 0 0
fuse /tmp/a\040b/store fuse rw 0 0
tmpfs /tmp/a\040b/store/in tmpfs rw 0 0
tmpfs /tmp/ab tmpfs rw 0 0
"""

PROGRAM = """
import sys, time
from proofs.harness.scratch import scratch_directory
with scratch_directory("scratch-test-", None) as directory:
    print(directory, flush=True)
    time.sleep(60)
"""


def test_a_new_directory_is_deleted() -> None:
    with scratch_directory("scratch-test-", None) as directory:
        (directory / "file").touch()
    assert not directory.exists()


def test_a_directory_that_was_asked_for_stays(tmp_path: Path) -> None:
    with scratch_directory("scratch-test-", tmp_path / "new") as directory:
        (directory / "file").touch()
    assert (tmp_path / "new" / "file").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_check_leaves_nothing(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        directory = Path(process.stdout.readline().strip())
        assert directory.is_dir()
        process.send_signal(number)
        _, errors = process.communicate()
    assert process.returncode == 128 + number
    assert errors == f"\ninterrupted by {number.name}; cleaning up ...\n"
    assert not directory.exists()


def test_mounts_are_found_by_their_directory_the_innermost_first() -> None:
    found = mounts_below(Path("/tmp/a b"), TABLE)
    assert found == [Path("/tmp/a b/store/in"), Path("/tmp/a b/store")]
