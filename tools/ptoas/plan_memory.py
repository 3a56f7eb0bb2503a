"""Give every on-chip tile its byte address: a pure plan first, then the rewriting that records it in the module.

Each function plans each buffer for itself. If all tiles of a buffer fit side by side they get places of their own, in
program order: sharing bytes makes operations depend on each other, which costs synchronisation. In a buffer that would
overflow, tiles that find no place of their own, the largest first, share bytes with tiles that are never live at the
same time; if that leaves gaps that are too small, all tiles are packed like that. Tiles with an address given by the
program keep it and share with nobody that has none. The bytes in which the device library works unasked are no place
for tiles of a function with an operation that makes it do so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i32, i64
from xdsl.ir import Block, Operation

from isa import a3
from ptodsl.dialect import AllocationOp, Loc, ReserveBufferOp, checks, uses_library_scratch
from tools.ptoas.diagnostics import OperationError, user_place, wrong
from tools.ptoas.functions import functions_of
from tools.ptoas.insertion import insert_before
from tools.ptoas.live_ranges import ALWAYS, LiveRange, live_ranges

LARGEST_SHOWN = 5
"""Tiles named in the message of an overflow."""


Placed = AllocationOp | ReserveBufferOp
"""What takes bytes: tiles, and rings of FIFOs of tiles."""


@dataclass(frozen=True)
class Tile:
    """What the planner knows of an allocation."""

    op: Placed
    loc: Loc
    size: int
    """Bytes, rounded up to the buffer's alignment."""
    live: LiveRange
    fixed: int | None
    """Byte address that the program asks for."""

    @property
    def words(self) -> str:
        """What it is, for a message."""
        if isinstance(self.op, ReserveBufferOp):
            return f"reserved for the FIFO {self.op.buffer_name.data!r}"
        return checks.describe(self.op.tile_type)


@dataclass(frozen=True)
class Room:
    """What a buffer has for the tiles of one function."""

    buffer: a3.Buffer
    reason: Operation | None = None
    """An operation for which the library's scratch must be free, if there is one."""

    @property
    def end(self) -> int:
        """One past the last byte for tiles: the scratch lies at the end of its buffer."""
        return self.buffer.size if self.reason is None else a3.LIBRARY_SCRATCH.start

    def check(self, tile: Tile) -> None:
        """Raise OperationError if a tile with an address of its own reaches into the scratch."""
        if self.reason is None or tile.fixed is None or tile.fixed + tile.size <= self.end:
            return
        raise wrong(
            tile.op,
            f"bytes {tile.fixed} to {tile.fixed + tile.size} of {self.buffer.name} reach into the "
            f"scratch of the device library from {self.end} on, which {self.words}. Use addresses below",
        )

    @property
    def words(self) -> str:
        """Who needs the scratch."""
        assert self.reason is not None
        return f"{self.reason.name}{_at(self.reason)} overwrites"


@dataclass(frozen=True)
class MemoryPlan:
    """The byte address of every tile within the buffer of its type."""

    addresses: Mapping[Placed, int]

    def address(self, op: Placed) -> int:
        """Byte offset of the tile's first byte."""
        return self.addresses[op]


def plan_memory(module: ModuleOp) -> MemoryPlan:
    """Choose addresses without changing the module.

    Raises:
        OperationError: a buffer is too small for its tiles ("local memory allocation failed"), or an address is not a
            constant, or reaches into the library's scratch.
    """
    addresses: dict[Placed, int] = {}
    for function in functions_of(module):
        reason = next((op for op in function.walk() if uses_library_scratch(op)), None)
        for tiles in _tiles_by_buffer(function.body.block).values():
            buffer = tiles[0].loc.buffer
            room = Room(buffer, reason if buffer is a3.LIBRARY_SCRATCH.buffer else None)
            addresses.update(_place(tiles, room, function.sym_name.data))
    return MemoryPlan(addresses)


def apply_plan(plan: MemoryPlan) -> None:
    """Give every allocation of the plan its address as a constant operand."""
    for op, address in plan.addresses.items():
        if isinstance(op, ReserveBufferOp):
            op.base = IntegerAttr(address, i32)
            continue
        if op.addr is not None:
            continue
        constant = ConstantOp(IntegerAttr(address, i64))
        insert_before(op, constant)
        op.set_address(constant.result)


