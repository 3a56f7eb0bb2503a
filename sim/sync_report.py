"""What the assembler's syncs cost: tables of counts, of predicted cycles and of event ids.

The cycles are predictions of docs/timeline.md, under both of its hypotheses, of one block beside many others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from isa.pipes import EVENT_IDS, QUEUES, Pipe
from sim.programs import markdown_table
from sim.sync_plans import (
    Kernel,
    Plan,
    Planned,
    counts_of,
    kernels,
    plan_all,
    planned_module,
    with_all_barriers,
    without_syncs,
)
from sim.timeline.launch import DEFAULT_CORES, Hypothesis
from sim.timeline.parameters import load_fits
from sim.timeline.program import TimedProgram
from sim.timeline.times import timeline
from tools.ptoas.byte_ranges import ByteRanges
from tools.ptoas.insert_sync.cores import core_programs
from tools.ptoas.insert_sync.event_ids import assign_event_ids
from tools.ptoas.insert_sync.options import Scope, SyncOptions
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.plan_memory import plan_memory

TITLE = "# What synchronisation costs"

HEAD_TEXT = f"""{TITLE}

Made by `tools/bazel run //tools/ptoas:sync_report -- --output=docs/sync_report.md`; a test holds it. Kernels are the
attention kernels, the same algorithm in the structure of the reference (both by S1_TILE, QK_PRELOAD; the second is
`sim/reference_structure.py`), and the examples of the DSL. The judge finds nothing in any of them; in those of
`--v_rule=repeats` by that rule.
"""

COUNTS_TEXT = """
## Syncs in the text

"Scratch" are the V barriers that only the hidden scratch of the device library demands, "repeats" the V barriers that
are left with `--v_rule=repeats`.
"""

CYCLES_TEXT = """
## Cycles, **predicted**

Of one block by docs/timeline.md (attention: S1 = 6144), under contention and under slow-down. "No sync" computes
nonsense: it is what pipes, FIFOs and the library's own barriers cost alone. The other columns are more than that, in
percent: what the assembler prints, what it prints with `--v_rule=repeats` and with `--event_scope=source`, and a
barrier of all pipes before each operation.
"""

IDS_TEXT = f"""
## Event ids, if hardware scopes them by source pipe

How many ids the flags from each pipe need if they share them (`--event_scope=source`; there are {EVENT_IDS}), and the
barriers of all pipes in loops that stand for flags that find none. What that costs is in the table above. By pair of
pipes, which is the rule, all find ids.
"""

MANY = 64
"""Ids that are always enough."""


def full_report() -> str:
    """Return the report on all kernels, docs/sync_report.md."""
    with tempfile.TemporaryDirectory(prefix="sync_report_") as directory:
        return report(kernels(), Path(directory))


def report(chosen: Sequence[Kernel], directory: Path) -> str:
    """Return the report on `chosen` as Markdown; the compiler works in `directory`.

    Raises:
        ValueError: the judge finds something in a kernel.
    """
    planned = plan_all(chosen, directory)
    rows = [(kernel, plans) for kernel, plans in zip(chosen, planned, strict=True)]
    tables = [
        (HEAD_TEXT + COUNTS_TEXT, _COUNTS, _counts),
        (CYCLES_TEXT, _CYCLES, _cycles),
        (IDS_TEXT, ["kernel", *_QUEUE_NAMES, "PIPE_ALL in loops"], _ids),
    ]
    return "".join(f"{text}\n{markdown_table(head, (cells(*row) for row in rows))}" for text, head, cells in tables)


_COUNTS = ["kernel", "V barriers", "scratch", "repeats", "flags", "PIPE_ALL", "in loops"]
_CYCLES = ["kernel"]
for _name in ("contention", "slow-down"):
    _CYCLES += [f"{_name}: no sync", "strict", "repeats", "source", "all"]
_QUEUE_NAMES = [Pipe(number).name for number in range(QUEUES)]


def _counts(kernel: Kernel, plans: Mapping[Plan, Planned]) -> list[str]:
    counts = plans[Plan.STRICT].counts
    # Planned again as if the device library had no scratch of its own: the others are there for that scratch.
    operands = counts_of(planned_module(kernel, SyncOptions(hidden_scratch=False))).v_barriers
    numbers = (
        counts.v_barriers,
        counts.v_barriers - operands,
        plans[Plan.REPEATS].counts.v_barriers,
        counts.flags,
        counts.all_barriers,
        counts.in_loops,
    )
    return [kernel.name, *map(str, numbers)]


def _cycles(kernel: Kernel, plans: Mapping[Plan, Planned]) -> list[str]:
    cells = [kernel.name]
    program = plans[Plan.STRICT].program
    for hypothesis in Hypothesis:
        # Any plan would do: without its syncs each has the same operations.
        least = _predicted(without_syncs(program), hypothesis)
        several = [plan.program for plan in plans.values()] + [with_all_barriers(program)]
        cells.append(f"{least:,.0f}")
        cells += [f"{100 * (_predicted(other, hypothesis) / least - 1):+.1f}" for other in several]
    return cells


def _predicted(program: TimedProgram, hypothesis: Hypothesis) -> float:
    """Return the cycles of a block beside those of all other cores, late in a launch."""
    fitted = load_fits()[hypothesis].fitted
    return timeline(program, hypothesis.scale(fitted.late, DEFAULT_CORES)).cycles


def _ids(kernel: Kernel, plans: Mapping[Plan, Planned]) -> list[str]:
    needed = [0] * QUEUES
    module = kernel.build()
    for core in core_programs(module, ByteRanges(plan_memory(module))):
        solve(core.program)
        assign_event_ids(core.program, MANY, Scope.SOURCE)
        for pair in core.program.syncs()[0]:
            # A flag that rotates in a loop has several ids, from its event_id on.
            needed[pair.flag.src] = max(needed[pair.flag.src], pair.flag.event_id + pair.flag.ids)
    return [kernel.name, *(str(count or "") for count in needed), str(plans[Plan.SOURCE].counts.in_loops)]
