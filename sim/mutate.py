"""Tests the judge by mutation: every mutant of a kernel's synchronisation must be noticed, or was redundant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.mutants import Mutant, Mutation
from sim.program import BlockProgram, distinct_programs, edited, prepare
from sim.record import Recording
from sim.replay import Key, Replay
from sim.vector_repeats import VRule


@dataclass(frozen=True)
class Outcome:
    """What the judge said of a mutant."""

    mutant: Mutant
    killed_by: Key | None
    """The first finding; None if the mutant survived on all traces."""
    redundant: bool = False
    """Whether a survivor changed lines that may as well be deleted: they are redundant on all traces."""
    needs_fifos: bool = False
    """Whether a survivor leaves conflicts within a core that only the signals of FIFOs order."""

    @property
    def killed(self) -> bool:
        """Whether the judge noticed."""
        return self.killed_by is not None


class UncleanError(ValueError):
    """The kernel has findings before it is mutated."""


def judge_mutants(
    recordings: Iterable[Recording],
    mutants: Sequence[Mutant],
    progress: Callable[[int], object] = lambda done: None,
    v_rule: VRule = VRule.STRICT,
) -> list[Outcome]:
    """Judge every mutant on every recording, smallest first, until one kills it. `progress` gets the number done.

    Raises UncleanError if a recording has findings without a mutation.
    """
    # Smallest first: a mutant that dies on a short trace costs no replay of a long one.
    programs = sorted(
        (group[0] for r in recordings for group in distinct_programs(prepare(r.trace, r.scratch))),
        key=lambda program: program.n_events,
    )
    for program in programs:
        findings = Replay(program, v_rule=v_rule, stop_at_first=True).run()
        if findings:
            key = next(iter(findings))
            raise UncleanError(
                f"the kernel has findings before it is mutated, such as {key.kind.value} at line {key.second_line}: "
                "//sim:hazards lists them. Mutate the assembler's output, before the barrier patcher."
            )
    executed = [_lines(program) for program in programs]
    outcomes = []
    for number, mutant in enumerate(mutants):
        outcomes.append(_outcome(mutant, programs, executed, v_rule))
        progress(number + 1)
    return outcomes


def _outcome(mutant: Mutant, programs: Sequence[BlockProgram], executed: Sequence[set[int]], v_rule: VRule) -> Outcome:
    killed_by = _kill(mutant, programs, executed, v_rule)
    if killed_by:
        return Outcome(mutant, killed_by)
    # A survivor whose lines may as well be deleted says nothing against the judge.
    deletion = Mutant(Mutation.DELETE_PAIR, mutant.targets, mutant.text)
    redundant = _kill(deletion, programs, executed, v_rule) is None
    needs_fifos = _kill(mutant, programs, executed, v_rule, fifo_order=False) is not None
    return Outcome(mutant, None, redundant, needs_fifos)


def _lines(program: BlockProgram) -> set[int]:
    return {int(line) for part in program.cores for line in np.unique(part.events["line"])}


def _kill(
    mutant: Mutant,
    programs: Sequence[BlockProgram],
    executed: Sequence[set[int]],
    v_rule: VRule,
    *,
    fifo_order: bool = True,
) -> Key | None:
    for program, lines in zip(programs, executed, strict=True):
        # The mutant changes nothing here, and without a change the trace has no findings.
        if lines.isdisjoint(mutant.lines):
            continue
        replay = Replay(edited(program, mutant.edit), v_rule=v_rule, stop_at_first=True, fifo_order=fifo_order)
        findings = replay.run()
        if findings:
            return next(iter(findings))
    return None


def sample(mutants: Sequence[Mutant], count: int, seed: int = 0) -> list[Mutant]:
    """Return `count` of the mutants (all if there are fewer), the same ones for the same seed, in their order."""
    if count >= len(mutants):
        return list(mutants)
    chosen = np.random.default_rng(seed).choice(len(mutants), count, replace=False)
    return [mutants[index] for index in sorted(chosen.tolist())]


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the report as JSON-ready data: score, a row per mutation, and the survivors.

    The score is the killed share of the mutants that change something which is not redundant. A survivor that is not
    redundant still orders everything in another way.
    """
    killed = sum(outcome.killed for outcome in outcomes)
    deletions = [outcome for outcome in outcomes if outcome.mutant.deletes]
    redundant = [_survivor(outcome) for outcome in deletions if outcome.redundant]
    survivors = [_survivor(outcome) for outcome in outcomes if not outcome.killed and not outcome.redundant]
    return {
        "mutants": len(outcomes),
        "killed": killed,
        "score": killed / max(killed + len(survivors), 1),
        "by_mutation": [_row(mutation, outcomes) for mutation in Mutation],
        "redundant": redundant,
        "survivors": survivors,
    }


def _survivor(outcome: Outcome) -> dict[str, Any]:
    return {"text": outcome.mutant.text, "lines": list(outcome.mutant.lines), "needs_fifos": outcome.needs_fifos}


def _row(mutation: Mutation, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    own = [outcome for outcome in outcomes if outcome.mutant.mutation == mutation]
    reasons = Counter(outcome.killed_by.kind.value for outcome in own if outcome.killed_by)
    return {
        "mutation": mutation.value,
        "mutants": len(own),
        "killed": sum(outcome.killed for outcome in own),
        "redundant": sum(outcome.redundant for outcome in own),
        "killed_by": dict(sorted(reasons.items())),
    }


def summary_text(name: str, report: dict[str, Any]) -> str:
    """Return the report of `summary` for readers."""
    lines = [f"{name}: {report['killed']} of {report['mutants']} mutants killed, score {report['score']:.2%}"]
    for row in report["by_mutation"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in row["killed_by"].items())
        counts = f"{row['killed']:4} of {row['mutants']:4} killed"
        lines.append(f"  {counts}, {row['redundant']:3} redundant: {row['mutation']} ({reasons or 'none'})")
    for word in ("redundant", "survivors"):
        for item in report[word]:
            reason = "in order only by the signals of FIFOs" if item["needs_fifos"] else "in order without it"
            lines.append(f"  {word.rstrip('s')}: {item['text']} ({reason})")
    return "\n".join(lines)
