"""Which tiles the kernel keeps in the on-chip buffers of a core, and whether they fit.

The kernel allocates exactly the tiles declared here, so the budget is the kernel's own, not an estimate.
`flash_atten.memory_table` prints it.

Every tile of a core lives as long as its kernel, so a buffer must hold the sum of its tiles. The end of UB is not for
tiles: the kernel broadcasts row values (TROWEXPAND*), which the device library does there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flash_atten.config import CUBE_S1, HEAD, S0, KernelConfig
from flash_atten.fifo import DTYPE_BYTES
from isa import a3

L1_BUFFERS = 2
"""L1 tiles per cube operand: the next sub-tile's load overlaps the current matmul. Divides every tile factor."""

SCORE_BUFFERS = 2
"""UB tiles for scores: the next row slice's load overlaps the current softmax. Divides every tile factor."""

LARGEST_NAMED = 3
"""Tiles that an overflow error names."""


class BudgetError(ValueError):
    """The tiles of a buffer do not fit into it."""


@dataclass(frozen=True)
class TileDecl:
    """`count` tiles of one shape in one on-chip buffer."""

    name: str
    loc: str
    """Memory space as `!pto.tile_buf` names it: vec, mat, left, right, acc."""

    dtype: str
    """f16 or f32."""

    rows: int
    cols: int
    count: int = 1
    layout: tuple[str, str] | None = None
    """(blayout, slayout); None is the default of the memory space."""

    @property
    def buffer(self) -> a3.Buffer:
        """The on-chip buffer that holds it."""
        return a3.BUFFER_OF_LOC[self.loc]

    @property
    def tile_bytes(self) -> int:
        """Bytes of one tile, rounded up to the buffer's alignment."""
        size = self.rows * self.cols * DTYPE_BYTES[self.dtype]
        return -(-size // self.buffer.alignment) * self.buffer.alignment

    @property
    def shape_text(self) -> str:
        """Shape and element type, `[32, 256] f32`."""
        return f"[{self.rows}, {self.cols}] {self.dtype}"

    @property
    def total_bytes(self) -> int:
        """Bytes of all `count` tiles."""
        return self.count * self.tile_bytes


COL_MAJOR_VECTOR = ("col_major", "none_box")
"""Layout of a [rows, 1] tile: one value per row, contiguous."""

TRANSPOSED_MAT = ("row_major", "col_major")
"""Layout of a K^T tile in L1, loaded from a DN view."""


@dataclass(frozen=True)
class CubeTiles:
    """Tiles of the cube core. Shapes are [rows, columns]."""

    q_mat: TileDecl
    k_mat: TileDecl
    v_mat: TileDecl
    p_mat: TileDecl
    q_left: TileDecl
    p_left: TileDecl
    k_right: TileDecl
    v_right: TileDecl
    qk_acc: TileDecl
    pv_acc: TileDecl

    @classmethod
    def of(cls, config: KernelConfig) -> CubeTiles:
        """Declare the tiles. They hold sub-tiles of CUBE_S1 columns or rows, so they do not depend on the knobs.

        Q stays in L0A for a whole Q block. PV and QK each have their own operands and accumulator: while one
        multiplies, the other's operands are moved in and its result is stored.
        """
        del config
        return cls(
            q_mat=TileDecl("q_mat", "mat", "f16", S0, HEAD),
            k_mat=TileDecl("k_mat", "mat", "f16", HEAD, CUBE_S1, L1_BUFFERS, TRANSPOSED_MAT),
            v_mat=TileDecl("v_mat", "mat", "f16", CUBE_S1, HEAD, L1_BUFFERS),
            p_mat=TileDecl("p_mat", "mat", "f16", S0, CUBE_S1, L1_BUFFERS),
            q_left=TileDecl("q_left", "left", "f16", S0, HEAD),
            p_left=TileDecl("p_left", "left", "f16", S0, CUBE_S1),
            k_right=TileDecl("k_right", "right", "f16", HEAD, CUBE_S1),
            v_right=TileDecl("v_right", "right", "f16", CUBE_S1, HEAD),
            qk_acc=TileDecl("qk_acc", "acc", "f32", S0, CUBE_S1),
            pv_acc=TileDecl("pv_acc", "acc", "f32", S0, HEAD),
        )


@dataclass(frozen=True)
class VectorTiles:
    """Tiles of one vector core. A row slice has `config.slice_rows` rows; there are `config.tile_factor` of them."""

    scores: TileDecl
    """QK of a row slice; softmax turns it into probabilities in place."""

    reduce_scratch: TileDecl
    """Scratch of the row reductions."""

    probabilities: TileDecl
    """fp16 probabilities on their way to GM. One is enough: its store takes a tenth of a row slice's vector work."""

    pv: TileDecl
    output: TileDecl
    row_max: TileDecl
    """Running maximum, unscaled."""

    new_max: TileDecl
    """The same after this tile, while the old one is still needed."""

    exponent: TileDecl
    """Old minus new maximum, scaled: the exponent of the rescale factor."""

    rescale: TileDecl
    """exp_max of the last EXP_RING tiles: what the accumulated output is multiplied by before a tile's PV is added."""

    factor: TileDecl
    """exp_max of the tile that is accumulated, out of the ring."""

    row_sum: TileDecl
    tile_max: TileDecl
    tile_sum: TileDecl

    @classmethod
    def of(cls, config: KernelConfig) -> VectorTiles:
        """Declare the tiles for `config`. Counts run over row slices, and over ring slots before row slices."""
        rows, slices, ring = config.slice_rows, config.tile_factor, config.exp_ring

        def row_state(name: str, count: int) -> TileDecl:
            return TileDecl(name, "vec", "f32", rows, 1, count, COL_MAJOR_VECTOR)

        return cls(
            scores=TileDecl("scores", "vec", "f32", rows, config.s1_tile, SCORE_BUFFERS),
            reduce_scratch=TileDecl("reduce_scratch", "vec", "f32", rows, config.s1_tile),
            probabilities=TileDecl("probabilities", "vec", "f16", rows, config.s1_tile),
            pv=TileDecl("pv", "vec", "f32", rows, HEAD, slices),
            output=TileDecl("output", "vec", "f32", rows, HEAD, slices),
            row_max=row_state("row_max", slices),
            new_max=row_state("new_max", slices),
            exponent=row_state("exponent", slices),
            rescale=row_state("rescale", ring * slices),
            factor=row_state("factor", slices),
            row_sum=row_state("row_sum", slices),
            tile_max=row_state("tile_max", 1),
            tile_sum=row_state("tile_sum", 1),
        )


REDUCE_ROWS = 32
"""Rows of a row slice where partial results are combined: two slices are half of a Q block, and one is loaded while the
other is combined. Divides `KernelConfig.vec_rows`."""


@dataclass(frozen=True)
class ReduceTiles:
    """Tiles of one vector core where partial results are combined; each counts row slices, then parts of S1."""

    output: TileDecl
    row_max: TileDecl
    row_sum: TileDecl
    factor: TileDecl
    new_max: TileDecl
    """Maximum over the parts; one a row slice."""

    @classmethod
    def of(cls, config: KernelConfig) -> ReduceTiles:
        """Declare the tiles for `config`."""
        slices = config.vec_rows // REDUCE_ROWS
        each = slices * config.kv_split

        def row_state(name: str, count: int) -> TileDecl:
            return TileDecl(name, "vec", "f32", REDUCE_ROWS, 1, count, COL_MAJOR_VECTOR)

        return cls(
            output=TileDecl("output", "vec", "f32", REDUCE_ROWS, HEAD, each),
            row_max=row_state("row_max", each),
            row_sum=row_state("row_sum", each),
            factor=row_state("factor", each),
            new_max=row_state("new_max", slices),
        )


def declared(tiles: object) -> tuple[TileDecl, ...]:
    """Return all declarations of a core, in order: the fields of CubeTiles, VectorTiles or the like."""
    return tuple(vars(tiles).values())


def buffer_use(tiles: Sequence[TileDecl]) -> dict[a3.Buffer, list[TileDecl]]:
    """Group declarations by buffer, in order of first use."""
    use: dict[a3.Buffer, list[TileDecl]] = {}
    for tile in tiles:
        use.setdefault(tile.buffer, []).append(tile)
    return use


def room_in(buffer: a3.Buffer) -> int:
    """Bytes of a buffer that the kernel's tiles may take."""
    scratch = a3.LIBRARY_SCRATCH
    return scratch.start if buffer is scratch.buffer else buffer.size


def check_budget(tiles: Sequence[TileDecl]) -> None:
    """Raise BudgetError naming buffer, room, need and the largest tiles if `tiles` of one core do not fit."""
    for buffer, inside in buffer_use(tiles).items():
        need, room = sum(tile.total_bytes for tile in inside), room_in(buffer)
        if need <= room:
            continue
        largest = sorted(inside, key=lambda tile: tile.total_bytes, reverse=True)[:LARGEST_NAMED]
        names = ", ".join(f"{t.name} {t.count} x {t.shape_text} = {t.total_bytes} bytes" for t in largest)
        raise BudgetError(
            f"the tiles need {need} bytes of {buffer.name}, which has {room} for them: {need - room} too many. "
            f"The largest: {names}. Use fewer buffers of these, smaller slices, or a smaller s1_tile."
        )
