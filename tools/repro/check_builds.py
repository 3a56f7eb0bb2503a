"""Builds everything twice, as two users who have nothing in common but the sources, and compares all outputs.

    tools/repro/check                                        all default targets and all named outputs
    tools/repro/check --targets=//flash_atten:fa_s1tile256   some
    tools/repro/check --json=digests.json                    also write the digests, to compare machines:
    tools/repro/check --compare=digests.json                 ... this machine with the one that wrote the file

The second build runs under another path, output base, PATH, HOME, user, locale, time zone, umask and Python set-up, in
a sandbox without network that hides the home directories and other places where undeclared inputs could be. Exit
status 0: all outputs are the same; 1: they are not, or a build failed; 2: wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.team.checkout import Checkout, base_environment, differences, suffixes
from tools.team.steps import Steps, expect

DEFAULT_TARGETS = "//...:all-targets"
"""Rules and their named outputs (.mlir, .ptoas.cpp, .trace.so, ...)."""

EXECUTED = ("linux-sandbox", "processwrapper-sandbox")
"""How Bazel counts actions that ran in a sandbox."""

UNUSUAL_UMASK = 0o077

HIDDEN_FROM_ACTIONS = ("/home", "/root", "/opt", "/srv", "/mnt", "/media", "/var")
"""Where a machine has what is not part of its system: no action may need anything from there."""

SHOWN_DIFFERENCES = 10

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


def build(checkout: Checkout, targets: list[str], *options: str) -> str:
    """Builds from nothing, every action executed here."""
    checkout.clean()
    run = checkout.build("--keep_going", *options, "--", *targets)
    elsewhere = run.other_than(*EXECUTED)
    expect(not elsewhere, f"not all actions ran in a sandbox: {elsewhere}")
    return f"{run.processes()}"


def compare(first: Mapping[str, str], second: Mapping[str, str]) -> str:
    """Says that two maps of digests are the same. Raises CheckFailed naming the differences."""
    different = differences(first, second)
    shown = "\n".join(different[:SHOWN_DIFFERENCES])
    expect(not different, f"{len(different)} of {len(first)} outputs differ:\n{shown}")
    return f"{len(first)} outputs are the same ({suffixes(first)})"


def check(directory: Path, targets: list[str], json_file: Path | None, other: Path | None) -> int:
    """All steps; returns the exit status."""
    home = directory / "ünusual höme"
    write_traps(home)
    plain = Checkout.create(directory / "plain", directory / "out", base_environment())
    unusual = Checkout.create(
        directory / "a_longer/path+with~signs/checkout",
        directory / "another/output/base",
        unusual_environment(home),
        UNUSUAL_UMASK,
    )
    steps = Steps()
    built = steps.run("plain build", lambda: build(plain, targets))
    digests = plain.output_digests()
    plain.shutdown()
    if json_file is not None:
        json_file.write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    hiding = hiding_options(unusual.output_base)
    built &= steps.run("build by an unusual user, in a strict sandbox", lambda: build(unusual, targets, *hiding))
    if built:
        steps.run("outputs of both builds", lambda: compare(digests, unusual.output_digests()))
    unusual.shutdown()
    if other is not None:
        theirs = json.loads(other.read_text(encoding="utf-8"))
        steps.run(f"outputs of this machine and of {other}", lambda: compare(theirs, digests))
    return steps.finish()


def main(arguments: list[str]) -> int:
    """Exit status of the check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", default=DEFAULT_TARGETS, help="separated by commas (%(default)s)")
    parser.add_argument("--json", type=Path, help="file for the digests of all outputs")
    parser.add_argument("--compare", type=Path, help="digests that another machine wrote with --json")
    parser.add_argument("--directory", type=Path, help="keep everything here; default: a temporary directory")
    options = parser.parse_args(arguments)
    if options.compare is not None and not options.compare.is_file():
        print(f"--compare={options.compare}: there is no such file; write it with --json elsewhere", file=sys.stderr)
        return EXIT_USAGE
    with tempfile.TemporaryDirectory(prefix="repro-check-", ignore_cleanup_errors=True) as temporary:
        directory = (options.directory or Path(temporary)).resolve()
        return check(directory, options.targets.split(","), options.json, options.compare)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
