"""What cube and vector kernel share: tiles from their declarations, ends of the FIFOs, the loop over Q blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flash_atten.config import S0, KernelConfig
from flash_atten.fifo import DTYPE_BYTES, FIFO_SLOTS, Fifo, Fifos
from flash_atten.memory import TileDecl
from ptodsl import pto, scalar
from ptodsl.dialect import CUBE_TO_VECTOR, VECTOR_TO_CUBE, ElementType, TileBufType
from ptodsl.module import Arguments
from ptodsl.values import PartitionView, Pipe, Scalar, TensorView, Tile, Value

DTYPES: dict[str, ElementType] = {"f16": pto.float16, "f32": pto.float32}
"""The DSL's types of the element types in declarations."""

SLOT_ARGUMENTS = {"f32": "gm_slots", "f16": "gm_slots_f16"}
"""The kernel's arguments that point to the FIFO slots: one buffer, under each of its element types. A FIFO needs a base
of its entries' type, and the assembler has no cast between pointers.
"""

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
class FifoEnd:
    """One core's end of a FIFO: the handle, and the entry that its operations bind to a slot (or a core's half of
    it).
    """

    pipe: Pipe
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
class Launch:
    """The run-time shape of a launch."""

    q_rows: Scalar
    s1: Scalar
    tiles: Scalar
    """Tiles in S1."""

    @classmethod
    def of(cls, config: KernelConfig, arguments: Arguments) -> Launch:
        """Read the shape from the kernel's arguments."""
        q_rows, s1 = (scalar.index_cast(arguments.scalar(name)) for name in ("s0", "s1"))
        return cls(q_rows, s1, s1 // config.s1_tile)

    def blocks(self) -> Iterator[Scalar]:
        """Iterate over the Q blocks of this core, on the device: its own index, then every block_num-th after it."""
        first, step = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
        return pto.range(first, self.q_rows // S0, step)
