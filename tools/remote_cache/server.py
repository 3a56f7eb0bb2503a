"""An nginx that is a Bazel cache, run from one directory: configuration, start, and the accidents that a test needs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.team.packages import program

HERE = Path(__file__).resolve().parent

START_TIMEOUT_S = 10.0
POLL_S = 0.05


class ServerError(RuntimeError):
    """nginx does not start; the text has its log."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def filled(template: str, **values: object) -> str:
    """`template` with each @NAME@ replaced."""
    for name, value in values.items():
        template = template.replace(f"@{name.upper()}@", str(value))
    return template


def loopback_site(directory: Path, port: int) -> str:
    """The site without passwords."""
    return filled((HERE / "loopback.conf").read_text(encoding="utf-8"), directory=directory, port=port)


def team_site(directory: Path, port: int) -> str:
    """The team's site as it is in the repository, but on loopback and below `directory`."""
    text = (HERE / "team.conf").read_text(encoding="utf-8")
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    return text.replace("/srv/bazel-cache", str(directory)).replace("/etc/nginx/bazel-cache", str(directory))


def main_configuration(directory: Path, user: int) -> str:
    """The file that nginx is started with by the user with this id."""
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

    def configure(self, site: str | None = None) -> None:
        """Writes the configuration: the loopback site if no other is given."""
        for name in ("store", "upload", "tmp"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "site.conf").write_text(site or loopback_site(self.directory, self.port), encoding="utf-8")
        (self.directory / "nginx.conf").write_text(main_configuration(self.directory, os.geteuid()), encoding="utf-8")

    def command(self) -> list[str]:
        """The command line of nginx."""
        options = {"-c": "nginx.conf", "-e": "error.log", "-p": ""}
        return [
            program("nginx", "nginx-light"),
            *(text for option, name in options.items() for text in (option, str(self.directory / name))),
        ]

    def start(self, store_bytes: int | None = None) -> None:
        """Starts nginx and waits until it listens; with `store_bytes`, on a disk of that size. Raises ServerError."""
        command = self.command() if store_bytes is None else self._on_a_small_disk(store_bytes)
        log = self.directory / "start.log"
        with log.open("wb") as stream:
            self.process = subprocess.Popen(command, stdout=stream, stderr=stream, start_new_session=True)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"nginx does not listen on port {self.port}:\n{log.read_text(encoding='utf-8')}")
            time.sleep(POLL_S)

    @contextmanager
    def running(self, site: str | None = None, store_bytes: int | None = None) -> Iterator[None]:
        """Configures and starts nginx, and ends it with the block."""
        self.configure(site)
        try:
            self.start(store_bytes)
            yield
        finally:
            self.stop()

    def _on_a_small_disk(self, store_bytes: int) -> list[str]:
        """The command for an nginx whose store and uploads are on a file system of their own, seen by it alone."""
        disk = self.directory / "disk"
        disk.mkdir(exist_ok=True)
        site = self.directory / "site.conf"
        text = site.read_text(encoding="utf-8")
        for name in ("store", "upload"):
            text = text.replace(str(self.directory / name), str(disk / name))
        site.write_text(text, encoding="utf-8")
        # Whoever starts it: in the namespace of the disk, root.
        (self.directory / "nginx.conf").write_text(main_configuration(self.directory, 0), encoding="utf-8")
        script = 'mount -t tmpfs -o "size=$0" tmpfs "$1" && mkdir "$1/store" "$1/upload" && shift && exec "$@"'
        unshare = [program("unshare", "util-linux"), "--map-root-user", "--mount"]
        return [*unshare, "sh", "-c", script, str(store_bytes), str(disk), *self.command()]

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None, "the server was not started"
        os.killpg(self.process.pid, number)

    def stop(self) -> None:
        """Ends nginx, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """Ends nginx as a power failure would."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def hang(self) -> None:
        """The server still accepts connections, but answers no more."""
        self._signal(signal.SIGSTOP)

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
