"""What the kernels share: tiles from their declarations, ends of the FIFOs, the loop over units of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flash_atten.config import S0, KernelConfig
from flash_atten.fifo import DTYPE_BYTES, FIFO_SLOTS, Fifo, Fifos
from flash_atten.memory import TileDecl
from flash_atten.plan import HEADS_ARGUMENT, SLOT_ARGUMENTS
from ptodsl import pto, scalar, tile
from ptodsl.dialect import CUBE_TO_VECTOR, VECTOR_TO_CUBE, ElementType, TileBufType
from ptodsl.module import Arguments
from ptodsl.values import FifoHandle, PartitionView, Scalar, TensorView, Tile, Value

DTYPES: dict[str, ElementType] = {"f16": pto.float16, "f32": pto.float32}
"""The DSL's types of the element types in declarations."""

SPLIT_UP_DOWN = 1
"""`split` of every FIFO operation: vector core 0 has the upper half of a slot's rows, 1 the lower."""


def tile_type(decl: TileDecl) -> TileBufType:
    """Return the tile type that `decl` declares."""
    blayout, slayout = decl.layout or (None, None)
    shape, dtype = (decl.rows, decl.cols), DTYPES[decl.dtype]
    return TileBufType.of(shape, dtype, decl.loc, blayout=blayout, slayout=slayout)


def allocate(decl: TileDecl) -> tuple[Tile, ...]:
    """Allocate the tiles of `decl`."""
    __tracebackhide__ = True
    return tuple(map(pto.alloc_tile, [tile_type(decl)] * decl.count))


def allocate_one(decl: TileDecl) -> Tile:
    """Allocate the only tile of `decl`."""
    __tracebackhide__ = True
    (tile,) = allocate(decl)
    return tile


@dataclass(frozen=True)
class RowState:
    """One value per row of a row slice, under both of its shapes: the same bytes."""

    column: Tile
    """[rows, 1], for row reductions and row broadcasts."""

    flat: Tile
    """[1, rows], for element-wise operations."""

    rows: int

    @classmethod
    def allocate(cls, decl: TileDecl) -> tuple[RowState, ...]:
        """Allocate what `decl` declares."""
        __tracebackhide__ = True
        flat = pto.TileBufType(shape=[1, decl.rows], dtype=pto.float32)
        return tuple(cls(column, tile.reshape(flat, column), decl.rows) for column in allocate(decl))


