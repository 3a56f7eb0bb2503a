"""Sets of knobs beside each other: what each is predicted to take, and what the model can say of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.prediction import BARRIERS, BuiltKernels, predict
from bench.variant import HEADINGS, Variant
from flash_atten.config import KV_SPLITS, QK_PRELOADS, S1_TILES, SCHEDULES, KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.knobs import DEFAULT_ASKED, choose_config
from flash_atten.memory import cores_of
from flash_atten.plan import block_dim
from flash_atten.scratch import scratch_bytes
from sim.timeline.launch import Hypothesis, Workload
from sim.timeline.parameters import Fits

KIB = 1024

WIDTHS = (">7", ">7", ">5", "<8")
"""How the table of candidates formats the columns of HEADINGS."""

PERIODS = (1, 2, 8)
"""Slots that a FIFO could hand back at a time, beside what the device's library does (`isa.sync.free_batch_of`)."""


@dataclass(frozen=True)
class Candidate:
    """A set of knobs and what it is predicted to take."""

    variant: Variant
    microseconds: dict[str, float]
    """By hypothesis."""
    ub_bytes: int
    """Of a vector core's 196,608."""
    slot_bytes: int
    """Of GM, per core."""
    scratch_bytes: int
    """Of GM, for the whole launch: slots, and partial results if S1 is split."""

    @property
    def config(self) -> KernelConfig:
        """The configuration of its kernel."""
        return self.variant.config

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        plain = asdict(self)
        del plain["variant"]
        return {**self.variant.knobs, "remove_barriers": self.variant.barriers, **plain}


@dataclass(frozen=True)
class Advice:
    """What the model says of the candidates."""

    best: Candidate
    """The candidate with the least regret: how much slower than the fastest it is, in the worse hypothesis."""
    equals: Sequence[Candidate]
    """Candidates that the model cannot tell from `best`: within its error of it under both hypotheses."""
    error_percent: float


def configs(shape: LaunchShape) -> Iterator[KernelConfig]:
    """Yield the configurations that can run `shape`."""
    for s1_tile, qk_preload, kv_split, schedule in itertools.product(S1_TILES, QK_PRELOADS, KV_SPLITS, SCHEDULES):
        try:
            config = KernelConfig(s1_tile, qk_preload, kv_split=kv_split, schedule=schedule)
            shape.check(config)
        except ValueError:
            continue
        yield config


def barriers_of(config: KernelConfig) -> Sequence[str]:
    """Return the sets of removed barriers that a configuration is predicted with.

    With all barriers only whole kernels are built: what barriers cost does not depend on the split. Other schedules
    than the recipe keep all of theirs.
    """
    if not config.by_recipe:
        return BARRIERS[1:]
    return BARRIERS if config.kv_split == 1 else BARRIERS[:1]


def candidates(work: Workload, fits: Fits) -> list[Candidate]:
    """Return every legal set of knobs with its predictions, in the order of the knobs. Raises as `predictions`."""
    kernel, found, shape = BuiltKernels(), [], LaunchShape(work.q_rows, work.s1)
    for config in configs(shape):
        for barriers in barriers_of(config):
            times = {h.value: time for h, time in predict(kernel(config, barriers), work, fits).items()}
            ub = sum(tile.total_bytes for tile in cores_of(config)["vector"])
            slots = fifo_bytes_per_core(config)
            scratch = scratch_bytes(config, shape, block_dim(config, shape, work.cores))
            found.append(Candidate(Variant(config, barriers), times, ub, slots, scratch))
    return found


def advise(found: Sequence[Candidate], fits: Fits) -> Advice:
    """Return the best of the candidates, and those that the model cannot tell from it.

    Of two sets of knobs the ratio matters. The published tables say how far the model errs on one kernel; between two
    it errs no less, so nothing within that error is called a difference.
    """
    fastest = {h.value: min(one.microseconds[h.value] for one in found) for h in Hypothesis}
    # Of the hypothesis that fits worse: it is not known which of the two holds.
    error = max(fit.mape for fit in fits.values())

    def regret(one: Candidate) -> float:
        return max(one.microseconds[name] / fastest[name] for name in fastest)

    best = min(found, key=regret)
    limit = 1 + error / 100
    equals = [
        one
        for one in found
        if one is not best and all(one.microseconds[name] <= limit * best.microseconds[name] for name in fastest)
    ]
    return Advice(best, equals, error)


