"""What launches of the built kernels are predicted to take on an A3, from their trace libraries: values and a table.

Nothing here is measured. docs/timeline.md says how good the predictions are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.cases import Case
from bench.flops import peak_tflops, tflops
from bench.text_table import Column
from bench.variant import HEADINGS, Variant
from flash_atten.config import KernelConfig
from flash_atten.libraries import library_name
from kernels.library import LibraryError
from sim.record import TRACE_SUFFIX
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import DEFAULT_CORES, Hypothesis, Workload, combining_microseconds, microseconds
from sim.timeline.pairs import PairTimes
from sim.timeline.parameters import Fits, load_fits
from sim.timeline.recorded import RecordedKernel
from sim.timeline.times import Scale

WORKSPACE = Path(__file__).parent.parent

BARRIERS = ("gu", "none")
"""Sets of removed barriers whose trace libraries the programs bring along: `gu` removed, and all kept."""


def trace_library(config: KernelConfig, barriers: str) -> Path:
    """Return the trace library of the target for `config`, with its `gu` barriers removed or with all of them.

    Of other schedules than the recipe there is only the shipped one, which has all.

    Raises ValueError for another set of barriers.
    """
    if barriers not in BARRIERS:
        raise ValueError(f"trace libraries are built with the barriers {' or '.join(BARRIERS)} removed, not {barriers}")
    name = library_name(config)
    shipped = barriers == "gu" or not config.by_recipe
    target = f"flash_atten/{name}" if shipped else f"sim/{name}_unpatched"
    return WORKSPACE / (target + TRACE_SUFFIX)


class Timed(Protocol):
    """A kernel whose blocks have times, such as a RecordedKernel."""

    @property
    def parts(self) -> int:
        """Parts that it cuts S1 into."""

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes | PairTimes:
        """Return what units of work, parts of `s1` rows of K and V for a Q block, cost."""

    def combining(self, scale: Scale) -> tuple[float, float]:
        """Return what combining the parts costs a core: cycles for one Q block, and for each further one."""


KernelOf = Callable[[KernelConfig, str], Timed]
"""The kernel of a configuration and a set of removed barriers."""


def predict(kernel: Timed, work: Workload, fits: Fits) -> dict[Hypothesis, float]:
    """Return the microseconds of the launch `work` under each hypothesis.

    Raises ValueError if the kernel cannot run the shape, KernelError if it fails, Deadlock if it never ends.
    """
    units = work.units(kernel.parts)
    blocks = kernel.blocks(work.s1, several=units.several)
    times = {one: microseconds(blocks, units, fits[one].fitted, one) for one in Hypothesis}
    if kernel.parts > 1:
        for one in Hypothesis:
            times[one] += combining_microseconds(kernel.combining, work, fits[one].fitted, one)
    return times


@dataclass(frozen=True)
class Launch:
    """A kernel with a shape."""

    case: Case
    variant: Variant


@dataclass(frozen=True)
class Prediction:
    """What a launch is predicted to take on `cores` cube cores."""

    launch: Launch
    cores: int
    microseconds: Mapping[Hypothesis, float]

    def tflops(self, hypothesis: Hypothesis) -> float:
        """Return the TFLOP/s under a hypothesis."""
        return tflops(self.launch.case.q_rows, self.launch.case.s1, self.microseconds[hypothesis] * 1e-6)

    def percent_of_roof(self, hypothesis: Hypothesis) -> float:
        """Return the TFLOP/s as percent of what the cube cores could do."""
        return 100 * self.tflops(hypothesis) / peak_tflops(self.cores)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        case, variant = self.launch.case, self.launch.variant
        return {
            "case": case.name,
            "q_rows": case.q_rows,
            "s1": case.s1,
            **variant.knobs,
            "remove_barriers": variant.barriers,
            **{
                h.value: {
                    "microseconds": self.microseconds[h],
                    "tflops": self.tflops(h),
                    "percent_of_roof": self.percent_of_roof(h),
                }
                for h in Hypothesis
            },
        }


class BuiltKernels:
    """The kernels of the default targets; each is loaded once, and remembers what it has recorded."""

    def __init__(self, free_batch: int | None = None) -> None:
        """Load nothing yet. `free_batch`: slots that a FIFO hands back at a time, by default the library's."""
        self._free_batch = free_batch
        self._known: dict[Path, RecordedKernel] = {}

    def __call__(self, config: KernelConfig, barriers: str) -> RecordedKernel:
        """Return a kernel. Raises LibraryError if its trace library is not there."""
        path = trace_library(config, barriers)
        if not path.exists():
            name = library_name(config)
            raise LibraryError(
                f"the trace library of {name} with the barriers {barriers} removed is not here; start the program with "
                f"`tools/bazel run --//flash_atten:kernels={name} ...`, which brings it along"
            )
        if path not in self._known:
            self._known[path] = RecordedKernel.load(path, self._free_batch)
        return self._known[path]


def predictions(
    launches: Iterable[Launch], kernel: KernelOf, cores: int = DEFAULT_CORES, fits: Fits | None = None
) -> list[Prediction]:
    """Predict every launch. Raises as `predict`, and LibraryError if a kernel's trace library is not there."""
    fits = fits or load_fits()
    return [
        Prediction(
            one,
            cores,
            predict(
                kernel(one.variant.config, one.variant.barriers), Workload(one.case.q_rows, one.case.s1, cores), fits
            ),
        )
        for one in launches
    ]


def title(cores: int, fits: Fits) -> str:
    """Return what stands above predictions, so that nobody takes them for measurements."""
    errors = " / ".join(f"{fits[h].mape:.1f}" for h in Hypothesis)
    return (
        f"Predicted, not measured: device time on an A3, {cores} cube cores, roof {peak_tflops(cores):.1f} TFLOP/s; "
        f"the model's mean error on published rows is {errors} % ({' / '.join(h.value for h in Hypothesis)})"
    )


def columns(found: Sequence[Prediction]) -> list[Column]:
    """Return predictions as a table, a group of columns for each hypothesis."""

    def column(header: str, cells: Iterable[object]) -> Column:
        return Column(header, [str(cell) for cell in cells])

    launches = [one.launch for one in found]
    shown = [
        Column("case", [one.case.name for one in launches], right=False),
        column("q_rows", (one.case.q_rows for one in launches)),
        column("s1", (one.case.s1 for one in launches)),
        *(
            Column(heading, [str(one.variant.knobs[name]) for one in launches], right=right)
            for name, (heading, right) in HEADINGS.items()
        ),
    ]
    for h in Hypothesis:
        shown += [
            column(f"{h.value}\nus", (f"{one.microseconds[h]:,.1f}" for one in found)),
            column("\nTFLOP/s", (f"{one.tflops(h):.1f}" for one in found)),
            column("of the\nroof", (f"{one.percent_of_roof(h):.1f} %" for one in found)),
        ]
    return shown
