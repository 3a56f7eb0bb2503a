"""Proves that results are shared through a remote cache, with those who have the same tools and with nobody else.

    proofs/check sharing                                        all targets
    proofs/check sharing --targets=//flash_atten:fa_s1tile256   some
    proofs/check sharing --json=digests.json                    also write the digests of what the first checkout made:
                                                                --built of the other proofs

Starts a real nginx on loopback, fills it from one checkout and builds and tests in another one, under another path,
with another output base and home; then again without and with small changes, to see what they cost. Then the machine
gets another compiler, and nothing compiled may be taken from the cache. Exit status 0: every step is
right; 1: one is not; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from proofs.digests import Digests
from proofs.edits import CHANGES, cost
from proofs.harness.arguments import directory, file_to_write, targets
from proofs.harness.checkout import CACHE_HIT, BazelRun, Checkout, base_environment, differences, suffixes
from proofs.harness.packages import MissingProgram, program
from proofs.harness.profile import read_executed_actions
from proofs.harness.scratch import scratch_directory
from proofs.harness.steps import CheckFailed, Steps, expect
from proofs.keys import READ_ONLY, READ_WRITE, Trial, another_compiler
from proofs.nginx import CacheServer

DEFAULT_TARGETS = "//..."
DEFAULT_KEY_TARGETS = "//flash_atten:fa_s1tile256"

PATIENCE = "--remote_timeout=60"
"""For what is shared: on a busy machine a good server may be slower than the configuration waits for."""

EXIT_USAGE = 2


@dataclass(frozen=True)
class Team:
    """Two members, a cache, and what they build."""

    directory: Path
    first: Checkout
    second: Checkout
    server: CacheServer
    targets: tuple[str, ...]

    def options(self, config: str) -> list[str]:
        """Options of a build with the cache."""
        return [config, PATIENCE, f"--remote_cache={self.server.url}"]

    def test(self, checkout: Checkout, config: str) -> BazelRun:
        """Builds and tests all targets from nothing. Raises CheckFailed if the cache did not answer every time."""
        checkout.clean()
        run = checkout.test(*self.options(config), "--", *self.targets)
        warnings = run.cache_warnings()
        expect(not warnings, f"{len(warnings)} warnings about the cache: {'; '.join(warnings[:5])}")
        return run


def make_team(directory: Path, targets: tuple[str, ...]) -> Team:
    """Two checkouts with nothing in common but the sources."""
    home = directory / "home of the second"
    home.mkdir(parents=True, exist_ok=True)
    first = Checkout.create(directory / "first", directory / "out-first", base_environment())
    # All that must not matter is different: depth of the paths, a home with blanks in its name, user, PATH, time zone.
    second = Checkout.create(
        directory / "somewhere/else/second",
        directory / "deeper/out-second",
        base_environment(HOME=str(home), USER="second", PATH=f"{home}/bin:/usr/bin:/bin", TZ="Asia/Tokyo"),
    )
    return Team(directory, first, second, CacheServer(directory / "cache"), targets)


def fill(team: Team) -> str:
    """The first checkout builds and tests everything and uploads it."""
    run = team.test(team.first, READ_WRITE)
    return f"{run.processes()}; stored: {team.server.describe_store()}"


def share(team: Team) -> str:
    """The second checkout builds and tests everything and executes nothing."""
    team.server.forget_requests()
    run = team.test(team.second, READ_ONLY)
    if executed := run.other_than(CACHE_HIT):
        actions = "; ".join(read_executed_actions(team.second.output_base))
        raise CheckFailed(f"not everything was a hit, executed: {executed}: {actions}")
    methods = {method for method, _ in team.server.requests()}
    expect(methods == {"GET"}, f"a read-only build made requests {sorted(methods)}")
    return f"{run.processes().get(CACHE_HIT, 0)} hits of {run.processes().get(CACHE_HIT, 0)}, {run.seconds:.1f} s"


def same_outputs(team: Team) -> str:
    """What the second checkout got is what the first one made."""
    first, second = team.first.output_digests(), team.second.output_digests()
    different = differences(first, second)
    expect(not different, f"{len(different)} outputs differ: {'; '.join(different[:5])}")
    return f"{len(first)} outputs are the same ({suffixes(first)})"


def repeat(team: Team) -> str:
    """The second checkout builds and tests everything again, and nothing is to be done."""
    run = team.second.test(*team.options(READ_ONLY), "--", *team.targets)
    expect(not run.other_than(), f"something was done again: {run.processes()}")
    return f"{run.seconds:.1f} s"


def run_edits(team: Team, steps: Steps) -> None:
    """What building costs the second checkout after small changes."""
    for change in CHANGES:
        steps.run(change.name, lambda change=change: cost(change, team.second, *team.options(READ_ONLY)))  # type: ignore[misc]


def run_keys(team: Team, steps: Steps, targets: tuple[str, ...]) -> None:
    """What the second checkout takes from a cache after its machine has changed."""
    server = CacheServer(team.directory / "another-compiler")
    shutil.rmtree(server.directory, ignore_errors=True)
    trial = Trial(team.second, server, targets)
    steps.run("another compiler at the same path", lambda: another_compiler(trial))


def check(team: Team, options: argparse.Namespace) -> int:
    """All steps; returns the exit status."""
    steps = Steps()
    shutil.rmtree(team.server.directory, ignore_errors=True)
    with team.second:
        with team.first, team.server.running():
            sharing = steps.run("first checkout builds, tests and uploads", lambda: fill(team))
            sharing = sharing and steps.run("second checkout builds and tests with hits only", lambda: share(team))
            sharing = sharing and steps.run("outputs of both are the same", lambda: same_outputs(team))
            if sharing and options.json is not None:
                Digests.of(team.first).write(options.json)
            if sharing:
                steps.run("nothing changed, everything tested again", lambda: repeat(team))
                run_edits(team, steps)
        if sharing:
            run_keys(team, steps, options.key_targets)
    return steps.finish()


def main(arguments: list[str]) -> int:
    """Exit status of the check."""
    parser = argparse.ArgumentParser(
        "proofs/check sharing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--targets", type=targets, default=DEFAULT_TARGETS, help="what is shared, separated by commas (%(default)s)"
    )
    parser.add_argument(
        "--key_targets", type=targets, default=DEFAULT_KEY_TARGETS, help="built by other machines (%(default)s)"
    )
    parser.add_argument("--json", type=file_to_write, help="file for the digests of all outputs")
    parser.add_argument("--directory", type=directory, help="keep everything here; default: a temporary directory")
    options = parser.parse_args(arguments)
    try:
        program("nginx", "nginx-light")
    except MissingProgram as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    with scratch_directory("sharing-check-", options.directory) as place:
        return check(make_team(place, options.targets), options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
