"""Builds everything twice, as two users who have nothing in common but the sources, and compares all outputs.

    proofs/check reproducible                                     all default targets
    proofs/check reproducible --targets=//flash_atten:fa_s1tile256
    proofs/check reproducible --json=digests.json                 also write the digests, to compare machines:
    proofs/check reproducible --compare=digests.json              ... this machine with the one that wrote the file
    proofs/check reproducible --built=digests.json                `proofs/check sharing --json` has just built these
                                                                  targets here as a plain user: that is not done again

The second build runs under another path, output base, PATH, HOME, locale, time zone, umask and Python set-up, as
another user on a host of another name, in a sandbox without network that hides the home directories and other places
where undeclared inputs could be. Exit status 0: all outputs are the same; 1: they are not, or a build failed; 2: wrong
usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from proofs.digests import Digests, DigestsError, compare_machines, compare_outputs, digests_file
from proofs.harness.arguments import directory, file_to_write, targets
from proofs.harness.checkout import Checkout, base_environment
from proofs.harness.machine import other_machine
from proofs.harness.scratch import scratch_directory
from proofs.harness.steps import Steps, expect

DEFAULT_TARGETS = "//..."
"""Not //...:all-targets, which has the outputs of manual targets."""

EXECUTED = ("linux-sandbox", "processwrapper-sandbox")
"""How Bazel counts actions that ran in a sandbox."""

UNUSUAL_UMASK = 0o077

HIDDEN_FROM_ACTIONS = ("/home", "/root", "/opt", "/srv", "/mnt", "/media", "/var")
"""Where a machine has what is not part of its system: no action may need anything from there."""

EXIT_USAGE = 2


def unusual_environment(home: Path) -> dict[str, str]:
    """The environment of a user who set everything that can be set."""
    return base_environment(
        HOME=str(home),
        USER="nobody-else",
        LOGNAME="nobody-else",
        PATH=f"{home}/no such directory:/usr/games:/usr/bin:/bin",
        LANG="tr_TR.ISO-8859-9",
        LC_ALL="tr_TR.ISO-8859-9",
        TZ="Pacific/Kiritimati",
        TMPDIR=str(home / "tmp"),
        PYTHONPATH=str(home),
        PYTHONHASHSEED="4711",
        PYTHONOPTIMIZE="2",
        LD_LIBRARY_PATH=str(home),
        CPATH=str(home),
        CXXFLAGS="-O0",
        SOURCE_DATE_EPOCH="1",
        MAKEFLAGS="-j7",
    )


def hiding_options(checkout: Path) -> list[str]:
    """Options for a sandbox that hides what actions may not need; what the checkout itself lies in stays visible."""
    hidden = (place for place in HIDDEN_FROM_ACTIONS if Path(place).is_dir() and not checkout.is_relative_to(place))
    return [
        "--nosandbox_default_allow_network",
        "--sandbox_fake_hostname",
        "--sandbox_fake_username",
        *(f"--sandbox_block_path={place}" for place in hidden),
    ]


def write_traps(home: Path) -> None:
    """Files that would change results if somebody read them: a module and a header that shadow the standard ones."""
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    (home / "json.py").write_text('raise RuntimeError("the user\'s PYTHONPATH was read")\n', encoding="utf-8")
    (home / "cstdint").write_text("#error the user's CPATH was read\n", encoding="utf-8")


def build(checkout: Checkout, labels: Sequence[str], *options: str) -> str:
    """Builds from nothing, every action executed here."""
    checkout.clean()
    run = checkout.build("--keep_going", *options, "--", *labels)
    elsewhere = run.other_than(*EXECUTED)
    expect(not elsewhere, f"not all actions ran in a sandbox: {elsewhere}")
    return f"{run.processes()}"


def make_users(directory: Path) -> tuple[Checkout, Checkout]:
    """The checkouts of a plain user and of one who has nothing in common with him."""
    home = directory / "ünusual höme"
    write_traps(home)
    elsewhere = other_machine()
    if not elsewhere:
        print("user namespaces are forbidden here: both builds run as this user on this host", flush=True)
    plain = Checkout.create(directory / "plain", directory / "out", base_environment())
    # Neither the length of a path nor the characters in it may matter.
    unusual = Checkout.create(
        directory / "a_longer/path+with~signs/checkout",
        directory / "another/output/base",
        unusual_environment(home),
        UNUSUAL_UMASK,
        elsewhere,
    )
    return plain, unusual


def check(directory: Path, options: argparse.Namespace, other: Digests | None) -> int:
    """All steps; returns the exit status."""
    plain, unusual = make_users(directory)
    steps = Steps()
    digests = options.built
    if digests is not None and not steps.run("--built is of these sources", lambda: digests.expect_sources(unusual)):
        return steps.finish()
    if digests is None:
        with plain:
            if not steps.run("plain build", lambda: build(plain, options.targets)):
                return steps.finish()
            digests = Digests.of(plain)
    if options.json is not None:
        digests.write(options.json)
    strict = hiding_options(unusual.output_base)
    with unusual:
        if steps.run("build by an unusual user, in a strict sandbox", lambda: build(unusual, options.targets, *strict)):
            steps.run("outputs of both builds", lambda: compare_outputs(digests.outputs, unusual.output_digests()))
    if other is not None:
        steps.run("outputs of the other machine and of this one", lambda: compare_machines(other, digests))
    return steps.finish()


def main(arguments: list[str]) -> int:
    """Exit status of the check."""
    parser = argparse.ArgumentParser(
        "proofs/check reproducible", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=targets, default=DEFAULT_TARGETS, help="separated by commas (%(default)s)")
    parser.add_argument("--json", type=file_to_write, help="file for the digests of all outputs")
    parser.add_argument("--compare", type=Path, help="digests that another machine wrote with --json")
    parser.add_argument("--built", type=digests_file, help="digests of the plain build, if it has been done")
    parser.add_argument("--directory", type=directory, help="keep everything here; default: a temporary directory")
    options = parser.parse_args(arguments)
    try:
        other = None if options.compare is None else Digests.read(options.compare)
    except DigestsError as error:
        print(f"--compare={options.compare}: {error}; write the file with --json elsewhere", file=sys.stderr)
        return EXIT_USAGE
    with scratch_directory("repro-check-", options.directory) as place:
        return check(place, options, other)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
