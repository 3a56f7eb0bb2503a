"""Runs a proof: Bazel and real servers, started here, with other users' checkouts of this workspace.

    proofs/check reproducible     two users' builds: every output is the same
    proofs/check sharing          a second checkout takes everything from a cache, but nothing of another compiler
    proofs/check execution        another machine's workers make the same bytes, one of them killed
    proofs/check npu              builds for the NPU with stand-ins for its tools
    proofs/check all              all of them, and the tests of large shapes

`proofs/check PROOF --help` lists a proof's options; those after `all` go to the first three. Exit status 0: every step
is right; 1: one is not; 2: wrong usage, or a program that a proof needs is not there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping

from proofs import execution, npu, reproducible, sharing
from proofs.harness.checkout import ROOT

ALL = "all"

SLOW_TESTS = ("//bench:sweep_large_test", "//flash_atten:check_mutants_large_test")
"""Too slow for `test //...`: large shapes."""

EXIT_USAGE = 2

Proof = Callable[[list[str]], int]
"""Takes its command line; returns the exit status."""

OF_TEAMS: Mapping[str, Proof] = {
    "reproducible": reproducible.main,
    "sharing": sharing.main,
    "execution": execution.main,
}
"""Proofs that take --targets."""

PROOFS: Mapping[str, Proof] = {**OF_TEAMS, "npu": npu.main}


def run_all(arguments: list[str]) -> int:
    """The worst exit status of all proofs."""
    worst = 0
    for name, proof in PROOFS.items():
        print(f"== {name}", flush=True)
        worst = max(worst, proof(arguments if name in OF_TEAMS else []))
    print(f"== {' '.join(SLOW_TESTS)}", flush=True)
    command = ("tools/bazel", "test", *SLOW_TESTS)
    return max(worst, subprocess.run(command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL).returncode)


def main(arguments: list[str]) -> int:
    """Exit status."""
    if arguments and arguments[0] in ("--help", "-h"):
        print(__doc__)
        return 0
    name = arguments[0] if arguments else ""
    if name == ALL:
        return run_all(arguments[1:])
    if name not in PROOFS:
        given = f"there is no proof {name!r}" if name else "which proof?"
        print(f"{given}; give one of {', '.join([*PROOFS, ALL])} (--help says what they prove)", file=sys.stderr)
        return EXIT_USAGE
    return PROOFS[name](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
