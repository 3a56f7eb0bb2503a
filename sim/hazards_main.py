"""Checks that everything a kernel does is ordered: `tools/bazel run //sim:hazards -- --s1=4096`.

    tools/bazel run //ptodsl/examples:hazards -- --so=bazel-bin/ptodsl/examples/kernel_softmax.trace.so --shape=rows=640

Runs the kernel's C++ in trace mode and judges the trace. Exit code 0: no hazard; 1: a hazard, or the kernel failed;
2: wrong usage.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from absl import flags

import flash_atten
from cli.files import output_file, user_path, write_file
from cli.program import EXIT_FAILED, run
from kernels.kernel import Trial, shape_of
from kernels.library import KernelError, LibraryError
from kernels.shape_flags import define_shape
from sim.check import Checked, check
from sim.findings import Finding, Verdict
from sim.hazards import judge
from sim.programs import REPORTS, define_v_rule
from sim.record import TraceLibrary, libraries_beside
from sim.report import verdict_json, verdict_text
from sim.vector_repeats import VRule
from tracing.file import read_trace

_SO = flags.DEFINE_list("so", [], "Trace libraries (NAME.trace.so) to check; default: those of all default targets.")
_TRACE = flags.DEFINE_list("trace", [], "Trace files of any kernels to check instead.")
_SHAPE = define_shape(q_rows="Flash Attention: rows of Q.", s1="Flash Attention: rows of K and V.")
_BLOCK_DIM = flags.DEFINE_integer("block_dim", 1, "Cores; with fewer than units of work a core does several in turn.")
_V_RULE = define_v_rule()
_JSON = flags.DEFINE_string("json", None, "File for the verdicts as JSON.")

Report = tuple[str, str, Verdict, tuple[Finding, ...]]
"""Name of a kernel, its entry if that is known, verdict, and what its barrier patterns leave to the repeat rule."""


@dataclass(frozen=True)
class Options:
    """The command line."""

    libraries: tuple[Path, ...]
    traces: tuple[Path, ...]
    sizes: dict[str, int]
    """Of those that are given."""
    block_dim: int
    v_rule: VRule
    json: Path | None


def options() -> Options:
    """Read the flags. Raises ValueError."""
    inputs = map(user_path, [*_SO.value, *_TRACE.value])
    sizes = _SHAPE()
    idle = [*sizes, *[_BLOCK_DIM.name] * _BLOCK_DIM.present]
    if idle and _TRACE.value and not _SO.value:
        raise ValueError(
            f"a trace is of a launch with its own shape: leave out {', '.join('--' + name for name in idle)}, or "
            "--trace"
        )
    return Options(
        libraries=tuple(user_path(text) for text in _SO.value),
        traces=tuple(user_path(text) for text in _TRACE.value),
        sizes=sizes,
        block_dim=_BLOCK_DIM.value,
        v_rule=_V_RULE.value,
        json=output_file("json", _JSON.value, ".json", inputs=inputs, ours=REPORTS),
    )


def check_library(library: TraceLibrary, chosen: Options) -> list[Checked]:
    """Judge the launches of one library. Raises ValueError for a shape, or cores, that the kernel cannot have."""
    kernel = library.kernel
    shape = shape_of(kernel, chosen.sizes)
    most = kernel.case(shape, 0, chosen.block_dim, kernel.traced_kind).plan.block_dim
    if most < chosen.block_dim:
        sizes = ", ".join(f"{name} = {value}" for name, value in shape.items())
        raise ValueError(
            f"--block_dim={chosen.block_dim} is not possible with {sizes}: {kernel.name} has work for 1 to {most} cores"
        )
    return check(library, Trial(shape, chosen.block_dim), chosen.v_rule)


def reports(chosen: Options) -> Iterator[Report]:
    """Judge the traces, or else the libraries. Raises ValueError, OSError, LibraryError, KernelError."""
    for path in chosen.traces:
        trace = read_trace(path)
        if trace.error:
            raise KernelError(f"the launch that {path} records failed:\n{trace.error}")
        yield path.name, "", judge(trace, v_rule=chosen.v_rule), ()
    if chosen.traces and not chosen.libraries:
        return
    for path in chosen.libraries or libraries_beside(flash_atten.__file__):
        library = TraceLibrary(path)
        for found in check_library(library, chosen):
            yield library.info.name, *found


def work(chosen: Options) -> int:
    """Judge everything; print the verdicts. Return the exit code."""
    results = []
    for name, entry, verdict, accepted in reports(chosen):
        print(verdict_text(f"{name} {entry}".rstrip(), verdict, accepted), flush=True)
        results.append(verdict_json(name, verdict, accepted))
    if chosen.json:
        write_file(chosen.json, json.dumps(results, indent=1) + "\n")
    return 0 if all(result["ok"] for result in results) else EXIT_FAILED


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(ValueError, OSError, LibraryError))
