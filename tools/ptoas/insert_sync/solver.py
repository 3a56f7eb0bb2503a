"""Which syncs a program needs: repair it hazard by hazard, then take away what turned out to be implied."""

from __future__ import annotations

from isa.pipes import Pipe
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.nodes import Block, number_gaps
from tools.ptoas.insert_sync.program import Program
from tools.ptoas.insert_sync.prune import prune
from tools.ptoas.insert_sync.repair import repair
from tools.ptoas.insert_sync.syncs import Flag, FlagPair


def solve(program: Program) -> None:
    """Add to `program` the syncs that order all its conflicts, none of which the others imply."""
    repair(program)
    share_flags(program)
    # A flag that is shared by loops in a row is primed before the first of them.
    repair(program)
    prune(program)


def share_flags(program: Program) -> None:
    """Let pairs of several loops that guard the same bytes use one flag.

    The flag then says that these bytes are free, whichever loop used them last: no loop needs a prime of its own,
    and nothing needs to order one loop after the other.
    """
    number = number_gaps(program.code)

    def apart(host: Flag, pair: FlagPair) -> bool:
        """Whether all pairs of a flag are in other blocks than the pair, and set before it waits."""
        last = host.pairs[-1]
        free = number[id(last.block), last.set_gap] < number[id(pair.block), pair.wait_gap]
        return free and id(pair.block) not in blocks[host]

    hosts: dict[tuple[Pipe, Pipe, Block, frozenset[ByteRange]], list[Flag]] = {}
    blocks: dict[Flag, set[int]] = {}
    # In program order, so that a host's last pair is the latest one.
    for pair in sorted(program.syncs()[0], key=lambda pair: number[id(pair.block), pair.wait_gap]):
        flag = pair.flag
        if flag.frame is None or flag.rotation is not None or len(flag.pairs) > 1:
            continue
        candidates = hosts.setdefault((flag.src, flag.dst, flag.frame.block, pair.guards), [])
        host = next((host for host in candidates if apart(host, pair)), flag)
        if host is flag:
            candidates.append(flag)
            blocks[flag] = set()
        else:
            program.remove(pair)
            program.extend(host, [pair], flag.frame)
        blocks[host].add(id(pair.block))
