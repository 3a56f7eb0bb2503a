"""Predicts the latency of a launch from a trace: `tools/bazel run //sim:predict -- --trace=FILE[,FILE] --q_rows=N
--s1=N`.

FILE is a trace of one core with one Q block, gzipped or not; the second one, of two Q blocks in turn, says what a
further block costs. Exit code 0: predicted; 1: the trace's kernel never ends; 2: wrong usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from absl import flags

from cli.files import json_of, json_text, output_file, user_path, write_file
from cli.program import run
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import DEFAULT_CORES, Timing, Workload, microseconds
from sim.timeline.parameters import Fits, load_fits
from sim.timeline.program import read_program
from sim.timeline.times import Deadlock

_TRACE = flags.DEFINE_list("trace", [], "Trace of one Q block on one core; then perhaps one of two Q blocks.")
_Q_ROWS = flags.DEFINE_integer("q_rows", None, "Rows of Q of the launch, a multiple of 128.", required=True)
_S1 = flags.DEFINE_integer("s1", None, "Rows of K and V; other than the traces' own is extrapolated.", required=True)
_CORES = flags.DEFINE_integer("cores", DEFAULT_CORES, "Cube cores of the device.")
_TIMING = flags.DEFINE_enum_class(
    "timing", Timing.EVENT, Timing, "event: device time; sync: host time around a launch."
)
_FREE_BATCH = flags.DEFINE_integer(
    "sync_period", None, "Slots that a FIFO hands back at a time; default: the library's.", lower_bound=1
)
_JSON = flags.DEFINE_string("json", None, "File for the prediction as JSON.")

PROGRAM = "//sim:predict"


@dataclass(frozen=True)
class Options:
    """The command line."""

    traces: tuple[Path, ...]
    work: Workload
    free_batch: int | None
    json: Path | None


def options() -> Options:
    """Read the flags. Raises ValueError."""
    if len(_TRACE.value) not in (1, 2) or not all(_TRACE.value):
        named = len([text for text in _TRACE.value if text])
        raise ValueError(
            f"--trace={','.join(_TRACE.value)} names {named} files: give one of one Q block, and perhaps one of "
            "two, by a comma"
        )
    return Options(
        tuple(user_path(text) for text in _TRACE.value),
        Workload(_Q_ROWS.value, _S1.value, _CORES.value, _TIMING.value),
        _FREE_BATCH.value,
        output_file("json", _JSON.value, ".json", inputs=map(user_path, _TRACE.value), ours=json_of(PROGRAM)),
    )


def work(chosen: Options) -> int:
    """Predict under both hypotheses. Return the exit code."""
    fits = load_fits()
    programs = [read_program(path, chosen.free_batch) for path in chosen.traces]
    blocks = BlockTimes(programs[0], programs[1] if len(programs) > 1 else None)
    times = {h.value: microseconds(blocks, chosen.work, fits[h].fitted, h) for h in fits}
    print(prediction_text(times, fits))
    if chosen.json:
        write_file(chosen.json, json_text(PROGRAM, {"microseconds": times, "predicted": True}))
    return 0


def prediction_text(times: dict[str, float], fits: Fits) -> str:
    """Return the predictions in words; each says what it is."""
    errors = {hypothesis.value: fit.mape for hypothesis, fit in fits.items()}
    return "\n".join(
        f"predicted {time:.2f} us if many cores mean {name} (mean error on published rows {errors[name]:.1f} %)"
        for name, time in times.items()
    )


if __name__ == "__main__":
    run(options, work, failed=(Deadlock,), usage=(ValueError,))
