"""Finds the `pipe_barrier(PIPE_V)` that other ordering implies, for `//patchers:vec_barriers --patterns=proved`.

`prove_barriers --so=x.trace.so --cpp=x.ptoas.cpp --output=x.proof.json`, where the library was compiled from the C++,
writes `{"source_sha256": "...", "redundant_barriers": [12, 57], "v_rule": "strict", "shapes": ...}`: the barriers on
all these lines may be removed together, as was checked by this rule on these shapes. Exit code 0: done; 1: the kernel
failed or has hazards; 2: wrong usage.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from cli.files import output_file, user_path, write_file
from cli.program import run
from kernels.kernel import Trial
from kernels.library import KernelError, LibraryError
from sim.barriers import UnorderedTraceError, redundant_barriers
from sim.programs import EVIDENCE, define_v_rule
from sim.record import TraceLibrary
from sim.vector_repeats import VRule

_SO = flags.DEFINE_string("so", None, "Trace library (NAME.trace.so) of the kernel.", required=True)
_CPP = flags.DEFINE_string("cpp", None, "The C++ that it was compiled from.", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "The proof to write, JSON.", required=True)
_V_RULE = define_v_rule()

_V_BARRIER = re.compile(rb"\bpipe_barrier\s*\(\s*PIPE_V\s*\)")


@dataclass(frozen=True)
class Options:
    """The command line."""

    library: Path
    cpp: Path
    output: Path
    v_rule: VRule


def options() -> Options:
    """Read the flags."""
    output = output_file("output", _OUTPUT.value, inputs=[user_path(_SO.value), user_path(_CPP.value)], ours=EVIDENCE)
    return Options(user_path(_SO.value), user_path(_CPP.value), output, _V_RULE.value)


def proof_text(cpp: bytes, lines: Iterable[int], trials: Iterable[Trial], v_rule: VRule) -> str:
    """Return the proof that the barriers on `lines` of `cpp` are redundant on `trials` by `v_rule`.

    Raises ValueError if a line is no V barrier: then the traces are of another file.
    """
    source = cpp.splitlines()
    for line in lines:
        if line > len(source) or not _V_BARRIER.search(source[line - 1]):
            raise ValueError(f"line {line} of the C++ is no pipe_barrier(PIPE_V): the library is of another file")
    proof = {
        "source_sha256": hashlib.sha256(cpp).hexdigest(),
        "redundant_barriers": sorted(lines),
        "v_rule": v_rule.value,
        "shapes": [trial.as_json() for trial in trials],
    }
    return json.dumps(proof, indent=1) + "\n"


def work(chosen: Options) -> int:
    """Trace, prove, write. Return the exit code."""
    library = TraceLibrary(chosen.library)
    trials = library.kernel.proof_trials
    traces = (each.trace for trial in trials for each in library.record_trial(trial))
    lines = redundant_barriers(traces, chosen.v_rule)
    write_file(chosen.output, proof_text(chosen.cpp.read_bytes(), lines, trials, chosen.v_rule))
    print(f"{library.info.name}: {len(lines)} of its barriers on V are implied by other ordering")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError, UnorderedTraceError), usage=(ValueError, OSError, LibraryError))