@dataclass(frozen=True)
class FifoEnd:
    """One core's end of a FIFO: the handle, and the entry that its operations bind to a slot (or a core's half of
    it).
    """

    pipe: FifoHandle
    entry: TensorView

    @classmethod
    def open(cls, fifo: Fifo, core_slots: Mapping[str, Value], rows: int) -> FifoEnd:
        """Initialise the end of a core that sees `rows` rows of each slot. `core_slots` has the start of the core's GM
        region, by the element type that it points to.
        """
        direction = CUBE_TO_VECTOR if fifo.cube_to_vector else VECTOR_TO_CUBE
        slots = pto.add_ptr(core_slots[fifo.dtype], fifo.offset // DTYPE_BYTES[fifo.dtype])
        pipe = pto.initialize_l2g2l_pipe(
            dir_mask=direction,
            slot_size=fifo.slot_bytes,
            slot_num=FIFO_SLOTS,
            gm_addr=pto.as_tensor(ptr=slots, shape=[rows, fifo.cols], strides=[fifo.cols, 1]),
            flag_base=fifo.flag_base,
        )
        entry = pto.declare_global(pto.TensorType(shape=[rows, fifo.cols], dtype=DTYPES[fifo.dtype]))
        return cls(pipe, entry)

    def alloc(self) -> None:
        """Take the next slot for writing; waits until it is free."""
        __tracebackhide__ = True
        pto.talloc(self.entry, self.pipe, SPLIT_UP_DOWN)

    def push(self) -> None:
        """Hand the slot over, with what has been stored into it."""
        __tracebackhide__ = True
        pto.tpush(self.entry, self.pipe, SPLIT_UP_DOWN)

    def pop(self) -> None:
        """Take the next slot for reading; waits until it is full."""
        __tracebackhide__ = True
        pto.tpop_into(self.entry, self.pipe, SPLIT_UP_DOWN)

    def free(self) -> None:
        """Give the slot back once the loads from it are done."""
        __tracebackhide__ = True
        pto.tfree(self.pipe, SPLIT_UP_DOWN, entry=self.entry)

    def part(self, row: int, rows: int, col: int, cols: int) -> PartitionView:
        """Return the part of the slot at (row, col) of size [rows, cols]."""
        __tracebackhide__ = True
        return pto.slice_view(source=self.entry, offsets=[row, col], sizes=[rows, cols])


@dataclass(frozen=True)
class FifoEnds:
    """One core's ends of the three FIFOs."""

    qk: FifoEnd
    pv: FifoEnd
    p: FifoEnd

    @classmethod
    def open(cls, config: KernelConfig, arguments: Arguments, rows: int) -> FifoEnds:
        """Initialise the ends of a core that sees `rows` rows of each slot."""
        fifos = Fifos.of(config)
        block = scalar.index_cast(pto.get_block_idx())
        core_slots = {
            dtype: pto.add_ptr(arguments[name], block * (fifos.bytes_per_core // DTYPE_BYTES[dtype]))
            for dtype, name in SLOT_ARGUMENTS.items()
        }
        return cls(*(FifoEnd.open(fifo, core_slots, rows) for fifo in (fifos.qk, fifos.pv, fifos.p)))


@dataclass(frozen=True)
class Unit:
    """What a core works on in one turn: a Q block, and the keys for it."""

    number: Scalar
    """Its place among all units; partial results lie in this order."""

    block: Scalar
    """Its Q block, counted over all heads."""

    first_row: Scalar | None
    """The first row of K and V, counted over all heads; None is 0."""


@dataclass(frozen=True)
class Launch:
    """The run-time shape of a launch."""

    config: KernelConfig
    q_rows: Scalar
    """Rows of Q of one head."""

    rows: Scalar
    """Rows of Q and O of all heads."""

    keys: Scalar
    """Rows of K and V of all heads."""

    tiles: Scalar
    """Tiles of a unit."""

    parts: Scalar | int
    """Units for each Q block of a head, times heads."""

    @classmethod
    def of(cls, config: KernelConfig, arguments: Arguments) -> Launch:
        """Read the shape from the kernel's arguments."""
        q_rows, s1 = (scalar.index_cast(arguments.scalar(name)) for name in ("s0", "s1"))
        tiles = s1 // config.part_rows
        if not config.heads:
            return cls(config, q_rows, q_rows, s1, tiles, config.kv_split)
        heads = scalar.index_cast(arguments.scalar(HEADS_ARGUMENT))
        return cls(config, q_rows, heads * q_rows, heads * s1, tiles, heads * config.kv_split)

    def units(self) -> Iterator[Unit]:
        """Iterate over the units of this core, on the device: its own index, then every block_num-th after it.

        All Q blocks of a head take the same part of S1 one after the other, so that the cores share it in L2.
        """
        first, step = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
        if isinstance(self.parts, int) and self.parts == 1:
            for block in pto.range(first, self.q_rows // S0, step):
                yield Unit(block, block, None)
            return
        q_blocks = self.q_rows // S0
        rows_of_part = self.tiles * self.config.s1_tile
        for number in pto.range(first, q_blocks * self.parts, step):
            part = number // q_blocks
            yield Unit(number, self._block(number, part, q_blocks), part * rows_of_part)

    def _block(self, number: Scalar, part: Scalar, q_blocks: Scalar) -> Scalar:
        """Return the Q block, counted over all heads, of a unit."""
        if self.config.kv_split == 1:
            return number
        block = number % q_blocks
        return block + part // self.config.kv_split * q_blocks if self.config.heads else block

    def blocks(self) -> Iterator[Scalar]:
        """Iterate over the Q blocks, of all heads, that this core combines: its own index, then every block_num-th."""
        first, step = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
        return pto.range(first, self.rows // S0, step)

    def units_of(self, block: Scalar) -> list[Scalar]:
        """Return the numbers of the units that take the parts of S1 for a Q block, counted over all heads."""
        q_blocks = self.q_rows // S0
        first = block
        if self.config.heads:
            first = block // q_blocks * self.config.kv_split * q_blocks + block % q_blocks
        return [first, *(first + q_blocks * part for part in range(1, self.config.kv_split))]
