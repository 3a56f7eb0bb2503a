"""Where the cycles of any kernel's launches would go on an A3, from its trace library and what that names.

Attention's own report extrapolates from short traces; here what is asked for is recorded, all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.timeline_report import NAMES, accounts_text, block_json, lines_text
from cli.program import paragraph
from kernels.kernel import Kernel, Trial
from sim.record import TraceLibrary
from sim.timeline.account import LineShare, QueueAccount, busiest, line_shares, queue_accounts
from sim.timeline.apart import TimedLaunch
from sim.timeline.launch import Hypothesis
from sim.timeline.origins import Origin, origins_beside
from sim.timeline.parameters import Fits, load_fits
from sim.timeline.stages import Label
from sim.timeline.times import Timeline


@dataclass(frozen=True)
class BlockView:
    """The slowest block of a launch under one hypothesis."""

    launch: TimedLaunch
    hypothesis: Hypothesis
    microseconds: float
    """Of the launch."""
    run: Timeline
    accounts: Sequence[QueueAccount]
    lines: Sequence[LineShare]


@dataclass(frozen=True)
class AnyAnalysis:
    """The launches of a kernel at a shape, in their order, each under both hypotheses."""

    kernel: Kernel
    trial: Trial
    origins: Mapping[int, Origin]
    views: Sequence[BlockView]
    fits: Fits

    def microseconds(self, hypothesis: Hypothesis) -> float:
        """Return what all launches take, one behind the other."""
        return sum(view.microseconds for view in self.views if view.hypothesis is hypothesis)

    @property
    def what(self) -> str:
        """Kernel, shape and cores in words."""
        shape = ", ".join(f"{name} = {value}" for name, value in self.trial.shape.items())
        cores = max(len(view.launch.blocks) for view in self.views)
        return f"{self.kernel.name}{f' with {shape}' * bool(shape)} on {cores} {'core' if cores == 1 else 'cores'}"


def analyse_any(path: Path, trial: Trial, free_batch: int | None = None) -> AnyAnalysis:
    """Record the launches of a trace library and account for their cycles.

    Raises LibraryError if it is no trace library, or does not say what it is; ValueError if the kernel cannot run the
    shape; KernelError or Deadlock if it fails, or never ends; TraceError or CostError if an operation has no cost.
    """
    library, fits = TraceLibrary(path), load_fits()
    launches = [
        TimedLaunch.of(recording.entry, recording.trace, free_batch) for recording in library.record_trial(trial)
    ]
    views = [_view(launch, hypothesis, fits) for launch in launches for hypothesis in Hypothesis]
    return AnyAnalysis(library.kernel, trial, origins_beside(path), views, fits)


def _view(launch: TimedLaunch, hypothesis: Hypothesis, fits: Fits) -> BlockView:
    fitted = fits[hypothesis].fitted
    run = launch.slowest(hypothesis, fitted.early)
    time = launch.microseconds(hypothesis, fitted)
    return BlockView(launch, hypothesis, time, run, queue_accounts(run), line_shares(run))


def any_text(analysis: AnyAnalysis) -> str:
    """Return the verdict and the tables, ready to print."""
    times = " / ".join(f"{analysis.microseconds(hypothesis):,.1f}" for hypothesis in Hypothesis)
    names = " / ".join(hypothesis.value for hypothesis in Hypothesis)
    errors = " / ".join(f"{analysis.fits[hypothesis].mape:.1f}" for hypothesis in Hypothesis)
    verdict = (
        f"{analysis.what}: predicted {times} us ({names}; the model's mean error on Flash Attention is {errors} %; on "
        "this kernel it is not known). "
    )
    return "\n\n".join([paragraph(verdict + " ".join(map(_bound, analysis.views))), *_tables(analysis)])


def _bound(view: BlockView) -> str:
    bound = busiest(view.accounts)
    busy, drain = (100 * part / bound.total for part in (bound.busy, bound.drain))
    return (
        f"If {NAMES[view.hypothesis]}, {view.launch.entry} is bound by {bound.pipe.name} of {bound.core}: at work "
        f"{busy:.0f} %, draining {drain:.0f} % of the time."
    )


def _tables(analysis: AnyAnalysis) -> Iterator[str]:
    for view in analysis.views:
        yield (
            f"{view.launch.entry}, if {NAMES[view.hypothesis]} (predicted, share of the {view.run.cycles:,.0f} cycles "
            "of its slowest block):"
        )
        yield accounts_text(view.accounts)
        yield lines_text(analysis.origins, view.lines, view.run.cycles)


def any_json(analysis: AnyAnalysis) -> dict[str, Any]:
    """Return all of it as data."""
    return {
        "predicted": True,
        "kernel": analysis.kernel.name,
        **analysis.trial.as_json(),
        "launches": [
            {
                "entry": view.launch.entry,
                "hypothesis": view.hypothesis.value,
                "microseconds": view.microseconds,
                "cycles_of_a_block": view.run.cycles,
                **block_json(analysis.origins, view.accounts, view.lines),
            }
            for view in analysis.views
        ],
    }


def operation_labels(run: Timeline) -> tuple[list[Label | None], list[str]]:
    """Return a label for each bar, and the labels' stages: here its operation is what tells bars apart.

    The stages are in the order in which operations first run. A bar's number counts those of the same operation on its
    core.
    """
    counts: dict[tuple[int, str], int] = {}
    labels: list[Label | None] = []
    for bar in run.bars:
        name = run.program.names[bar.core][bar.position]
        counts[bar.core, name] = counts.get((bar.core, name), -1) + 1
        labels.append(Label(name, counts[bar.core, name]))
    return labels, list(dict.fromkeys(name for _, name in counts))
