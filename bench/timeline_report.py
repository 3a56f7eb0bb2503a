"""What a timeline says of a kernel, in words, as a table and as data: one analysis under each hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.flops import peak_tflops, tflops
from bench.prediction import predict
from cli.program import paragraph
from flash_atten.config import S0
from flash_atten.stage_names import stage_of
from sim.timeline.account import LineShare, QueueAccount, busiest, line_shares, queue_accounts
from sim.timeline.blocks import BlockTimes, measure
from sim.timeline.launch import Hypothesis, Workload, microseconds
from sim.timeline.origins import Origin
from sim.timeline.pairs import PairTimes
from sim.timeline.parameters import Fit, load_fits
from sim.timeline.recorded import RecordedKernel
from sim.timeline.stages import Label, labels
from sim.timeline.times import Timeline, timeline

NAMES = {Hypothesis.CONTENTION: "cores contend for GM", Hypothesis.SLOWDOWN: "everything slows down"}
"""What each hypothesis says, for sentences that begin with "if"."""


CORES_TO_TRY = (4, 8, 12, 24)
"""Numbers of cores among which `experiment` looks for the one that tells the hypotheses apart."""


@dataclass(frozen=True)
class View:
    """What the model says under one hypothesis."""

    hypothesis: Hypothesis
    fit: Fit
    microseconds: float
    tflops: float
    run: Timeline
    """One unit of work on one core, among as many active cores as the launch has."""
    unit: str
    """What that is, in words."""
    cycles_per_tile: float
    """Of the steady state; the mean of the whole block where that is too short."""
    accounts: Sequence[QueueAccount]
    lines: Sequence[LineShare]
    labels: Sequence[Label | None]

    @property
    def bound(self) -> QueueAccount:
        """The queue with the least to gain elsewhere."""
        return busiest(self.accounts)


@dataclass(frozen=True)
class Analysis:
    """A kernel, a launch, and both views of it."""

    kernel: RecordedKernel
    work: Workload
    views: Sequence[View]

    @property
    def title(self) -> str:
        """What a picture of the first view shows."""
        return (
            f"{self.kernel.name}: {self.kernel.config.title}, S1 {self.work.s1}; steady state of one of "
            f"{self.work.active} cores, predicted if {NAMES[self.views[0].hypothesis]}"
        )


def analyse(kernel: RecordedKernel, work: Workload) -> Analysis:
    """Predict the launch `work` of `kernel` and account for its cycles. Raises as `predict`."""
    fits = load_fits()
    times = predict(kernel, work, fits)
    return Analysis(
        kernel,
        work,
        [_view(kernel, work, hypothesis, fits[hypothesis], times[hypothesis]) for hypothesis in Hypothesis],
    )


def _view(kernel: RecordedKernel, work: Workload, hypothesis: Hypothesis, fit: Fit, time: float) -> View:
    units = work.units(kernel.parts)
    blocks = kernel.blocks(work.s1, several=units.several)
    # One block is early in a launch; the late pace would shift all queues alike under slow-down, and the cube's under
    # contention.
    scale = hypothesis.scale(fit.fitted.early, units.active)
    run = timeline(blocks.one, scale)
    return View(
        hypothesis=hypothesis,
        fit=fit,
        microseconds=time,
        tflops=tflops(work.q_rows, work.s1, time * 1e-6),
        run=run,
        unit=_unit(kernel, blocks),
        cycles_per_tile=measure(run, 1).per_tile or run.cycles / blocks.one.pushes,
        accounts=queue_accounts(run),
        lines=line_shares(run),
        labels=labels(run, kernel.origins, stage_of),
    )


def _unit(kernel: RecordedKernel, blocks: BlockTimes | PairTimes) -> str:
    if isinstance(blocks, PairTimes):
        return "pair of Q blocks"
    return "Q block" if kernel.parts == 1 else "part of S1 for one Q block"


def report_text(analysis: Analysis) -> str:
    """Return the verdict, the table and the lines, ready to print."""
    parts = [paragraph(verdict(analysis))]
    for view in analysis.views:
        parts += [
            f"If {NAMES[view.hypothesis]} (predicted, share of {view.run.cycles:,.0f} cycles of one {view.unit}):",
            accounts_text(view.accounts),
            f"{view.cycles_per_tile:,.0f} cycles per tile",
        ]
    for view in analysis.views:
        parts.append(f"C++ lines on which the critical path spends most, if {NAMES[view.hypothesis]}:")
        parts.append(lines_text(analysis.kernel.origins, view.lines, view.run.cycles))
    return "\n\n".join(parts)


def verdict(analysis: Analysis) -> str:
    """Return one paragraph: what it takes, what binds it under which hypothesis, and what would decide."""
    work = analysis.work
    roof = peak_tflops(work.cores)

    def both(text: Callable[[View], str]) -> str:
        return " / ".join(map(text, analysis.views))

    return (
        f"{analysis.kernel.name} ({analysis.kernel.config.title}), {work.q_rows} rows of Q against {work.s1} of K on "
        f"{work.cores} cores: predicted {both(lambda view: f'{view.microseconds:,.1f}')} us, "
        f"{both(lambda view: f'{view.tflops:.1f}')} TFLOP/s, {both(lambda view: f'{100 * view.tflops / roof:.0f}')} % "
        f"of the cube's {roof:.1f} ({both(lambda view: view.hypothesis.value)}; the model's mean error is "
        f"{both(lambda view: f'{view.fit.mape:.1f}')} %). {' '.join(map(_bound_sentence, analysis.views))} "
        f"{experiment(analysis)}"
    )


def _bound_sentence(view: View) -> str:
    bound = view.bound
    vector = max((account for account in view.accounts if account.pipe.name == "V"), key=lambda a: a.busy, default=None)
    text = (
        f"If {NAMES[view.hypothesis]}, it is bound by {bound.pipe.name} of {bound.core}: at work "
        f"{_percent(bound.busy, bound)}, draining {_percent(bound.drain, bound)} of the time"
    )
    if vector is not None and bound is not vector and vector.pipe is not bound.pipe:
        text += (
            f"; the vector pipe works {_percent(vector.busy, vector)} and drains {_percent(vector.drain, vector)}, "
            "so barriers there gain little"
        )
    return text + "."


def experiment(analysis: Analysis) -> str:
    """Return the measurement on a device that would decide between the hypotheses."""
    blocks = analysis.kernel.blocks(analysis.work.s1, several=False)
    s1 = analysis.work.units(analysis.kernel.parts).s1

    def growth(view: View, cores: int) -> float:
        """Return by how many percent a Q block on each of `cores` cores takes longer than one alone."""
        # So many rows of Q that each active core has one block.
        alone, among = (
            microseconds(blocks, Workload(S0 * active, s1, active), view.fit.fitted, view.hypothesis)
            for active in (1, cores)
        )
        return 100 * (among / alone - 1)

    grown = {cores: [growth(view, cores) for view in analysis.views] for cores in CORES_TO_TRY}
    cores = max(grown, key=lambda cores: abs(grown[cores][0] - grown[cores][1]))
    contention, slowdown = grown[cores]
    return (
        "Published latencies do not decide between the two. A measurement that would: this kernel and S1 with one Q "
        f"block per core, on 1 core and on {cores}; contention predicts {contention:+.0f} %, "
        f"a slow-down {slowdown:+.0f} %."
    )


def _percent(part: float, account: QueueAccount) -> str:
    return f"{round(100 * part / account.total)} %"


def accounts_text(accounts: Sequence[QueueAccount]) -> str:
    """Return the table of queues: percent of the block's cycles."""
    header = f"{'queue':<12}{'busy':>7}{'drain':>7}{'data':>7}{'slot':>7}{'flag':>7}{'idle':>7}   operations"
    rows = [header]
    for account in accounts:
        shares = (account.busy, account.drain, account.data, account.slot, account.flag, account.idle)
        cells = "".join(f"{100 * max(0.0, share) / account.total:7.1f}" for share in shares)
        rows.append(f"{account.core + ' ' + account.pipe.name:<12}{cells}   {account.operations}")
    return "\n".join(rows)


