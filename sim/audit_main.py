"""Checks that nothing is unordered in a patched kernel but what the barrier patcher says.

`audit_kernel --so=x.trace.so --report=x.barriers.json --output=x.audit.json`, where the library was compiled from the
patched C++, traces the kernel on the shapes that it has for audits. Every finding of the judge must be in time by the
repeat rule and the pair of a barrier whose pattern leaves it to that, and every removed barrier must stand where a
trace went: of other code nothing is known. With --v_rule=repeats what is in time needs no pattern.
Exit code 0: so it is, as the output says; 1: it is not, or the kernel failed; 2: wrong usage.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from cli.files import output_file, user_path, write_file
from cli.program import EXIT_FAILED, fail, run
from kernels.kernel import Trial
from kernels.library import KernelError, LibraryError
from patchers.audit import Audit, audit, load, summary
from sim.hazards import judge
from sim.programs import EVIDENCE, define_v_rule
from sim.record import TraceLibrary
from sim.report import verdict_json
from sim.vector_repeats import VRule

_SO = flags.DEFINE_string("so", None, "Trace library (NAME.trace.so) of the patched kernel.", required=True)
_REPORT = flags.DEFINE_string("report", None, "The patcher's report on it (NAME.barriers.json).", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "What was found, JSON; written if all is well.", required=True)
_V_RULE = define_v_rule()


@dataclass(frozen=True)
class Options:
    """The command line."""

    library: Path
    report: Path
    output: Path
    v_rule: VRule


@dataclass(frozen=True)
class Traces:
    """What the judge says of some launches of a kernel."""

    trials: tuple[Trial, ...]
    verdicts: tuple[Mapping[str, Any], ...]
    lines: frozenset[int]
    """Lines of the C++ that were executed in one of them."""


def options() -> Options:
    """Read the flags."""
    output = output_file(
        "output", _OUTPUT.value, inputs=[user_path(_SO.value), user_path(_REPORT.value)], ours=EVIDENCE
    )
    return Options(user_path(_SO.value), user_path(_REPORT.value), output, _V_RULE.value)


def judge_trial(path: Path, v_rule: VRule, trial: Trial) -> tuple[list[dict[str, Any]], set[int]]:
    """Record and judge the launches of a trial; return verdicts and executed lines. Raises KernelError."""
    library = TraceLibrary(path)
    verdicts: list[dict[str, Any]] = []
    lines: set[int] = set()
    for recording in library.record_trial(trial):
        verdict = judge(recording.trace, scratch=recording.scratch, v_rule=v_rule)
        verdicts.append(verdict_json(library.info.name, verdict))
        lines.update(np.unique(recording.trace.events["line"]).tolist())
    return verdicts, lines


def trace(library: TraceLibrary, v_rule: VRule) -> Traces:
    """Record and judge the launches of an audit, two at a time. Raises KernelError if one fails."""
    trials = tuple(library.kernel.audit_trials)
    # Whoever edits a kernel waits for this alone. The last trial is the longest, so it begins first.
    with Pool(2) as workers:
        found = workers.map(partial(judge_trial, library.path, v_rule), reversed(trials), chunksize=1)[::-1]
    verdicts = tuple(verdict for of_trial, _ in found for verdict in of_trial)
    return Traces(trials, verdicts, frozenset().union(*(lines for _, lines in found)))


def not_executed(report: Mapping[str, Any], lines: frozenset[int]) -> list[int]:
    """Return the lines of the removed barriers with an operation beside them that is on none of `lines`."""
    removed = (*report["removed"], *report["already_removed"])
    return [entry["line"] for entry in removed if any(op["line"] not in lines for op in entry.get("ops", ()))]


def audit_json(traces: Traces, report: Mapping[str, Any], outcome: Audit, v_rule: VRule) -> dict[str, Any]:
    """Return what was checked and found as JSON-ready data, the same for the same kernel everywhere."""
    return {
        "source_sha256": report["output"]["sha256"],
        "patterns": report["patterns"],
        "v_rule": v_rule.value,
        "shapes": [trial.as_json() for trial in traces.trials],
        "operations": sum(verdict["counts"]["ops"] for verdict in traces.verdicts),
        "accesses": sum(verdict["counts"]["accesses"] for verdict in traces.verdicts),
        "in_time_by_the_repeat_rule": sorted(outcome.explained),
        "ordered_all_the_same": sorted(outcome.unseen),
    }


def complaints(name: str, outcome: Audit, unknown: Iterable[int]) -> str:
    """Return what is wrong with the patched kernel in words, empty if nothing is."""
    parts = []
    if outcome.unexplained:
        parts.append(summary(outcome))
    if unknown:
        where = ", ".join(map(str, unknown))
        parts.append(
            f"Barriers were removed where no traced shape goes, so nothing is known about them: lines {where}."
        )
    head = f"the audit of {name} failed; lines are those of {name}.cpp. "
    return head + "\n".join(parts) if parts else ""


def work(chosen: Options) -> int:
    """Trace, judge, compare, write. Return the exit code."""
    report = load(chosen.report, dict)
    library = TraceLibrary(chosen.library)
    traces = trace(library, chosen.v_rule)
    try:
        outcome = audit(report, traces.verdicts)
        unknown = not_executed(report, traces.lines)
        found = audit_json(traces, report, outcome, chosen.v_rule)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{chosen.report} is not a report of vec_barriers: {error!r} in it") from error
    if problem := complaints(library.info.name, outcome, unknown):
        return fail(problem, EXIT_FAILED)
    write_file(chosen.output, json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError,), usage=(ValueError, OSError, LibraryError))
