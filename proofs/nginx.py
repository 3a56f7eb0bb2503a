"""An nginx that is a Bazel cache, run from one directory."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from proofs.harness.packages import program
from proofs.harness.ports import comes_up, free_port

HERE = Path(__file__).resolve().parent

START_TIMEOUT_S = 10.0


class ServerError(RuntimeError):
    """nginx does not start; the text has its log."""


def filled(template: str, **values: object) -> str:
    """`template` with each @NAME@ replaced."""
    for name, value in values.items():
        template = template.replace(f"@{name.upper()}@", str(value))
    return template


def loopback_site(directory: Path, port: int) -> str:
    """The site without passwords."""
    return filled((HERE / "loopback.conf").read_text(encoding="utf-8"), directory=directory, port=port)


def main_configuration(directory: Path, user: int) -> str:
    """The file that nginx is started with by the user with this id."""
    # Started by root, nginx would run its workers as nobody, who may not write below the directory.
    workers = "user root;" if user == 0 else ""
    template = (HERE / "main.conf").read_text(encoding="utf-8")
    return filled(template, directory=directory, site=directory / "site.conf", user=workers)


@dataclass
class CacheServer:
    """nginx on 127.0.0.1:`port` with everything it has below `directory`."""

    directory: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> Path:
        """Where the results are: store/ac/HASH (action results) and store/cas/HASH (contents)."""
        return self.directory / "store"

    @property
    def url(self) -> str:
        """For --remote_cache."""
        return f"http://127.0.0.1:{self.port}"

    def configure(self) -> None:
        """Writes the configuration."""
        for name in ("store", "upload", "tmp"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "site.conf").write_text(loopback_site(self.directory, self.port), encoding="utf-8")
        (self.directory / "nginx.conf").write_text(main_configuration(self.directory, os.geteuid()), encoding="utf-8")

    def command(self) -> list[str]:
        """The command line of nginx."""
        options = {"-c": "nginx.conf", "-e": "error.log", "-p": ""}
        return [
            program("nginx", "nginx-light"),
            *(text for option, name in options.items() for text in (option, str(self.directory / name))),
        ]

    def start(self) -> None:
        """Starts nginx and waits until it listens. Raises ServerError."""
        command, log = self.command(), self.directory / "start.log"
        with log.open("wb") as stream:
            # A process group of its own, so that `stop` reaches the workers.
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)
        if not comes_up(self.process, self.port, START_TIMEOUT_S):
            raise ServerError(f"nginx does not listen on port {self.port}:\n{log.read_text(encoding='utf-8')}")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Configures and starts nginx, and ends it with the block."""
        self.configure()
        try:
            self.start()
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends nginx and its workers, if it runs."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
        self.process = None

    def requests(self) -> list[tuple[str, int]]:
        """Method and status of every request answered since `forget_requests`."""
        log = self.directory / "access.log"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [(line.split('"')[1].split(" ")[0], int(line.split('"')[2].split()[0])) for line in lines]

    def forget_requests(self) -> None:
        """Empties the access log, which nginx has open for appending."""
        with (self.directory / "access.log").open("w"):
            pass

    def entries(self, kind: str) -> list[Path]:
        """Stored files of one kind, `ac` or `cas`."""
        directory = self.store / kind
        return sorted(directory.iterdir()) if directory.is_dir() else []

    def describe_store(self) -> str:
        """How much is stored, for people."""
        contents = self.entries("cas")
        megabytes = sum(path.stat().st_size for path in contents) / 1e6
        return f"{len(self.entries('ac'))} action results, {len(contents)} contents, {megabytes:.1f} MB"