def lines_text(origins: Mapping[int, Origin], lines: Sequence[LineShare], cycles: float) -> str:
    """Return the dearest lines of a block of so many cycles, each with the Python line behind it."""
    rows = [f"{'cycles':>9}  {'share':>6}  {'C++ line':<9}{'queue':<11}{'operation':<15}Python"]
    for share in lines:
        origin = origins.get(share.line)
        rows.append(
            f"{share.cycles:9,.0f}  {100 * share.cycles / cycles:5.1f}%  {share.line:<9}"
            f"{share.core + ' ' + share.pipe.name:<11}{share.name:<15}{origin or 'unknown'}"
        )
    return "\n".join(rows)


def block_json(
    origins: Mapping[int, Origin], accounts: Sequence[QueueAccount], lines: Sequence[LineShare]
) -> dict[str, Any]:
    """Return where the cycles of a block go, as data."""
    return {
        "queues": [{**asdict(account), "pipe": account.pipe.name} for account in accounts],
        "lines": [
            {**asdict(share), "pipe": share.pipe.name, "python": str(origins.get(share.line, ""))} for share in lines
        ],
    }


def report_json(analysis: Analysis) -> dict[str, Any]:
    """Return all of it as data."""
    return {
        "predicted": True,
        "kernel": analysis.kernel.name,
        "q_rows": analysis.work.q_rows,
        "s1": analysis.work.s1,
        "cores": analysis.work.cores,
        "verdict": verdict(analysis),
        "views": {
            view.hypothesis.value: {
                "microseconds": view.microseconds,
                "tflops": view.tflops,
                "model_error_percent": view.fit.mape,
                "cycles_of_a_block": view.run.cycles,
                **block_json(analysis.kernel.origins, view.accounts, view.lines),
            }
            for view in analysis.views
        },
    }
