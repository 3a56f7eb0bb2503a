"""Makes a `Program` of a block: copies the bodies of loops, numbers the operations, finds what conflicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from isa.pipes import QUEUES, Pipe
from isa.repeats import SAFE_DISTANCE, VRule, distance, repeats_of
from isa.repeats import Operation as Walk
from tools.ptoas.byte_ranges import ByteRange
from tools.ptoas.insert_sync.nodes import (
    Access,
    Block,
    Copies,
    IfNode,
    LoopNode,
    Node,
    OpNode,
    code_blocks,
    inner_blocks,
    iter_code,
)
from tools.ptoas.insert_sync.program import Kind, Program, Site, iter_bits
from tools.ptoas.insert_sync.syncs import Gap

Signature = tuple[Pipe, tuple[Access, ...], Walk | None]
"""What operations of a kind have in common, in whatever block."""


def build_program(code: Block, v_rule: VRule = VRule.STRICT) -> Program:
    """Number the operations of `code`, make the gaps and compute the conflicts."""
    for block in iter_code(code):
        block.gaps = [Gap() for _ in range(len(block.nodes) + 1)]
        for place, node in enumerate(block.nodes):
            for inner in code_blocks(node):
                inner.owner, inner.parent, inner.parent_index = node, block, place
    loops = (node for block in iter_code(code) for node in block.nodes if isinstance(node, LoopNode))
    root = _copy(code, {}) if any(loop.copies > 1 for loop in loops) else code
    numbering = _Numbering()
    numbering.block(root)
    kinds, masks = _find_kinds(numbering)
    if v_rule is VRule.REPEATS:
        _count_repeats(numbering.ops, masks[Pipe.V])
    return Program(code, root, numbering.ops, numbering.sites, kinds, masks, dict(numbering.copies_of), v_rule)


def _copy(block: Block, copies: Copies) -> Block:
    """A block as it is in the given copies of the loops around, with the gaps of the code."""
    return Block([_copy_node(node, copies) for node in block.nodes], block.gaps, code=block)


def _copy_node(node: Node, copies: Copies) -> Node:
    if isinstance(node, OpNode):
        taken = tuple(
            Access(access.bytes, access.writes)
            for access in node.accesses
            if all(phase.holds(copies) for phase in access.when)
        )
        # Without their conditions several accesses may be the same.
        return OpNode(node.pipe, tuple(dict.fromkeys(taken)), node.payload, walk=node.walk)
    if isinstance(node, LoopNode):
        bodies = [_copy(node.body, {**copies, node: number}) for number in range(node.copies)]
        for number, body in enumerate(bodies):
            body.copy = number
        copied = LoopNode(node.body, node.payload, node.fewest_trips, node.most_trips, node.copies, node.start)
        copied.bodies, copied.code = tuple(bodies), node
        return copied
    if isinstance(node, IfNode):
        when = node.when or ((),) * len(node.branches)
        taken_branches = [
            branch
            for branch, phases in zip(node.branches, when, strict=True)
            if all(phase.holds(copies) for phase in phases)
        ]
        # A copy in which nothing is taken is code that never runs.
        return IfNode(tuple(_copy(branch, copies) for branch in taken_branches or node.branches), node.payload)
    return node


@dataclass
class _Numbering:
    """Walks a tree in program order."""

    ops: list[OpNode] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    copies_of: dict[int, list[Block]] = field(default_factory=lambda: defaultdict(list))

    def block(self, block: Block) -> None:
        """Number what is in a block."""
        block.first = len(self.ops)
        self.copies_of[id(block.original)].append(block)
        for place, node in enumerate(block.nodes):
            if isinstance(node, OpNode):
                node.index = len(self.ops)
                self.ops.append(node)
                self.sites.append(Site(block, place))
            elif isinstance(node, LoopNode):
                node.bodies = node.bodies or (node.body,)
            for inner in inner_blocks(node):
                inner.owner, inner.parent, inner.parent_index = node, block, place
                self.block(inner)
        block.end = len(self.ops)


def _find_kinds(numbering: _Numbering) -> tuple[list[Kind], list[int]]:
    """Give a bit to every kind that conflicts with something, and every operation its conflicts."""
    signatures: dict[Signature, int] = {}
    for op in numbering.ops:
        signatures.setdefault(_signature(op), len(signatures))
    conflicts = _conflicts(signatures)
    kinds: list[Kind] = []
    bits: dict[tuple[int, Block], int] = {}
    masks, bits_of = [0] * QUEUES, [0] * len(signatures)
    for op, site in zip(numbering.ops, numbering.sites, strict=True):
        number = signatures[_signature(op)]
        # Bits are given in program order: those given so far are the kinds before it.
        op.earlier = (1 << len(kinds)) - 1
        if not conflicts[number]:
            continue
        key = number, site.block
        if key not in bits:
            bits[key] = 1 << len(kinds)
            kinds.append(Kind(op.pipe, site.block, []))
            masks[op.pipe] |= bits[key]
            bits_of[number] |= bits[key]
        op.bit = bits[key]
        op.adds = tuple(op.bit if pipe != op.pipe or pipe == Pipe.V else 0 for pipe in range(QUEUES))
        kinds[op.bit.bit_length() - 1].places.append(site.place)
    # Many operations share a signature: spread the conflicts of signatures once.
    spread = [0] * len(signatures)
    for number, mask in enumerate(conflicts):
        for other in iter_bits(mask):
            spread[number] |= bits_of[other]
    for op in numbering.ops:
        op.conflicts = spread[signatures[_signature(op)]]
    return kinds, masks


def _signature(op: OpNode) -> Signature:
    return op.pipe, op.accesses, op.walk


def _count_repeats(ops: list[OpNode], vector: int) -> None:
    """Tell each operation on V, of which `vector` are all, how many repeats it is away from those it conflicts with."""
    # One walk speaks for a kind, since it is a part of the signature.
    walks = {op.bit: op.walk for op in ops if op.bit & vector}
    needs: dict[tuple[Walk | None, int], tuple[tuple[int, int], ...]] = {}
    for op in ops:
        if op.pipe is not Pipe.V:
            continue
        op.repeats = 0 if op.walk is None else min(repeats_of(op.walk), SAFE_DISTANCE)
        op.vector_conflicts = op.conflicts & vector
        key = op.walk, op.vector_conflicts
        if key not in needs:
            needs[key] = tuple(_needed_repeats(op, walks).items())
        op.needed_repeats = needs[key]


def _needed_repeats(op: OpNode, walks: dict[int, Walk | None]) -> dict[int, int]:
    """Per number of repeats that must be issued in between, the operations on V for which it is that."""
    needed: dict[int, int] = defaultdict(int)
    for number in iter_bits(op.vector_conflicts):
        bit = 1 << number
        # Of an unknown walk the last repeat may touch what the first one of the next operation does.
        nearest = _WORST if op.walk is None or (walk := walks[bit]) is None else distance(walk, op.walk)
        # The accesses do conflict, so that walks which show nothing of it count as the worst.
        missing = SAFE_DISTANCE - (_WORST if nearest is None else nearest)
        if missing > 0:
            needed[missing] |= bit
    return needed


_WORST = 1
"""Repeats from the last one of an operation to the first one of the next."""


def _conflicts(signatures: dict[Signature, int]) -> list[int]:
    """Per signature, those that it conflicts with so that it matters: on other pipes, or both on V."""
    readers: dict[ByteRange, int] = defaultdict(int)
    writers: dict[ByteRange, int] = defaultdict(int)
    pipes = [0] * QUEUES
    for (pipe, accesses, _), number in signatures.items():
        pipes[pipe] |= 1 << number
        for access in accesses:
            (writers if access.writes else readers)[access.bytes] |= 1 << number
    written: dict[ByteRange, int] = defaultdict(int)
    touched: dict[ByteRange, int] = defaultdict(int)
    for one, other in _overlapping({*readers, *writers}):
        written[one] |= writers.get(other, 0)
        touched[one] |= writers.get(other, 0) | readers.get(other, 0)
    found = []
    for pipe, accesses, _ in signatures:
        mask = 0
        for access in accesses:
            mask |= touched[access.bytes] if access.writes else written[access.bytes]
        # Every other pipe finishes an operation before it starts the next, so only V can conflict with itself.
        found.append(mask if pipe is Pipe.V else mask & ~pipes[pipe])
    return found


def _overlapping(ranges: Iterable[ByteRange]) -> Iterator[tuple[ByteRange, ByteRange]]:
    """All pairs of ranges with a byte in common, in both orders, and each range with itself."""
    buffers: dict[str, list[ByteRange]] = defaultdict(list)
    for item in ranges:
        buffers[item.buffer].append(item)
    for items in buffers.values():
        items.sort(key=lambda item: (item.start, item.end))
        # A sweep by start keeps the ranges that are not over yet, so that the cost is that of the pairs found.
        open_: list[ByteRange] = []
        for item in items:
            open_ = [other for other in open_ if other.end > item.start]
            yield item, item
            for other in open_:
                yield item, other
                yield other, item
            open_.append(item)
