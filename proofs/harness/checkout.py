"""Checkouts of this workspace that are built like another user's: own path, own output base, own environment."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
"""The workspace that is checked."""

WORKSPACE_NAME = "ascend_fa"

INTERNAL = "internal"
"""How Bazel counts the actions that it does itself: symlinks, written files."""

CACHE_HIT = "remote cache hit"
"""How Bazel counts results of a remote cache."""

CACHE_WARNING = re.compile(r"WARNING: .*\bremote cache\b", re.IGNORECASE)

REMOTE = "remote"
"""How Bazel counts actions that another machine executed."""

KEPT_PREFIXES = ("PIP_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY")
"""Variables that say how packages are downloaded: they are part of the machine, whatever else a user's shell has."""

PIP_CONFIGS = ("~/.config/pip/pip.conf", "~/.pip/pip.conf")

STARTUP = ("--nohome_rc", "--max_idle_secs=600")
"""Startup options of every Bazel that a check starts."""

OUTPUT = ("--color=no", "--curses=no", "--show_progress_rate_limit=60")
"""Options that make Bazel's log readable in a file."""


class BuildError(RuntimeError):
    """A build that had to succeed did not; the text has the end of its log."""


@dataclass(frozen=True)
class BazelRun:
    """One command of Bazel that has ended."""

    command: tuple[str, ...]
    status: int
    seconds: float
    log: str

    def processes(self) -> dict[str, int]:
        """Number of actions by how they were done, as Bazel's last lines say: {"remote cache hit": 12, ...}."""
        lines = re.findall(r"^INFO: \d+ process(?:es)?: (.*)\.$", self.log, re.MULTILINE)
        if not lines:
            return {}
        parts = (part.split(" ", 1) for part in lines[-1].split(", "))
        return {kind: int(count) for count, kind in parts}

    def other_than(self, *kinds: str) -> dict[str, int]:
        """Actions that were done in another way than `kinds` or by Bazel itself."""
        return {kind: count for kind, count in self.processes().items() if kind not in (*kinds, INTERNAL)}

    def cache_warnings(self) -> list[str]:
        """What Bazel says of a remote cache that did not do what it should: a line and the reason after it."""
        lines = self.log.splitlines()
        return [" ".join(lines[i : i + 2]) for i, line in enumerate(lines) if CACHE_WARNING.match(line)]

    def last_lines(self) -> str:
        """The end of the log."""
        return "\n".join(self.log.splitlines()[-25:])

    def expect_success(self) -> BazelRun:
        """Returns itself; raises BuildError if the command failed."""
        if self.status != 0:
            raise BuildError(f"{' '.join(self.command)} ended with {self.status}:\n{self.last_lines()}")
        return self


@dataclass(frozen=True)
class RunningBazel:
    """One command of Bazel that has been started."""

    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: Path
    started: float

    def ended(self) -> bool:
        """Whether there is nothing to wait for."""
        return self.process.poll() is not None

    def finish(self) -> BazelRun:
        """Waits for the end."""
        status = self.process.wait()
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return BazelRun(self.command, status, time.monotonic() - self.started, text)


def base_environment(**changes: str) -> dict[str, str]:
    """A plain user's environment, with `changes`; of the caller's own only what downloads of packages need."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT_PREFIXES)}
    for config in PIP_CONFIGS:
        path = Path(config).expanduser()
        if path.is_file():
            kept.setdefault("PIP_CONFIG_FILE", str(path))
    plain = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(Path.home()), "LANG": "C.UTF-8"}
    return {**kept, **plain, **changes}


def tracked_files(root: Path) -> list[str]:
    """Files of the work tree `root` that git tracks and that are there, relative to it."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    return [name for name in listing.split("\0") if name and (root / name).is_file()]