def table_text(found: Sequence[Candidate]) -> str:
    """Return the candidates as a table."""
    heads = f"{'  '.join(map(format, (heading for heading, _ in HEADINGS.values()), WIDTHS))}  {'barriers':<9}"
    rows = [f"{heads}{'contention us':>14}{'slowdown us':>13}{'UB KiB':>9}{'FIFO KiB/core':>15}{'GM scratch MiB':>16}"]
    for one in found:
        contention, slowdown = (one.microseconds[h.value] for h in Hypothesis)
        rows.append(
            f"{'  '.join(map(format, one.variant.knobs.values(), WIDTHS))}  {one.variant.barriers:<9}"
            f"{contention:>14,.1f}"
            f"{slowdown:>13,.1f}{one.ub_bytes / KIB:>9.1f}{one.slot_bytes / KIB:>15,.0f}"
            f"{one.scratch_bytes / KIB**2:>16,.1f}"
        )
    return "\n".join(rows)


def advice_text(work: Workload, advice: Advice) -> str:
    """Return the recommendation as a paragraph, with its margin."""
    best = advice.best
    auto = choose_config(DEFAULT_ASKED, q_rows=work.q_rows, s1=work.s1, cores=lambda: work.cores)
    text = f"Predicted best for {work.q_rows} x {work.s1} on {work.cores} cores: {best.variant.flags}. "
    if advice.equals:
        text += (
            f"But {len(advice.equals)} other sets are within the model's error of {advice.error_percent:.1f} % under "
            "both hypotheses: between these there is no difference that the model can vouch for. "
        )
    # The automatic choice is of tile and split only.
    same = any(_but_preload(one.config) == _but_preload(auto) for one in (best, *advice.equals))
    where = "among them" if same else "not among them"
    return f"{text}The automatic tile and split, {auto.s1_tile} and {auto.kv_split}, are {where}."


def _but_preload(config: KernelConfig) -> dict[str, int | str]:
    return {name: value for name, value in config.knobs.items() if name != "qk_preload"}


def of_the_recipe(found: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the candidates that are the recipe's: what is recommended, since devices have run it; all, if none is."""
    return [one for one in found if one.config.by_recipe] or found


def others_text(found: Sequence[Candidate], advice: Advice, fits: Fits) -> str:
    """Return what the model says of other schedules, beside the advice; nothing if there are none."""
    others = [one for one in found if not one.config.by_recipe]
    if not others or not advice.best.config.by_recipe:
        return ""
    best = advise(others, fits).best
    gains = (100 * (1 - best.microseconds[h.value] / advice.best.microseconds[h.value]) for h in Hypothesis)
    return (
        f"Of other schedules, which no device has run (docs/schedules.md), the best is {best.variant.flags}: predicted "
        f"to take {' / '.join(f'{gain:.1f}' for gain in gains)} % less ({' / '.join(h.value for h in Hypothesis)})."
    )


def of_periods(best: Candidate, work: Workload, fits: Fits) -> dict[int, dict[str, float]]:
    """Return the microseconds of `best` by hypothesis if FIFOs handed back 1, 2 or 8 slots at a time.

    Raises as `candidates`.
    """
    return {
        period: {h.value: time for h, time in predict(BuiltKernels(period)(*best.variant[:2]), work, fits).items()}
        for period in PERIODS
    }


def periods_text(best: Candidate, times: Mapping[int, Mapping[str, float]]) -> str:
    """Return what another period of the free signals would change, in words. No kernel can choose it."""
    names = " / ".join(h.value for h in Hypothesis)
    changes = (
        f"{period}: {' / '.join(f'{100 * (time / best.microseconds[name] - 1):+.1f}' for name, time in per.items())} %"
        for period, per in times.items()
    )
    return (
        "FIFOs hand back half of their slots at a time; that is the device library's choice, no knob. With another "
        f"number the best set would take so much more ({names}): {', '.join(changes)}."
    )
