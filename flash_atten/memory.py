"""Which tiles the kernel keeps in the on-chip buffers of a core, and whether they fit.

The kernel allocates exactly the tiles declared here, so the budget is the kernel's own, not an estimate.
`flash_atten.memory_table` prints it.

Every tile of a core lives as long as its kernel, so a buffer must hold the sum of its tiles. The end of UB is not for
tiles: the kernel broadcasts row values (TROWEXPAND*), which the device library does there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flash_atten.config import CUBE_S1, FAST, HEAD, S0, KernelConfig
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


QK_PARTS = 2
"""In FAST and SINGLE: accumulators of QK, and parts that its rows are computed in. While one is stored, the other is
multiplied.
"""

OUTPUT_PARTS = {256: 2, 512: 1}
"""In FAST and SINGLE, by s1_tile: parts of a vector core's rows in which PV is loaded, accumulated and stored. Each
part costs V a drain more, but with two the second is loaded while the first is added: where a core has few tiles, that
counts for more.
"""


def output_parts(config: KernelConfig) -> int:
    """Return the parts of a vector core's rows in which its output is accumulated: by the recipe the row slices."""
    return config.tile_factor if config.by_recipe else OUTPUT_PARTS[config.s1_tile]


@dataclass(frozen=True)
class CubeTiles:
    """Tiles of the cube core. Shapes are [rows, columns]."""

    q_mat: TileDecl
    """Q of each lane, in parts. By the recipe it moves to L0A once for a Q block, else once per tile."""

    k_mat: TileDecl
    """Sub-tiles of K^T: by the recipe the next one's load overlaps the current product, else a whole tile is there."""

    v_mat: TileDecl
    """The same of V."""

    p_mat: TileDecl
    q_left: TileDecl
    p_left: TileDecl
    k_right: TileDecl
    v_right: TileDecl
    qk_acc: TileDecl
    pv_acc: TileDecl

    @classmethod
    def of(cls, config: KernelConfig) -> CubeTiles:
        """Declare the tiles for `config`.

        PV and QK each have their own operands and accumulator: while one multiplies, the other's operands are moved in
        and its result is stored.
        """
        parts, subs = (1, L1_BUFFERS) if config.by_recipe else (QK_PARTS, config.tile_factor)
        rows = S0 // parts
        return cls(
            q_mat=TileDecl("q_mat", "mat", "f16", rows, HEAD, parts * config.lanes),
            k_mat=TileDecl("k_mat", "mat", "f16", HEAD, CUBE_S1, subs, TRANSPOSED_MAT),
            v_mat=TileDecl("v_mat", "mat", "f16", CUBE_S1, HEAD, subs),
            p_mat=TileDecl("p_mat", "mat", "f16", S0, CUBE_S1, L1_BUFFERS),
            q_left=TileDecl("q_left", "left", "f16", rows, HEAD, parts),
            p_left=TileDecl("p_left", "left", "f16", S0, CUBE_S1),
            k_right=TileDecl("k_right", "right", "f16", HEAD, CUBE_S1),
            v_right=TileDecl("v_right", "right", "f16", CUBE_S1, HEAD),
            qk_acc=TileDecl("qk_acc", "acc", "f32", rows, CUBE_S1, parts),
            pv_acc=TileDecl("pv_acc", "acc", "f32", S0, HEAD),
        )


def reduce_scratch(rows: int, cols: int, schedule: str) -> TileDecl:
    """Declare the scratch for row reductions of fp32 tiles of [rows, cols].

    Where the device's library has a path of its own for the shape, that path touches `a3.FAST_SCRATCH_BYTES` and no
    more, which FAST relies on; otherwise the scratch is as large as the tile.
    """
    if schedule == FAST and (rows, cols) in a3.FAST_ROW_REDUCTIONS:
        return TileDecl("reduce_scratch", "vec", "f32", rows, a3.FAST_SCRATCH_BYTES // DTYPE_BYTES["f32"] // rows)
    return TileDecl("reduce_scratch", "vec", "f32", rows, cols)


@dataclass(frozen=True)
class VectorTiles:
    """Tiles of one vector core. A row slice has `config.slice_rows` rows; there are `config.tile_factor` of them.

    Row states have one value per row: by the recipe a tile [rows, 1] for each row slice, else one [slices, rows].
    """

    scores: TileDecl
    """QK of a row slice; softmax turns it into probabilities in place."""

    reduce_scratch: TileDecl
    """Scratch of the row reductions."""

    probabilities: TileDecl
    """fp16 probabilities on their way to GM. One is enough: its store takes a tenth of a row slice's vector work."""

    pv: TileDecl
    """PV, in the parts of the output."""

    output: TileDecl
    """Per lane, its parts."""

    row_max: TileDecl
    """Running maximum of each lane, unscaled."""

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

    inverse_sum: TileDecl
    """1 / row sum of each lane's last pass: what the output is still to be multiplied by while the next pass begins.
    None by the recipe, which divides.
    """

    @classmethod
    def of(cls, config: KernelConfig) -> VectorTiles:
        """Declare the tiles for `config`. Counts run over lanes or ring slots before row slices or parts."""
        rows, slices, parts = config.slice_rows, config.tile_factor, output_parts(config)

        def row_state(name: str, count: int = 1) -> TileDecl:
            if config.by_recipe:
                return TileDecl(name, "vec", "f32", rows, 1, count * slices, COL_MAJOR_VECTOR)
            return TileDecl(name, "vec", "f32", slices, rows, count)

        return cls(
            scores=TileDecl("scores", "vec", "f32", rows, config.s1_tile, SCORE_BUFFERS),
            reduce_scratch=reduce_scratch(rows, config.s1_tile, config.schedule),
            probabilities=TileDecl("probabilities", "vec", "f16", rows, config.s1_tile),
            pv=TileDecl("pv", "vec", "f32", config.vec_rows // parts, HEAD, parts),
            output=TileDecl("output", "vec", "f32", config.vec_rows // parts, HEAD, config.lanes * parts),
            row_max=row_state("row_max", config.lanes),
            new_max=row_state("new_max"),
            exponent=row_state("exponent"),
            rescale=row_state("rescale", config.exp_ring),
            factor=row_state("factor"),
            row_sum=row_state("row_sum", config.lanes),
            # Of one row slice at a time.
            tile_max=replace(row_state("tile_max"), count=1),
            tile_sum=replace(row_state("tile_sum"), count=1),
            inverse_sum=row_state("inverse_sum", 0 if config.by_recipe else config.lanes),
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


def declared(tiles: CubeTiles | VectorTiles | ReduceTiles) -> tuple[TileDecl, ...]:
    """Return all declarations of a core, in order, but those of no tile."""
    return tuple(tile for tile in vars(tiles).values() if tile.count)


def cores_of(config: KernelConfig) -> dict[str, tuple[TileDecl, ...]]:
    """Return the declarations of each core that the kernel runs on, by what the core is called."""
    cores = {"cube": declared(CubeTiles.of(config)), "vector": declared(VectorTiles.of(config))}
    if config.kv_split > 1:
        cores["vector, combining"] = declared(ReduceTiles.of(config))
    return cores


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


def check_budgets(config: KernelConfig) -> None:
    """Raise BudgetError if the kernel of `config` does not fit on a core."""
    for tiles in cores_of(config).values():
        check_budget(tiles)
