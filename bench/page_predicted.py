"""The report's section of predictions: what the kernels of its rows would take on an A3. Nothing in it is measured."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from bench.cases import Case
from bench.flops import PEAK_TFLOPS
from bench.page_table import Group, grouped_table, notes_list
from bench.plots import Plot, figure_html, predicted_plot
from bench.prediction import BuiltKernels, KernelOf, Launch, Prediction, predictions, title
from bench.row import Row
from bench.variant import HEADINGS
from isa.costs import CostError
from kernels.library import KernelError, LibraryError
from sim.timeline.launch import DEFAULT_CORES, Hypothesis
from sim.timeline.parameters import load_fits
from sim.timeline.times import Deadlock


@dataclass(frozen=True)
class Predicted:
    """The predictions of a report, their pictures, and why others are not there: (case, reason)."""

    found: Sequence[Prediction]
    plots: Sequence[Plot]
    notes: Sequence[tuple[str, str]]


def predicted(rows: Sequence[Row], kernel: KernelOf | None = None) -> Predicted:
    """Predict the launches that `rows` are about, each once, by shape; what cannot be predicted is a note."""
    kernel = kernel or BuiltKernels()
    found: dict[tuple[object, ...], Prediction] = {}
    notes: dict[tuple[str, str], None] = {}
    for row in sorted(rows, key=lambda row: (row.s1, row.q_rows)):
        # What this checkout builds with the row's knobs is predicted, whatever library was timed.
        launch = Launch(Case(row.case, row.q_rows, row.s1), row.variant._replace(library=""))
        key = row.q_rows, row.s1, launch.variant
        if key in found:
            continue
        try:
            (found[key],) = predictions([launch], kernel)
        except (LibraryError, KernelError, ValueError, Deadlock, CostError) as error:
            notes[row.case, f"is not predicted: {error}"] = None
    values = list(found.values())
    return Predicted(values, predicted_plot(values), list(notes))


SHAPE_HEADERS = (("case", False), ("q_rows", True), ("s1", True), *HEADINGS.values(), ("removed barriers", False))
"""What `shape_cells` are called, and which are numbers."""


def shape_cells(launch: Launch) -> Sequence[object]:
    """Return what tells a launch from others."""
    case, variant = launch.case, launch.variant
    return case.name, case.q_rows, case.s1, *variant.knobs.values(), variant.barriers


SHAPE = Group[Prediction]("", SHAPE_HEADERS, lambda one: shape_cells(one.launch))


def _hypothesis_group(hypothesis: Hypothesis) -> Group[Prediction]:
    return Group(
        f"if many cores mean {hypothesis.value}: predicted",
        (("ms", True), ("TFLOP/s", True), (f"% of {PEAK_TFLOPS:.1f}", True)),
        lambda one: (
            f"{one.microseconds[hypothesis] / 1e3:.4g}",
            f"{one.tflops(hypothesis):.4g}",
            f"{one.percent_of_roof(hypothesis):.1f}",
        ),
    )


def predicted_section(section: Predicted) -> str:
    """Return the section as HTML."""
    parts = [
        "<h2>Predicted for an A3</h2>",
        f'<p class="where">{html.escape(title(DEFAULT_CORES, load_fits()))}. The kernels are those that this checkout '
        "builds with the knobs of the rows above; docs/timeline.md says what the model cannot know.</p>",
    ]
    if section.found:
        figures = "".join(map(figure_html, section.plots))
        groups = [SHAPE, *map(_hypothesis_group, Hypothesis)]
        parts += [f'<div class="plots">{figures}</div>', grouped_table(groups, section.found)]
    return "".join([*parts, notes_list(section.notes)])