def sha256(path: Path) -> str:
    """Digest of a file, as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Checkout:
    """A copy of the workspace with its own Bazel server, which ends with the `with` block of the checkout."""

    path: Path
    output_base: Path
    environment: Mapping[str, str]
    umask: int = 0o022
    startup: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()
    """Start of the command line that Bazel is started with, such as `other_machine`'s."""

    @classmethod
    def create(
        cls,
        path: Path,
        output_base: Path,
        environment: Mapping[str, str],
        umask: int = 0o022,
        launcher: tuple[str, ...] = (),
    ) -> Checkout:
        """Copies the tracked files of the workspace, as they are now, to `path`; what was there before is replaced."""
        if path.exists():
            shutil.rmtree(path)
        # What git does not track must not be needed by a build.
        for name in tracked_files(ROOT):
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        output_base.mkdir(parents=True, exist_ok=True)
        return cls(path, output_base, environment, umask, launcher=launcher)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()

    def command(self, verb: str, *arguments: str) -> list[str]:
        """The command line for one command of Bazel."""
        startup = [f"--output_base={self.output_base}", *STARTUP, *self.startup]
        return [*self.launcher, str(self.path / "tools" / "bazel"), *startup, verb, *OUTPUT, *arguments]

    @contextmanager
    def running(self, verb: str, *arguments: str) -> Iterator[RunningBazel]:
        """Starts one command of Bazel; what has not ended with the block is interrupted."""
        command, log = self.command(verb, *arguments), self.output_base / f"check-{verb}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command,
                cwd=self.path,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                umask=self.umask,
            )
        try:
            yield RunningBazel(tuple(command), process, log, time.monotonic())
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()

    def bazel(self, verb: str, *arguments: str) -> BazelRun:
        """Runs one command of Bazel to its end, whatever that is."""
        with self.running(verb, *arguments) as command:
            return command.finish()

    def build(self, *arguments: str) -> BazelRun:
        """`bazel build`. Raises BuildError if it fails."""
        return self.bazel("build", *arguments).expect_success()

    def test(self, *arguments: str) -> BazelRun:
        """`bazel test`. Raises BuildError if it fails."""
        return self.bazel("test", *arguments).expect_success()

    def clean(self) -> None:
        """Forgets all results, but not the downloaded packages."""
        self.bazel("clean").expect_success()

    def shutdown(self) -> None:
        """Ends the Bazel server."""
        self.bazel("shutdown")

    def toolchain_json(self) -> str:
        """What the checkout was configured with: the text of @host_cxx//:toolchain.json."""
        return (self.output_base / "external" / "host_cxx" / "toolchain.json").read_text(encoding="utf-8")

    def sources_digest(self) -> str:
        """SHA-256 over the names and contents of the checkout's files, without Bazel's links."""
        whole = hashlib.sha256()
        for path in sorted(self.path.rglob("*")):  # does not follow links
            if path.is_file() and not path.is_symlink():
                whole.update(f"{path.relative_to(self.path)} {sha256(path)}\n".encode())
        return whole.hexdigest()

    def output_files(self) -> Iterator[tuple[str, Path]]:
        """Every file that actions made, with its path relative to bazel-out.

        Not in it: runfiles trees and their manifests (links into the output base), test logs (they have times).
        """
        out = self.output_base / "execroot" / WORKSPACE_NAME / "bazel-out"
        for bin_dir in sorted(out.glob("*/bin")):
            for directory, subdirectories, names in os.walk(bin_dir):
                # In place: os.walk goes only into what is left.
                subdirectories[:] = sorted(name for name in subdirectories if not name.endswith(".runfiles"))
                for name in sorted(names):
                    path = Path(directory, name)
                    if not name.endswith(".runfiles_manifest") and path.is_file():
                        yield str(path.relative_to(out)), path

    def output_digests(self) -> dict[str, str]:
        """SHA-256 of every output by its path relative to bazel-out."""
        return {name: sha256(path) for name, path in self.output_files()}


def differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Outputs that are not the same in both, a line each."""
    lines = [f"{name}: only in the first" for name in sorted(first.keys() - second.keys())]
    lines += [f"{name}: only in the second" for name in sorted(second.keys() - first.keys())]
    lines += [f"{name}: differs" for name in sorted(first.keys() & second.keys()) if first[name] != second[name]]
    return lines


def suffixes(digests: Mapping[str, str]) -> str:
    """How many outputs there are of which kind, for people: `12 .so, 4 .cpp, 120 others` (packages are others)."""
    ours = [name for name in digests if "/external/" not in name]
    counts = {suffix: sum(name.endswith(suffix) for name in ours) for suffix in (".so", ".cpp", ".mlir", ".json")}
    others = len(digests) - sum(counts.values())
    return ", ".join([*(f"{count} {suffix}" for suffix, count in counts.items() if count), f"{others} others"])
