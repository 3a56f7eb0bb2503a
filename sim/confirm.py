"""Confirms by compilation that a mutant's edited trace is what its edited C++ really does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from isa.pipes import Kind, Pipe
from kernels.kernel import Trial
from sim.mutants import Instruction, Mutant
from sim.record import TraceLibrary
from tools.bisheng.host_compile import compile_host
from tools.bisheng.host_toolchain import host_toolchain
from tracing.format import Buffer, Records, Trace

ROOT = Path(__file__).parents[1]
SHIM = ROOT / "kernels" / "build_info.cpp"

COMPARED_FIELDS = ["op", "line", "kind", "pipe", "dst_pipe", "event_id", "n_access", "dtype", "fifo", "rows", "cols"]
"""Fields of an event that two launches of the same program share."""


def edit_cpp(text: str, mutant: Mutant) -> str:
    """Return the C++ `text` with `mutant` applied; lines keep their numbers.

    Raises ValueError if an instruction does not stand where the trace says, or is no flag or barrier.
    """
    lines = text.splitlines()
    for target in mutant.targets:
        line = lines[target.line - 1] if target.line <= len(lines) else ""
        found = _call(target).search(line)
        if not found:
            raise ValueError(f"line {target.line} of the C++ has no {target}: the trace is of another file")
        changed = "" if mutant.deletes else f"{_changed(target, mutant)};"
        # Only the call, since traces know instructions by the numbers of their lines.
        lines[target.line - 1] = line[: found.start()] + changed + line[found.end() :]
    return "\n".join(lines) + "\n"


def _call(item: Instruction) -> re.Pattern[str]:
    if item.kind not in (Kind.SET_FLAG, Kind.WAIT_FLAG, Kind.BARRIER):
        raise ValueError(f"{item} is no flag or barrier, so it cannot be changed in the C++")
    name, arguments = str(item).rstrip(")").split("(")
    spaced = r"\s*,\s*".join(map(re.escape, arguments.split(", ")))
    return re.compile(rf"\b{name}\s*\(\s*{spaced}\s*\)\s*;")


def _changed(item: Instruction, mutant: Mutant) -> Instruction:
    fields = {**vars(item), **mutant.fields}
    pipe, dst_pipe = Pipe(fields["pipe"]), Pipe(fields["dst_pipe"])
    return Instruction(item.line, item.kind, pipe, dst_pipe, fields["event_id"])


def compile_mutant(cpp: Path, mutant: Mutant, library: TraceLibrary, directory: Path) -> TraceLibrary:
    """Compile the mutant of the kernel `library`, whose C++ is `cpp`, in `directory`; return its trace library.

    The file keeps the name of `cpp`, as traces show it. Raises ValueError, CompileError.
    """
    edited = directory / cpp.name
    edited.write_text(edit_cpp(cpp.read_text(encoding="utf-8"), mutant), encoding="utf-8")
    out = edited.with_suffix(".trace.so")
    compile_host(edited, out, toolchain=host_toolchain(), mode="trace", shims=[SHIM], build_info=library.info.fields())
    return TraceLibrary(out)


def differences(original: Trace, mutant: Mutant, mutated: Trace) -> list[str]:
    """Return in words how `mutated`, a launch of the compiled mutant, differs from `original` with the mutant's edit.

    GM addresses may differ. Nothing is returned if the edit of the trace stands for the edit of the C++.
    """
    found = []
    for core, other in zip(original.cores, mutated.cores, strict=True):
        events, kept = mutant.edit(original.core_events(core))
        expected, actual = events[kept][COMPARED_FIELDS], mutated.core_events(other)[COMPARED_FIELDS]
        if len(expected) != len(actual):
            found.append(f"{core.name} has {len(actual)} events instead of {len(expected)}")
        elif (expected != actual).any():
            at = int(np.argmax(expected != actual))
            found.append(f"event {at} of {core.name} is {actual[at]} instead of {expected[at]}")
    if not np.array_equal(_comparable(original.accesses), _comparable(mutated.accesses)):
        found.append("the accesses differ")
    return found


def _comparable(accesses: Records) -> Records:
    copy = accesses.copy()
    # The arrays of another launch lie elsewhere.
    copy["start"][copy["buffer"] == Buffer.GM] = 0
    return copy


def confirm(cpp: Path, mutant: Mutant, library: TraceLibrary, trial: Trial, directory: Path) -> list[str]:
    """Compile `mutant`, launch it, and return how its first launch differs from the edited trace."""
    compiled = compile_mutant(cpp, mutant, library, directory)
    original, edited = (one.record_trial(trial)[0].trace for one in (library, compiled))
    return differences(original, mutant, edited)
