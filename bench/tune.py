"""Which knobs for a shape? `tools/bazel run //bench:tune -- --s1=16384`.

Predicts every legal set of knobs under both hypotheses of the timeline and recommends one, or says that the model sees
no difference. All of it is prediction (docs/timeline.md).
Exit code 0: done; 1: a kernel failed; 2: wrong usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from absl import flags

from bench.tuning import (
    advice_text,
    advise,
    candidates,
    configs,
    of_periods,
    of_the_recipe,
    others_text,
    periods_text,
    table_text,
)
from cli.files import json_of, json_text, output_file, write_file
from cli.program import paragraph, run
from flash_atten.config import KernelConfig, LaunchShape
from kernels.library import KernelError, LibraryError
from sim.timeline.launch import DEFAULT_CORES, Workload
from sim.timeline.parameters import load_fits
from sim.timeline.times import Deadlock

_S1 = flags.DEFINE_integer("s1", 16384, "Rows of K and V.")
_Q_ROWS = flags.DEFINE_integer("q_rows", None, "Rows of Q. Default: the same as s1.")
_CORES = flags.DEFINE_integer("cores", DEFAULT_CORES, "Cube cores of the device.")
_JSON = flags.DEFINE_string("json", None, "File for the table as JSON.")

PROGRAM = "//bench:tune"


@dataclass(frozen=True)
class Options:
    """The command line."""

    work: Workload
    json: Path | None


def options() -> Options:
    """Read the flags. Raises ValueError."""
    shape = LaunchShape(_S1.value if _Q_ROWS.value is None else _Q_ROWS.value, _S1.value)
    legal = list(configs(shape))
    if not legal:
        # Raises, and says why not even the default knobs can run it.
        LaunchShape(shape.q_rows, shape.s1).check(KernelConfig())
    return Options(
        Workload(shape.q_rows, shape.s1, _CORES.value), output_file("json", _JSON.value, ".json", ours=json_of(PROGRAM))
    )


def work(chosen: Options) -> int:
    """Predict all sets, print them and the advice. Return the exit code."""
    fits = load_fits()
    found = candidates(chosen.work, fits)
    advice = advise(of_the_recipe(found), fits)
    periods = of_periods(advice.best, chosen.work, fits)
    print(table_text(found))
    print()
    print(paragraph(advice_text(chosen.work, advice)))
    if others := others_text(found, advice, fits):
        print(paragraph(others))
    print(paragraph(periods_text(advice.best, periods)))
    if chosen.json:
        data = {
            "predicted": True,
            "candidates": [one.to_json() for one in found],
            "best": advice.best.variant.flags,
            "periods": periods,
        }
        write_file(chosen.json, json_text(PROGRAM, data))
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError, Deadlock), usage=(ValueError, LibraryError))
