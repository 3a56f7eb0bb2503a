"""How much the hazard judge notices: `tools/bazel run //sim:mutation`.

Deletes and changes every synchronisation instruction of kernels, one at a time, and judges the result on several
shapes. Exit code 0: done, whatever the score; 1: the kernel failed, or has hazards before it is
mutated; 2: wrong usage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import flags
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

import flash_atten
from cli.files import output_file, user_path, write_file
from cli.program import run
from kernels.library import KernelError, LibraryError
from sim.mutants import mutants, take_inventory
from sim.mutate import UncleanError, judge_mutants, sample, summary, summary_text
from sim.programs import REPORTS, define_v_rule
from sim.record import TraceLibrary, libraries_beside
from sim.vector_repeats import VRule

_SO = flags.DEFINE_list(
    "so", [], "Trace libraries (NAME.trace.so) to mutate; default: the kernels of default targets, as assembled."
)
_SAMPLE = flags.DEFINE_integer("sample", 0, "Judge only this many mutants of each kernel; 0: all.", lower_bound=0)
_SEED = flags.DEFINE_integer("seed", 0, "Chooses the sample.")
_V_RULE = define_v_rule()
_JSON = flags.DEFINE_string("json", None, "File for the report as JSON.")


@dataclass(frozen=True)
class Options:
    """The command line."""

    libraries: tuple[Path, ...]
    sample: int
    seed: int
    v_rule: VRule
    json: Path | None


def options() -> Options:
    """Read the flags."""
    return Options(
        libraries=tuple(user_path(text) for text in _SO.value),
        sample=_SAMPLE.value,
        seed=_SEED.value,
        v_rule=_V_RULE.value,
        json=output_file("json", _JSON.value, ".json", inputs=map(user_path, _SO.value), ours=REPORTS),
    )


def as_assembled() -> list[Path]:
    """Return the libraries here, and of the shipped ones those of which the patcher removed nothing.

    Raises LibraryError if there are none.
    """
    shipped = libraries_beside(flash_atten.__file__)
    # A patched kernel has findings by the strict rule before it is mutated.
    return [*libraries_beside(__file__), *(path for path in shipped if not TraceLibrary(path).removed_barriers)]


def mutate(library: TraceLibrary, chosen: Options) -> dict[str, Any]:
    """Judge the mutants of one kernel; return the summary. Raises UncleanError, KernelError."""
    recordings = [each for trial in library.kernel.trials for each in library.record_trial(trial)]
    found = mutants(take_inventory(recording.trace for recording in recordings))
    todo = sample(found, chosen.sample or len(found), chosen.seed)

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(library.info.name, total=len(todo))
        outcomes = judge_mutants(recordings, todo, lambda done: bar.update(task, completed=done), chosen.v_rule)
    return {"name": library.info.name, **summary(outcomes)}


def work(chosen: Options) -> int:
    """Mutate every kernel; print the summaries. Return the exit code."""
    reports = []
    for path in chosen.libraries or as_assembled():
        library = TraceLibrary(path)
        reports.append(mutate(library, chosen))
        print(summary_text(library.info.name, reports[-1]), flush=True)
    if chosen.json:
        write_file(chosen.json, json.dumps(reports, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(UncleanError, KernelError), usage=(ValueError, OSError, LibraryError))
