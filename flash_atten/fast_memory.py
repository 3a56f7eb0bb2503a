"""Which tiles the fast schedule keeps in the on-chip buffers of a core."""

from __future__ import annotations

from dataclasses import dataclass

from flash_atten.config import CUBE_S1, FAST, HEAD, S0, KernelConfig
from flash_atten.fifo import DTYPE_BYTES
from flash_atten.memory import L1_BUFFERS, SCORE_BUFFERS, TRANSPOSED_MAT, TileDecl
from isa import a3

QK_PARTS = 2
"""Accumulators of QK, and parts that its rows are computed in: while one is stored, the other is multiplied."""

QK_ROWS = S0 // QK_PARTS
"""Rows of a part."""

OUTPUT_PARTS = {256: 2, 512: 1}
"""By s1_tile: parts of a vector core's rows in which PV is loaded, accumulated and stored. Each part costs V a drain
more, but with two the second is loaded while the first is added: where a core has few tiles, that counts for more.
"""


def reduce_scratch(rows: int, cols: int, schedule: str = FAST) -> TileDecl:
    """Declare the scratch for row reductions of fp32 tiles of [rows, cols].

    Where the device's library has a path of its own for the shape, that path touches `a3.FAST_SCRATCH_BYTES` and no
    more, which FAST relies on; otherwise the scratch is as large as the tile.
    """
    if schedule == FAST and (rows, cols) in a3.FAST_ROW_REDUCTIONS:
        return TileDecl("reduce_scratch", "vec", "f32", rows, a3.FAST_SCRATCH_BYTES // DTYPE_BYTES["f32"] // rows)
    return TileDecl("reduce_scratch", "vec", "f32", rows, cols)


@dataclass(frozen=True)
class FastCubeTiles:
    """Tiles of the cube core. Shapes are [rows, columns]."""

    q_mat: TileDecl
    """Q of each lane, in parts. It stays in L1 for a pass and moves to L0A once per tile."""

    k_mat: TileDecl
    """A whole tile of K^T, in sub-tiles."""

    v_mat: TileDecl
    """A whole tile of V, in sub-tiles."""

    p_mat: TileDecl
    q_left: TileDecl
    p_left: TileDecl
    k_right: TileDecl
    v_right: TileDecl
    qk_acc: TileDecl
    pv_acc: TileDecl

    @classmethod
    def of(cls, config: KernelConfig) -> FastCubeTiles:
        """Declare the tiles for `config`."""
        subs = config.tile_factor
        return cls(
            q_mat=TileDecl("q_mat", "mat", "f16", QK_ROWS, HEAD, QK_PARTS * config.lanes),
            k_mat=TileDecl("k_mat", "mat", "f16", HEAD, CUBE_S1, subs, TRANSPOSED_MAT),
            v_mat=TileDecl("v_mat", "mat", "f16", CUBE_S1, HEAD, subs),
            p_mat=TileDecl("p_mat", "mat", "f16", S0, CUBE_S1, L1_BUFFERS),
            q_left=TileDecl("q_left", "left", "f16", QK_ROWS, HEAD, QK_PARTS),
            p_left=TileDecl("p_left", "left", "f16", S0, CUBE_S1),
            k_right=TileDecl("k_right", "right", "f16", HEAD, CUBE_S1),
            v_right=TileDecl("v_right", "right", "f16", CUBE_S1, HEAD),
            qk_acc=TileDecl("qk_acc", "acc", "f32", QK_ROWS, CUBE_S1, QK_PARTS),
            pv_acc=TileDecl("pv_acc", "acc", "f32", S0, HEAD),
        )


@dataclass(frozen=True)
class FastVectorTiles:
    """Tiles of one vector core. Row states are [row slices, rows of a slice], one value per row."""

    scores: TileDecl
    """QK of a row slice; softmax turns it into probabilities in place."""

    reduce_scratch: TileDecl
    probabilities: TileDecl
    pv: TileDecl
    """PV, in parts."""

    output: TileDecl
    """Per lane, its parts."""

    row_max: TileDecl
    """Running maximum of each lane, unscaled."""

    row_sum: TileDecl
    inverse_sum: TileDecl
    """1 / row sum of each lane's last pass: what the output is still to be multiplied by while the next pass begins."""

    rescale: TileDecl
    """Rescale factors of the last `qk_preload` logical tiles."""

    new_max: TileDecl
    """Maximum with the tile that is worked on, while the old one is still needed."""

    tile_max: TileDecl
    tile_sum: TileDecl
    exponent: TileDecl
    """Old minus new maximum, scaled, and then its exponential: the rescale factor, on its way to the ring."""

    factor: TileDecl
    """The rescale factor of the tile that is accumulated, out of the ring."""

    @classmethod
    def of(cls, config: KernelConfig) -> FastVectorTiles:
        """Declare the tiles for `config`."""
        rows, lanes, parts = config.slice_rows, config.lanes, OUTPUT_PARTS[config.s1_tile]
        part = config.vec_rows // parts

        def row_state(name: str, count: int = 1) -> TileDecl:
            return TileDecl(name, "vec", "f32", config.tile_factor, rows, count)

        return cls(
            scores=TileDecl("scores", "vec", "f32", rows, config.s1_tile, SCORE_BUFFERS),
            reduce_scratch=reduce_scratch(rows, config.s1_tile, config.schedule),
            probabilities=TileDecl("probabilities", "vec", "f16", rows, config.s1_tile),
            pv=TileDecl("pv", "vec", "f32", part, HEAD, parts),
            output=TileDecl("output", "vec", "f32", part, HEAD, lanes * parts),
            row_max=row_state("row_max", lanes),
            row_sum=row_state("row_sum", lanes),
            inverse_sum=row_state("inverse_sum", lanes),
            rescale=row_state("rescale", config.exp_ring),
            new_max=row_state("new_max"),
            tile_max=row_state("tile_max"),
            tile_sum=row_state("tile_sum"),
            exponent=row_state("exponent"),
            factor=row_state("factor"),
        )
