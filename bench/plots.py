"""The benchmark's pictures, drawn from rows: latency, TFLOP/s and error against S, one set per backend and clock.

Host and device numbers never share a picture. Shapes with q_rows other than s1 are left out of curves over S.
"""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.baselines import LABELS
from bench.flops import PEAK_TFLOPS
from bench.prediction import Prediction
from bench.row import KERNEL, OK, Row
from flash_atten.check_compare import BLOCK_ROWS, TOLERANCE
from isa.a3 import CUBE_CORES
from kernels.library import NPU
from sim.timeline.launch import Hypothesis

COLORS = ("#0b62a4", "#d1741a", "#4c8f3a", "#8a4fa3")
"""Of the kernel and of the baselines in their order; they differ in lightness, too."""

MARKERS = ("o", "s", "^", "D")

MADE_BY = "ascend_fa bench"
"""By which a picture of ours is known."""

FIGURE_INCHES = (6.4, 4.0)
DPI = 150

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "svg.hashsalt": "ascend_fa",  # the same rows give the same bytes
    "svg.fonttype": "path",
}

ROOF_MARGIN = 20
"""A roof more than this many times above the fastest point would press the curves to the floor of a linear axis."""


HEADROOM = 100
"""Space above the bound in the picture of errors, as a factor, for the legend."""


@dataclass(frozen=True)
class Roof:
    """A horizontal line that no curve of TFLOP/s can cross."""

    tflops: float
    label: str


DEVICE_ROOF = Roof(PEAK_TFLOPS, f"FP16 peak of {CUBE_CORES} cube cores: {PEAK_TFLOPS:.1f}")


@dataclass(frozen=True)
class Plot:
    """One picture. `name` is its file's stem."""

    name: str
    title: str
    figure: Figure

    def svg(self) -> str:
        """Return the picture as an <svg> element."""
        out = io.StringIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        text = out.getvalue()
        # Without XML declaration and document type, which have no place within a page.
        return text[text.index("<svg") :]

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        out = io.BytesIO()
        self.figure.savefig(out, format="png", dpi=DPI, metadata={"Software": MADE_BY})
        return out.getvalue()


def operation_label(operation: str) -> str:
    """Return how reports name a timed operation."""
    return "this kernel" if operation == KERNEL else LABELS.get(operation, operation)


def figure_html(plot: Plot) -> str:
    """Return a picture as a <figure> of a page."""
    return f'<figure style="margin:0" aria-label="{html.escape(plot.title)}">{plot.svg()}</figure>'


def plots(rows: Sequence[Row], roof: Roof | None = None) -> list[Plot]:
    """Return the pictures of rows of one backend and clock; none if no square shape was right."""
    drawn = sorted((row for row in rows if row.status == OK and row.q_rows == row.s1), key=lambda row: row.s1)
    if not drawn:
        return []
    backend, clock = drawn[0].backend, drawn[0].clock
    prefix, where = f"{backend}_{clock}".replace(" ", "_"), "host CPU" if backend != NPU else "NPU"
    with mpl.rc_context(STYLE):
        return [
            _latency(drawn, f"{prefix}_latency", f"Latency ({where}, {clock} clock)"),
            _rate(drawn, f"{prefix}_tflops", f"TFLOP/s ({where}, {clock} clock)", roof),
            _error(drawn, f"{prefix}_error", "Largest relative error against the FP32 reference"),
        ]


def roof_of(backend: str, measured: float | None) -> Roof | None:
    """Return what a backend could reach; `measured` is the best TFLOP/s of a plain FP32 matrix product on the host."""
    if backend == NPU:
        return DEVICE_ROOF
    return None if measured is None else Roof(measured, f"an FP32 matrix product here (NumPy): {measured:.3g}")


@dataclass(frozen=True)
class Curve:
    """One operation over S; of the kernel, one variant."""

    label: str
    operation: str
    rows: Sequence[Row]


def curves(rows: Sequence[Row]) -> list[Curve]:
    """Return the kernel's curve, or one for each variant if a shape has several, then those of the baselines."""
    # More rows than shapes: a shape was run with several kernels.
    several = len({row.case for row in rows}) < len(rows)
    kernel, variants = operation_label(KERNEL), list(dict.fromkeys(row.variant for row in rows))
    found = [Curve(kernel, KERNEL, rows)]
    if several:
        found = [
            Curve(f"{kernel}, {variant.label(variants)}", KERNEL, [row for row in rows if row.variant == variant])
            for variant in variants
        ]
    names = dict.fromkeys(name for row in rows for name in row.timings if name != KERNEL)
    # Baselines are timed once for all kernels of a shape: the first row of each. Reversed twice, as the last one stays.
    once = list({row.case: row for row in reversed(rows)}.values())[::-1]
    return [*found, *(Curve(operation_label(name), name, once) for name in names)]


