"""Where two operations meet that depend on each other, and the flag pair that orders them there."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from isa.pipes import EVENT_IDS
from tools.ptoas.insert_sync.nodes import IfNode, LoopNode
from tools.ptoas.insert_sync.program import Program, Site
from tools.ptoas.insert_sync.syncs import Rotation


@dataclass(frozen=True, slots=True)
class Meeting:
    """The enclosing nodes of producer and consumer in one block, or in two copies of one."""

    set_site: Site
    wait_site: Site
    loop: LoopNode | None
    """The loop that carries the dependence from pass to pass; None if it is within one execution of the block."""
    distance: int
    """Passes of the loop from the producer to the consumer, at least."""
    branch: tuple[Site, Site] | None = None
    """The same in the branch of an if that holds both, if the two are lifted out of one."""

    @property
    def lateness(self) -> tuple[bool, int, int, int]:
        """Orders producers by time: this pass after earlier ones, inner blocks after outer ones, then by place."""
        return (
            self.loop is None,
            sum(1 for _ in self.set_site.ancestors()),
            -self.distance,
            self.set_site.place,
        )


def latest(program: Program, bit: int, consumer: Site) -> Site:
    """Where the operation stands that a pending kind stands for at `consumer`: the last one before it.

    That is the last in the kind's block before the node that holds the consumer, else the last of the pass before.
    """
    kind = program.kinds[bit]
    for site in consumer.ancestors():
        if site.block is kind.block:
            # Index -1 is the last one of the pass before.
            return Site(kind.block, kind.places[bisect_left(kind.places, site.place) - 1])
    return Site(kind.block, kind.places[-1])


def meet(producer: Site, consumer: Site) -> Meeting:
    """The innermost block around two operations.

    If the producer's node comes first, the dependence is within one execution of that block and no loop carries it.
    Otherwise both are lifted to the body of the innermost loop around them, or to two copies of it.
    """
    inside = {id(site.block): site for site in producer.ancestors()}
    passes = {id(site.block.owner): site for site in inside.values() if isinstance(site.block.owner, LoopNode)}
    for site in consumer.ancestors():
        mine = inside.get(id(site.block))
        if mine is not None:
            return Meeting(mine, site, None, 0) if mine.place < site.place else _carried(mine, site, inside)
        owner = site.block.owner
        if isinstance(owner, LoopNode) and id(owner) in passes:
            mine = passes[id(owner)]
            return Meeting(mine, site, owner, (site.block.copy - mine.block.copy) % owner.copies)
    raise AssertionError("two operations of one program have a block in common")


def _carried(producer: Site, consumer: Site, inside: dict[int, Site]) -> Meeting:
    """The meeting of two nodes of a block of which the consumer's comes first: in the body of the loop around."""
    branch = (producer, consumer) if isinstance(producer.block.owner, IfNode) else None
    for outer in consumer.ancestors():
        owner = outer.block.owner
        if isinstance(owner, LoopNode):
            # Both are in one copy of the body, which comes again when all the others have been.
            return Meeting(inside[id(outer.block)], outer, owner, owner.copies, branch)
    raise AssertionError("a dependence that goes backwards needs a loop around it")


def rotation_for(loop: LoopNode, distance: int, *, sets_first: bool) -> Rotation | None:
    """The rotation of a flag for a dependence over `distance` passes; None if one id does.

    A flag whose pairs set first needs an id more than there are passes between. The loop's copies limit the ids: if
    these are not enough, the flag waits for a later pass. Where the first pass is not known, nor is it which ids are
    set at the end, unless all are.
    """
    if distance == 1 and not sets_first:
        return None
    counts = divisors(loop.copies)
    for ids in counts:
        if distance + sets_first <= ids and (distance == ids or loop.start is not None):
            return Rotation(loop.original, ids, distance)
    whole = [ids for ids in counts if ids <= distance and not sets_first]
    return Rotation(loop.original, whole[-1], whole[-1]) if whole else None


def divisors(copies: int) -> list[int]:
    """The numbers of ids that a flag in a loop with so many copies may have, but for one."""
    return [ids for ids in range(2, min(copies, EVENT_IDS) + 1) if copies % ids == 0]
