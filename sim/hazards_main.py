"""Checks that everything a Flash Attention kernel does is ordered: `bazel run //sim:hazards -- --s1=4096`.

Runs the kernel's C++ in trace mode and judges the trace. Exit code 0: no hazard; 1: a hazard, or the kernel failed;
2: wrong usage.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from absl import flags

import flash_atten
from flash_atten.config import LaunchShape
from flash_atten.launch_cli import EXIT_FAILED, EXIT_USAGE, fail, run, user_path
from flash_atten.launch_library import KernelError, LibraryError
from sim.hazards import Finding, Verdict, judge
from sim.record import TraceLibrary, libraries_beside
from sim.report import verdict_json, verdict_text

_SO = flags.DEFINE_list("so", [], "Trace libraries (NAME.trace.so) to check; default: those of all default targets.")
_Q_ROWS = flags.DEFINE_integer("q_rows", 256, "Rows of Q, a multiple of 128.")
_S1 = flags.DEFINE_integer("s1", 4096, "Rows of K and V, a multiple of the kernel's S1_TILE.")
_BLOCK_DIM = flags.DEFINE_integer("block_dim", 1, "Cores; with fewer than Q blocks a core handles several in turn.")
_JSON = flags.DEFINE_string("json", None, "File for the verdicts as JSON.")

ACCEPTED_PAIRS = {"gu": ("TROWEXPANDMUL", "TADD"), "trowexpandmul-tadd": ("TROWEXPANDMUL", "TADD")}
"""Pairs of ops that a barrier pattern leaves unordered. The recipe accepts them on the evidence of hardware runs."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    libraries: tuple[Path, ...]
    shape: LaunchShape
    block_dim: int
    json: Path | None


def options() -> Options:
    """Read the flags. Raises ValueError."""
    return Options(
        libraries=tuple(user_path(text) for text in _SO.value),
        shape=LaunchShape(_Q_ROWS.value, _S1.value),
        block_dim=_BLOCK_DIM.value,
        json=user_path(_JSON.value) if _JSON.value else None,
    )


def check(library: TraceLibrary, shape: LaunchShape, block_dim: int) -> tuple[Verdict, tuple[Finding, ...]]:
    """Record and judge one launch; return the verdict and the findings that the library's barrier patterns explain.

    Raises ValueError for a shape that the kernel cannot run, KernelError if it fails.
    """
    recording = library.record(shape, block_dim)
    verdict = judge(recording.trace, scratch=recording.scratch)
    rest = verdict
    for pattern in library.info.fields().get("remove_barriers", ()):
        if pattern in ACCEPTED_PAIRS:
            rest = rest.without_pairs(*ACCEPTED_PAIRS[pattern])
    return rest, tuple(finding for finding in verdict.findings if finding not in rest.findings)


def work(chosen: Options) -> int:
    """Check every library; print the verdicts. Return the exit code."""
    results = []
    clean = True
    try:
        for path in chosen.libraries or libraries_beside(flash_atten.__file__):
            library = TraceLibrary(path)
            print(f"{library.info.name} ...", end="\r", file=sys.stderr, flush=True)
            verdict, accepted = check(library, chosen.shape, chosen.block_dim)
            print(verdict_text(library.info.name, verdict, accepted))
            results.append(verdict_json(library.info.name, verdict, accepted))
            clean = clean and verdict.ok
        if chosen.json:
            chosen.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    except (ValueError, OSError, LibraryError) as error:
        return fail(str(error), EXIT_USAGE)
    except KernelError as error:
        return fail(str(error), EXIT_FAILED)
    return 0 if clean else EXIT_FAILED


if __name__ == "__main__":
    run(options, work)
