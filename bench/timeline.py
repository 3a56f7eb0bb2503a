"""Where would the cycles go on an A3? `tools/bazel run //bench:timeline -- --s1=4096`.

Records the kernel, predicts its latency under both hypotheses of the model, and says what it is bound by and where the
critical path spends its cycles. All of it is prediction; docs/timeline.md says how good, and what the model cannot
know. --suite: the published shapes, as a table. Of another kernel: --library=kernel_softmax.trace.so --shape=rows=640
--cores=2. Exit code 0: predicted; 1: the kernel failed or never ends; 2: wrong
usage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import flags

from bench.prediction import BARRIERS, trace_library
from bench.timeline_any import analyse_any, any_json, any_text, operation_labels
from bench.timeline_report import analyse, report_json, report_text
from bench.timeline_suite import PROGRAM, Suite, print_suite, suite_launches
from cli.files import check_distinct, json_of, json_text, marked, output_file, user_path, write_file
from cli.program import run
from flash_atten.config import LaunchShape
from flash_atten.described import AttentionKernel
from flash_atten.knob_flags import define_knobs, given_knobs
from flash_atten.knobs import choose_config
from flash_atten.stage_names import STAGES
from kernels.kernel import Trial, shape_of
from kernels.library import KernelError, LibraryError
from kernels.shape_flags import define_shape
from sim.figures import picture, picture_file
from sim.record import TRACE_SUFFIX, TraceLibrary
from sim.timeline.launch import DEFAULT_CORES, Workload
from sim.timeline.origins import Origin
from sim.timeline.perfetto import MADE_BY, PROTO_SUFFIX
from sim.timeline.perfetto_json import perfetto_json
from sim.timeline.recorded import RecordedKernel
from sim.timeline.stages import Label
from sim.timeline.times import Deadlock, Timeline

DEFAULT_S1 = 4096

_SUITE = flags.DEFINE_bool("suite", False, "case1 .. case8 (S = 1024 .. 131072) as a table, instead of one shape.")
_SHAPE = define_shape(
    s1=f"Flash Attention: rows of K and V. Default: {DEFAULT_S1}.",
    q_rows="Flash Attention: rows of Q. Default: the same as s1.",
)
_KNOBS = define_knobs()
_BARRIERS = flags.DEFINE_enum("remove_barriers", "gu", list(BARRIERS), "Which PIPE_V barriers the patcher removed.")
_CORES = flags.DEFINE_integer("cores", DEFAULT_CORES, "Cube cores of the device.")
_SYNC_PERIOD = flags.DEFINE_integer(
    "sync_period",
    None,
    "Slots that a FIFO hands back at a time. Default: as the device's library, half of them.",
    lower_bound=1,
)
_LIBRARY = flags.DEFINE_string(
    "library", None, f"Trace library (NAME{TRACE_SUFFIX}) to use instead of a default target's."
)
_PLOT = flags.DEFINE_string("plot", None, "Picture of the steady state to write: .svg or .png.")
_TRACE_JSON = flags.DEFINE_string("trace_json", None, "The whole timeline for Perfetto (ui.perfetto.dev): .json.")
_TRACE_PB = flags.DEFINE_string("trace_pb", None, f"The same in Perfetto's own format: {PROTO_SUFFIX}.")
_JSON = flags.DEFINE_string("json", None, "File for the analysis as JSON.")


@dataclass(frozen=True)
class Outputs:
    """The files that were asked for."""

    plot: Path | None
    trace_json: Path | None
    trace_pb: Path | None
    json: Path | None


@dataclass(frozen=True)
class Options:
    """The command line. `work` is a launch of Flash Attention, or a Trial of another kernel."""

    library: Path
    work: Workload | Trial
    free_batch: int | None
    outputs: Outputs


def options() -> Options | Suite:
    """Read the flags. Raises ValueError."""
    return _suite() if _SUITE.value else _one_shape()


def _suite() -> Suite:
    named = (flag.name for flag in (_LIBRARY, _PLOT, _TRACE_JSON, _TRACE_PB) if flag.present)
    of_one_shape = [*_SHAPE(), *named]
    if of_one_shape:
        raise ValueError(
            f"--suite predicts shapes of its own with the built kernels, as one table: leave out "
            f"{', '.join('--' + name for name in of_one_shape)}"
        )
    launches = suite_launches(_KNOBS(), _BARRIERS.value, _CORES.value)
    for launch in launches:
        # For its checks only: what cannot be predicted is refused before anything is recorded.
        Workload(launch.case.q_rows, launch.case.s1, _CORES.value)
    return Suite(launches, _CORES.value, _SYNC_PERIOD.value, _json_file())


def _one_shape() -> Options:
    if not _LIBRARY.value:
        q_rows, s1 = _rows()
        config = choose_config(_KNOBS(), q_rows=q_rows, s1=s1, cores=lambda: _CORES.value)
        library = trace_library(config, _BARRIERS.value)
        return Options(library, _workload(AttentionKernel(config)), _SYNC_PERIOD.value, _outputs(library))
    knobs = given_knobs() + [_BARRIERS.name] * _BARRIERS.present
    if knobs:
        raise ValueError(f"--library brings its knobs along: leave out {', '.join('--' + name for name in knobs)}")
    library = user_path(_LIBRARY.value)
    outputs = _outputs(library)
    return Options(library, _work_of(library), _SYNC_PERIOD.value, outputs)


def _rows() -> tuple[int, int]:
    """Return q_rows and s1; as many rows of Q as of K and V, unless it is said."""
    given = _SHAPE()
    s1 = given.get("s1", DEFAULT_S1)
    return given.get("q_rows", s1), s1


def _workload(kernel: AttentionKernel) -> Workload:
    """Return the launch of Flash Attention that is asked for."""
    q_rows, s1 = _rows()
    shape = LaunchShape(**shape_of(kernel, {**_SHAPE(), "q_rows": q_rows, "s1": s1}))
    return Workload(shape.q_rows, shape.s1, _CORES.value)


def _work_of(library: Path) -> Workload | Trial:
    kernel = TraceLibrary(library).kernel
    return _workload(kernel) if isinstance(kernel, AttentionKernel) else Trial(shape_of(kernel, _SHAPE()), _CORES.value)


def _outputs(library: Path) -> Outputs:
    """Return the files of --plot, --trace_json, --trace_pb and --json."""
    ours = marked(MADE_BY)
    outputs = Outputs(
        picture_file("plot", _PLOT.value, [library]),
        output_file("trace_json", _TRACE_JSON.value, ".json", inputs=[library], ours=ours),
        output_file("trace_pb", _TRACE_PB.value, PROTO_SUFFIX, inputs=[library], ours=ours),
        _json_file([library]),
    )
    check_distinct(trace_json=outputs.trace_json, json=outputs.json)
    return outputs


def _json_file(inputs: Sequence[Path] = ()) -> Path | None:
    return output_file("json", _JSON.value, ".json", inputs=inputs, ours=json_of(PROGRAM))


@dataclass(frozen=True)
class Found:
    """What was predicted, ready to be printed and written."""

    text: str
    data: Mapping[str, Any]
    run: Timeline
    """What pictures show: a block under the first hypothesis."""
    labels: Sequence[Label | None]
    stages: Sequence[str]
    title: str
    origins: Mapping[int, Origin]


def predict(chosen: Options) -> Found:
    """Record and predict. Raises what `analyse` and `analyse_any` raise."""
    if isinstance(chosen.work, Trial):
        some = analyse_any(chosen.library, chosen.work, chosen.free_batch)
        run = some.views[0].run
        title = f"{some.what}: slowest block of {some.views[0].launch.entry}, predicted"
        return Found(any_text(some), any_json(some), run, *operation_labels(run), title, some.origins)
    found = analyse(RecordedKernel.load(chosen.library, chosen.free_batch), chosen.work)
    shown, origins = found.views[0], found.kernel.origins
    return Found(report_text(found), report_json(found), shown.run, shown.labels, STAGES, found.title, origins)


def write_outputs(outputs: Outputs, found: Found) -> None:
    """Write the files that were asked for. Raises OSError."""
    if outputs.plot:
        # Here, not above: matplotlib takes 0.3 s to load, and most runs draw nothing.
        from sim.timeline.plot import draw

        figure = draw(found.run, found.labels, found.stages, found.title)
        write_file(outputs.plot, picture(figure, outputs.plot.suffix))
    if outputs.trace_json:
        write_file(outputs.trace_json, perfetto_json(found.run, found.labels, found.origins))
    if outputs.trace_pb:
        # Here, not above: its schema takes 0.2 s to load, and most runs do not write it.
        from sim.timeline.perfetto_proto import perfetto_proto

        write_file(outputs.trace_pb, perfetto_proto(found.run, found.labels, found.origins))
    if outputs.json:
        write_file(outputs.json, json_text(PROGRAM, found.data))


def work(chosen: Options | Suite) -> int:
    """Record, predict, report. Return the exit code."""
    if isinstance(chosen, Suite):
        print_suite(chosen)
        return 0
    found = predict(chosen)
    print(found.text, flush=True)
    write_outputs(chosen.outputs, found)
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError, Deadlock), usage=(ValueError, LibraryError))