def _axes(title: str, y_label: str, sizes: Sequence[int]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(set(sizes))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value / 1024:g}k" if value >= 1024 else f"{value:g}")
    )
    axes.set_xlabel("S (rows of Q, K and V)")
    axes.set_ylabel(y_label)
    return figure, axes


def _look(index: int) -> dict[str, Any]:
    return {"color": COLORS[index % len(COLORS)], "marker": MARKERS[index % len(MARKERS)], "markersize": 5}


def _latency(rows: Sequence[Row], name: str, title: str) -> Plot:
    figure, axes = _axes(title, "median latency, ms (bars: p5, p95)", [row.s1 for row in rows])
    for index, curve in enumerate(curves(rows)):
        timed = [(row.s1, row.timings[curve.operation]) for row in curve.rows if curve.operation in row.timings]
        medians = [timing.median * 1e3 for _, timing in timed]
        low = [max(0.0, timing.median - timing.percentile(5)) * 1e3 for _, timing in timed]
        high = [max(0.0, timing.percentile(95) - timing.median) * 1e3 for _, timing in timed]
        sizes = [size for size, _ in timed]
        axes.errorbar(sizes, medians, yerr=[low, high], capsize=3, label=curve.label, **_look(index))
    axes.set_yscale("log")
    axes.legend(frameon=False)
    return Plot(name, title, figure)


def _rate(rows: Sequence[Row], name: str, title: str, roof: Roof | None) -> Plot:
    figure, axes = _axes(title, "TFLOP/s", [row.s1 for row in rows])
    top = 0.0
    for index, curve in enumerate(curves(rows)):
        rates = [(row.s1, row.tflops(curve.operation)) for row in curve.rows if curve.operation in row.timings]
        axes.plot(*zip(*rates, strict=True), label=curve.label, **_look(index))
        top = max(top, *(rate for _, rate in rates))
    if roof is not None and roof.tflops < ROOF_MARGIN * top:
        axes.axhline(roof.tflops, color="#555555", linestyle="--", linewidth=1, label=roof.label)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return Plot(name, title, figure)


def _error(rows: Sequence[Row], name: str, title: str) -> Plot:
    figure, axes = _axes(title, f"error of {BLOCK_ROWS} rows / their size", [row.s1 for row in rows])
    for index, curve in enumerate(curves(rows)):
        found = [(row.s1, row.relative_errors.get(curve.operation)) for row in curve.rows]
        errors = [(size, error) for size, error in found if error]
        if errors:
            axes.plot(*zip(*errors, strict=True), label=curve.label, **_look(index))
    axes.set_yscale("log")
    axes.set_ylim(top=HEADROOM * TOLERANCE.block)
    axes.axhline(TOLERANCE.block, color="#b00020", linestyle="--", linewidth=1, label=f"allowed: {TOLERANCE.block:.1e}")
    axes.legend(frameon=False)
    return Plot(name, title, figure)


def predicted_plot(found: Sequence[Prediction]) -> list[Plot]:
    """Return the picture of predicted TFLOP/s under both hypotheses, below the roof; none without square shapes.

    Of a shape with several kernels the fastest is drawn, as the automatic choice would be.
    """
    square = [one for one in found if one.launch.case.q_rows == one.launch.case.s1]
    if not square:
        return []
    sizes = sorted({one.launch.case.s1 for one in square})
    with mpl.rc_context(STYLE):
        figure, axes = _axes("TFLOP/s on an A3 (predicted, not measured)", "predicted TFLOP/s", sizes)
        for index, hypothesis in enumerate(Hypothesis):
            best = [max(one.tflops(hypothesis) for one in square if one.launch.case.s1 == size) for size in sizes]
            axes.plot(sizes, best, label=f"if many cores mean {hypothesis.value}", **_look(index + 2))
        axes.axhline(DEVICE_ROOF.tflops, color="#555555", linestyle="--", linewidth=1, label=DEVICE_ROOF.label)
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
    return [Plot("predicted_tflops", "TFLOP/s predicted for an A3", figure)]
