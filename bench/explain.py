"""A kernel on one page: Python, MLIR, C++, barriers and timeline, linked: `tools/bazel run //bench:explain -- --s1=4096
--html=x.html`.

The timeline is a prediction (docs/timeline.md). Exit code 0: written; 1: the kernel failed; 2: wrong usage.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from absl import flags

from bench.explain_page import TITLE_END, Sources, page
from bench.prediction import WORKSPACE, trace_library
from bench.timeline_report import analyse
from cli.files import marked, output_file, write_file
from cli.program import run
from flash_atten.knob_flags import define_knobs
from flash_atten.knobs import choose_config
from kernels.library import KernelError, LibraryError
from sim.record import TRACE_SUFFIX
from sim.timeline.launch import DEFAULT_CORES, Workload
from sim.timeline.recorded import RecordedKernel
from sim.timeline.times import Deadlock

_S1 = flags.DEFINE_integer("s1", 4096, "Rows of K and V.")
_Q_ROWS = flags.DEFINE_integer("q_rows", None, "Rows of Q. Default: the same as s1.")
_KNOBS = define_knobs()
_CORES = flags.DEFINE_integer("cores", DEFAULT_CORES, "Cube cores of the device.")
_HTML = flags.DEFINE_string("html", None, "The page to write: .html.", required=True)


@dataclass(frozen=True)
class Options:
    """The command line."""

    library: Path
    work: Workload
    html: Path


def options() -> Options:
    """Read the flags. Raises ValueError."""
    q_rows = _S1.value if _Q_ROWS.value is None else _Q_ROWS.value
    config = choose_config(_KNOBS(), q_rows=q_rows, s1=_S1.value, cores=lambda: _CORES.value)
    work = Workload(q_rows, _S1.value, _CORES.value)
    return Options(trace_library(config, "gu"), work, output_file("html", _HTML.value, ".html", ours=marked(TITLE_END)))


def work(chosen: Options) -> int:
    """Record, predict, link, write. Return the exit code."""
    kernel = RecordedKernel.load(chosen.library)
    analysis = analyse(kernel, chosen.work)
    base = chosen.library.with_name(chosen.library.name.removesuffix(TRACE_SUFFIX))
    text = page(analysis, Sources.read(base, WORKSPACE, kernel.origins))
    write_file(chosen.html, text)
    print(f"{chosen.html}: {len(text) / 1e6:.1f} MB; the timeline is a prediction")
    return 0


if __name__ == "__main__":
    run(options, work, failed=(KernelError, Deadlock), usage=(ValueError, LibraryError))
