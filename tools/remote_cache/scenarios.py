"""Builds that meet a cache in trouble: each must end right or with a clear error, and never with a wrong artifact."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.remote_cache.accounts import (
    CI,
    DEVELOPER,
    STRANGER,
    access_table,
    trust_store_options,
    write_accounts,
    write_certificate,
)
from tools.remote_cache.faults import DAMAGES, KINDS, copy_store, damage_store
from tools.remote_cache.keys import another_compiler, another_cpu
from tools.remote_cache.server import CacheServer, team_site
from tools.remote_cache.trial import READ_ONLY, READ_WRITE, RIGHT, Trial, must_be_right
from tools.team.checkout import CACHE_HIT, sha256
from tools.team.steps import CheckFailed, expect

SMALL_DISK_SHARE = 4
"""The small disk holds a quarter of what the build stores."""

LEAST_DISK_BYTES = 1 << 14
"""A tmpfs of a few pages."""

ANSWERS_BEFORE_ACCIDENT = 5
"""The server has its accident after this number of answers: the build is under way."""

ACCESS = {
    "CI": (201, 200, 404),
    "developer": (401, 200, 404),
    "wrong password": (401, 401, 404),
    "nobody": (401, 401, 404),
}
"""HTTP status of writing a content, of reading it, and of reading another path, on the team's site."""

POLL_S = 0.02


def fill_store(trial: Trial) -> str:
    """Makes the full store."""
    shutil.rmtree(trial.server.directory, ignore_errors=True)
    with trial.server.running():
        verdict = must_be_right(trial.verdict(trial.build(READ_WRITE, trial.server.url)))
    return f"{verdict}; stored: {trial.server.describe_store()}"


def damaged_entries(trial: Trial, kind: str, damage: str) -> str:
    """All stored files of one kind are damaged; damaged contents must not stop the build, and are replaced.

    A build that was stopped goes on without the cache: nothing empty was taken over. Bazel believes what else an action
    result says, so other damage to those is gone only after `bazel clean`.
    """
    copy_store(trial.full_store, trial.server.store)
    count = damage_store(trial.server.store, kind, DAMAGES[damage])
    with trial.server.running():
        verdict = trial.verdict(trial.build(READ_WRITE, trial.server.url))
    if kind == "cas" or verdict.startswith(RIGHT):
        return f"{count} files damaged: {must_be_right(verdict)}"
    if damage != "empty":
        trial.checkout.clean()
    without = must_be_right(trial.verdict(trial.checkout.bazel("build", *trial.targets)))
    return f"{count} files damaged: {verdict}; then without the cache: {without}"


def dead_before(trial: Trial) -> str:
    """Nobody listens on the cache's port."""
    return must_be_right(trial.verdict(trial.build(READ_WRITE, trial.server.url)))


def hung_before(trial: Trial) -> str:
    """The server accepts connections and never answers."""
    with trial.server.running():
        trial.server.hang()
        return must_be_right(trial.verdict(trial.build(READ_WRITE, trial.server.url)))


def accident_during(trial: Trial, accident: Callable[[CacheServer], None]) -> str:
    """The server has half of the results, and an accident while the build reads those and writes the others."""
    server, checkout = trial.server, trial.checkout
    copy_store(trial.full_store, server.store)
    for path in server.entries("ac")[::2]:
        path.unlink()
    checkout.clean()
    with server.running():
        server.forget_requests()
        with checkout.running("build", READ_WRITE, f"--remote_cache={server.url}", *trial.targets) as build:
            while len(server.requests()) < ANSWERS_BEFORE_ACCIDENT and not build.ended():
                time.sleep(POLL_S)
            expect(not build.ended(), "the build ended before the accident")
            accident(server)
            return must_be_right(trial.verdict(build.finish()))


