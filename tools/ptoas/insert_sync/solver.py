"""Which syncs a program needs: repair it hazard by hazard, then take away what turned out to be implied."""

from __future__ import annotations

from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.program import Flag, FlagPair, Frame, Pipe, Program, number_gaps
from tools.ptoas.insert_sync.prune import prune
from tools.ptoas.insert_sync.repair import repair


def solve(program: Program) -> None:
    """Add to `program` the syncs that order all its conflicts, none of which the others imply."""
    repair(program)
    share_flags(program)
    prune(program)


def share_flags(program: Program) -> None:
    """Let pairs of several loops that guard the same bytes use one flag.

    The flag then says that these bytes are free, whichever loop used them last: no loop needs a prime of its own,
    and nothing needs to order one loop after the other.
    """
    number = number_gaps(program.code)

    def busy(pair: FlagPair) -> tuple[int, int]:
        return number[id(pair.block), pair.wait_gap], number[id(pair.block), pair.set_gap]

    def apart(pair: FlagPair, other: FlagPair) -> bool:
        (wait, set_), (other_wait, other_set) = busy(pair), busy(other)
        return pair.block is not other.block and (set_ < other_wait or other_set < wait)

    hosts: dict[tuple[Pipe, Pipe, Frame, frozenset[ByteRange]], list[Flag]] = {}
    for pair in program.syncs()[0]:
        flag = pair.flag
        if flag.frame is None or len(flag.pairs) > 1:
            continue
        candidates = hosts.setdefault((flag.src, flag.dst, flag.frame, pair.guards), [])
        host = next((host for host in candidates if all(apart(pair, other) for other in host.pairs)), None)
        if host is None:
            candidates.append(flag)
        else:
            program.remove_pair(pair)
            pair.flag = host
            program.add_pair(pair)
