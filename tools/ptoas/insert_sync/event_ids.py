"""Event ids: eight flags per ordered pair of pipes, shared by flags that cannot meet.

Where the ids do not suffice, `remedies` changes the flags, in rounds, since one change may make room for others. If
nothing helps, a `PIPE_ALL` barrier in front of the consumer takes the place of a flag.
"""

from __future__ import annotations

from isa.pipes import EVENT_IDS
from tools.ptoas.insert_sync.coloring import Coloring, Failure, Relief
from tools.ptoas.insert_sync.options import Scope
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.prune import prune
from tools.ptoas.insert_sync.remedies import Remedies
from tools.ptoas.insert_sync.repair import repair
from tools.ptoas.insert_sync.solver import solve
from tools.ptoas.insert_sync.syncs import Barrier, Flag
from tools.ptoas.insert_sync.timing import Timing

MOST_ROUNDS = 16
"""Rounds of remedies before the flags that are still without an id become barriers."""


def assign_event_ids(program: Program, limit: int = EVENT_IDS, scope: Scope = Scope.PAIR) -> None:
    """Give every flag ids below `limit`; the flags for which none can be found become `PIPE_ALL` barriers."""
    while failures := _seek(program, limit, scope):
        # Before any pair goes: an acknowledgement knows by its pair whom it serves.
        reasons = {_served(failure.flag): failure.reason for failure in failures}
        # All acknowledgements go. The next round makes those that the flags which are left need.
        for pair in program.syncs()[0]:
            if pair.acknowledges is not None:
                program.remove(pair)
        for flag, reason in reasons.items():
            for pair in list(flag.pairs):
                program.remove(pair)
                why = f"no event id is left for a flag from {flag.src.name} to {flag.dst.name}, {reason.value}"
                program.add(Barrier(None, pair.block, pair.wait_gap, why))
        solve(program)


def _thin_out(program: Program, limit: int, scope: Scope) -> None:
    """Take away what remedies have made superfluous, if all flags find ids without it."""
    removed = prune(program)
    if removed and not _color(program, limit, scope):
        # One of them told somebody that a wait is over.
        for sync in removed:
            program.add(sync)
        complete = _color(program, limit, scope)
        assert complete, "with what was put back the ids suffice again"


def _color(program: Program, limit: int, scope: Scope) -> bool:
    """Give all flags ids as they are; whether that is possible."""
    return Coloring(program, Timing(program), limit, scope).run(lambda _: None)


def _served(flag: Flag) -> Flag:
    """The flag that an acknowledgement is for, or the flag itself."""
    served = flag.pairs[0].acknowledges
    return flag if served is None else _served(served)


def _seek(program: Program, limit: int, scope: Scope) -> list[Failure]:
    """Color the flags, with as many rounds of remedies as it takes; what is left without an id in the end."""
    for number in range(MOST_ROUNDS):
        timing = Timing(program)
        remedies = Remedies(program, timing)
        if Coloring(program, timing, limit, scope).run(remedies.relieve):
            # Before the first round of remedies nothing is superfluous.
            if number:
                _thin_out(program, limit, scope)
            return []
        if not remedies.applied:
            remedies = Remedies(program, timing, shortens=True)
            Coloring(program, timing, limit, scope).run(remedies.relieve)
        if not remedies.applied:
            break
        if remedies.risky:
            repair(program)
    failures: list[Failure] = []

    def note(failure: Failure) -> Relief | None:
        failures.append(failure)
        return None

    Coloring(program, Timing(program), limit, scope).run(note)
    return failures