def disk_full(trial: Trial) -> str:
    """The store is on a file system that is much too small; what is there afterwards must be whole."""
    stored = sum(path.stat().st_size for path in (trial.full_store / "cas").iterdir())
    with trial.server.running(store_bytes=max(stored // SMALL_DISK_SHARE, LEAST_DISK_BYTES)):
        trial.server.forget_requests()
        verdict = must_be_right(trial.verdict(trial.build(READ_WRITE, trial.server.url)))
        refused = sum(status >= 500 for method, status in trial.server.requests() if method == "PUT")
        expect(refused > 0, "no upload was refused: the disk was not full")
        second = must_be_right(trial.verdict(trial.build(READ_ONLY, trial.server.url)))
    return f"{refused} uploads refused: {verdict}; then, reading what was stored: {second}"


def read_only_writes_nothing(trial: Trial) -> str:
    """A developer's build with an empty cache executes everything and uploads nothing."""
    with trial.server.running():
        trial.server.forget_requests()
        verdict = must_be_right(trial.verdict(trial.build(READ_ONLY, trial.server.url)))
        puts = sum(method == "PUT" for method, _ in trial.server.requests())
    expect(puts == 0, f"{puts} uploads with {READ_ONLY}")
    return f"no upload: {verdict}"


@contextmanager
def filled_team_site(trial: Trial) -> Iterator[Trial]:
    """Runs the team's site with everything in its store; gives the trial with a Bazel that trusts its certificate."""
    server = trial.server
    copy_store(trial.full_store, server.store)
    write_accounts(server.directory)
    write_certificate(server.directory)
    startup = trust_store_options(server.directory)
    with server.running(team_site(server.directory, server.port)):
        yield dataclasses.replace(trial, checkout=dataclasses.replace(trial.checkout, startup=startup))


def team_accounts(trial: Trial) -> str:
    """Over TLS: CI and developers get hits; a developer's uploads and a wrong password are refused, builds go on."""
    words = []
    with filled_team_site(trial) as trusting:
        for who, account, config in (
            ("CI", CI, READ_WRITE),
            ("developer", DEVELOPER, READ_ONLY),
            ("wrong password", STRANGER, READ_ONLY),
        ):
            run = trusting.build(config, account.url(trusting.server.port))
            words.append(f"{who}: {must_be_right(trusting.verdict(run))}")
            hit_all = not run.other_than(CACHE_HIT)
            expect(hit_all == (account is not STRANGER), f"{who}: {run.processes()}\n{run.last_lines()}")
    return "; ".join(words)


def team_access(trial: Trial) -> str:
    """What the team's site answers to whom."""
    with filled_team_site(trial):
        found = access_table(trial.server.directory, trial.server.port)
    expect(found == ACCESS, f"write, read, other path: {found}, but it should be {ACCESS}")
    return f"write, read, other path: {found}"


def developer_cannot_write(trial: Trial) -> str:
    """A developer who asks for uploads is refused by the server, and what is stored stays as it is."""
    with filled_team_site(trial) as trusting:
        server = trusting.server
        for path in server.entries("ac"):
            path.unlink()
        before = {path.name: sha256(path) for path in server.entries("cas")}
        verdict = must_be_right(trusting.verdict(trusting.build(READ_WRITE, DEVELOPER.url(server.port))))
        expect(not server.entries("ac"), "a developer could write action results")
        expect(before == {path.name: sha256(path) for path in server.entries("cas")}, "a developer changed contents")
        return verdict


def scenarios(trial: Trial) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every scenario with its name."""
    for kind, what in KINDS.items():
        for damage in DAMAGES:
            yield f"{damage} {what}", lambda kind=kind, damage=damage: damaged_entries(trial, kind, damage)  # type: ignore[misc]
    yield "server dead before the build", lambda: dead_before(trial)
    yield "server killed during the build", lambda: accident_during(trial, CacheServer.kill)
    yield "server hangs before the build", lambda: hung_before(trial)
    yield "server hangs during the build", lambda: accident_during(trial, CacheServer.hang)
    yield "disk full", lambda: disk_full(trial)
    yield "read-only build with an empty cache", lambda: read_only_writes_nothing(trial)
    yield "another compiler at the same path", lambda: another_compiler(trial)
    yield "another level of CPU", lambda: another_cpu(trial)
    yield "team site: access", lambda: team_access(trial)
    yield "team site: accounts", lambda: team_accounts(trial)
    yield "team site: a developer tries to write", lambda: developer_cannot_write(trial)


def fresh(trial: Trial, directory: Path) -> Trial:
    """The trial with a server of its own that has nothing stored."""
    shutil.rmtree(directory, ignore_errors=True)
    return dataclasses.replace(trial, server=CacheServer(directory))


def run_scenario(name: str, trial: Trial, directory: Path) -> str:
    """Runs the scenario called `name` on a fresh server in `directory`. Raises CheckFailed."""
    for candidate, work in scenarios(fresh(trial, directory)):
        if candidate == name:
            return work()
    raise CheckFailed(f"there is no scenario {name!r}")