def _tiles_by_buffer(body: Block) -> dict[str, list[Tile]]:
    """Tiles of a function by the buffer they live in, in program order."""
    tiles: dict[str, list[Tile]] = defaultdict(list)
    for op, live in live_ranges(body).items():
        loc, buffer = op.tile_type.loc, op.tile_type.loc.buffer
        size = -(-op.byte_size // buffer.alignment) * buffer.alignment
        tiles[buffer.name].append(Tile(op, loc, size, live, _fixed_address(op)))
    for ring in body.walk():
        if isinstance(ring, ReserveBufferOp):
            size = -(-ring.byte_size // a3.TILE_ALIGNMENT) * a3.TILE_ALIGNMENT
            # The producer, which is another core, may write into the ring at any time.
            tiles[ring.loc.buffer.name].append(Tile(ring, ring.loc, size, ALWAYS, _fixed_address(ring)))
    return tiles


def _fixed_address(op: Placed) -> int | None:
    if isinstance(op, ReserveBufferOp):
        return None if op.base is None else int(op.base.value.data)
    if op.addr is None:
        return None
    address = checks.constant_int(op.addr)
    if address is None:
        raise wrong(op, "addr must be a constant, so that dependences between tiles are known")
    return address


def _place(tiles: Sequence[Tile], room: Room, function: str) -> dict[Placed, int]:
    """Addresses of the tiles of one buffer."""
    fixed = [tile for tile in tiles if tile.fixed is not None]
    free = [tile for tile in tiles if tile.fixed is None]
    by_size = sorted(free, key=lambda tile: -tile.size)
    for tile in fixed:
        room.check(tile)
    # One after the other: nobody shares bytes, those do that find no place of their own, all do.
    for order, policy in ((free, (False,)), (by_size, (False, True)), (by_size, (True,))):
        placed = _first_fit(fixed, order, policy, room.end)
        if _top(placed) <= room.end:
            return {tile.op: address for tile, address in placed.items()}
    raise _overflow(tiles, room, _top(placed), function)


def _first_fit(fixed: Sequence[Tile], free: Sequence[Tile], policy: Sequence[bool], size: int) -> dict[Tile, int]:
    """Place tile after tile; `policy` says whether to share bytes, at first and then where that does not fit."""
    placed = {tile: tile.fixed for tile in fixed if tile.fixed is not None}
    for tile in free:
        for share in policy:
            # What fits nowhere is placed beyond the end all the same: `_top` then says how much would be needed.
            address = _lowest(tile, placed, share)
            if address + tile.size <= size:
                break
        placed[tile] = address
    return placed


def _lowest(tile: Tile, placed: Mapping[Tile, int], share: bool) -> int:
    """The lowest address where the tile meets no other one or, with `share`, none that is live at the same time."""
    address = 0
    rivals = (
        (start, start + other.size)
        for other, start in placed.items()
        if not share or other.fixed is not None or other.live.overlaps(tile.live)
    )
    for start, end in sorted(rivals):
        if address + tile.size <= start:
            break
        # Rivals may overlap each other, so one that starts later may end earlier.
        address = max(address, end)
    return address


def _top(placed: Mapping[Tile, int]) -> int:
    return max(address + tile.size for tile, address in placed.items())


def _overflow(tiles: Sequence[Tile], room: Room, need: int, function: str) -> OperationError:
    """The error for a buffer that is too small, naming its largest tiles."""
    largest = sorted(tiles, key=lambda tile: -tile.size)[:LARGEST_SHOWN]
    shown = "; ".join(f"{tile.size} bytes {tile.words}{_at(tile.op)}" for tile in largest)
    scratch = "" if room.reason is None else f" before the scratch of the device library, which {room.words}"
    return OperationError(
        largest[0].op,
        f"local memory allocation failed: {room.buffer.name} has {room.end} bytes{scratch}, but the {len(tiles)} tiles "
        f"of @{function} need {need} even where tiles that are not live at the same time share bytes; "
        f"the largest are {shown}. Use smaller tiles, or use one tile for several purposes.",
    )


def _at(op: Operation) -> str:
    place = user_place(op)
    return "" if place is None else f" at {place.file}:{place.line}"
