"""The cube kernel: compute_qk, a tile's scores into the QK FIFO, and compute_pv, its probabilities times V into the
PV FIFO.

Both work sub-tile by sub-tile (CUBE_S1 = 128 rows of K and V). In the steady state they alternate, so that one's loads
and stores run under the other's matmul.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flash_atten.config import CUBE_S1, HEAD, S0, KernelConfig
from flash_atten.kernel_parts import FifoEnd, FifoEnds, Launch, allocate, allocate_one
from flash_atten.memory import L1_BUFFERS, CubeTiles
from flash_atten.pipeline import Pipeline, Stages, run
from ptodsl import pto, tile
from ptodsl.module import Arguments
from ptodsl.values import PartitionView, Scalar, TensorView, Tile


@dataclass(frozen=True)
class CubeBuffers:
    """The cube core's tiles; a tuple has one per L1 buffer."""

    q_mat: Tile
    k_mat: tuple[Tile, ...]
    v_mat: tuple[Tile, ...]
    p_mat: tuple[Tile, ...]
    q_left: Tile
    p_left: Tile
    k_right: Tile
    v_right: Tile
    qk_acc: Tile
    pv_acc: Tile

    @classmethod
    def allocate(cls, tiles: CubeTiles) -> CubeBuffers:
        """Allocate what `tiles` declares."""
        return cls(
            q_mat=allocate_one(tiles.q_mat),
            k_mat=allocate(tiles.k_mat),
            v_mat=allocate(tiles.v_mat),
            p_mat=allocate(tiles.p_mat),
            q_left=allocate_one(tiles.q_left),
            p_left=allocate_one(tiles.p_left),
            k_right=allocate_one(tiles.k_right),
            v_right=allocate_one(tiles.v_right),
            qk_acc=allocate_one(tiles.qk_acc),
            pv_acc=allocate_one(tiles.pv_acc),
        )


@dataclass(frozen=True)
class Cube:
    """All that the stages of the cube kernel work on."""

    config: KernelConfig
    q: TensorView
    """[q_rows, HEAD], of all heads."""

    k_t: TensorView
    """K transposed, [HEAD, s1]: a DN view of the same bytes; of all heads."""

    v: TensorView
    """[s1, HEAD], of all heads."""

    fifos: FifoEnds
    buffers: CubeBuffers
    first_row: Scalar | None = None
    """The first row of K and V of the unit that is worked on; None is 0."""

    @property
    def last_sub(self) -> int:
        """Number of a tile's last sub-tile."""
        return self.config.tile_factor - 1

    def s1_row(self, s1_tile: Scalar, sub: int) -> Scalar:
        """Return the first row of K and V of a sub-tile."""
        row = s1_tile * self.config.s1_tile + sub * CUBE_S1
        return row if self.first_row is None else self.first_row + row


def build_cube_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the cube kernel."""
    launch = Launch.of(config, arguments)
    cube = Cube(
        config=config,
        q=pto.as_tensor(ptr=arguments["q"], shape=[launch.rows, HEAD], strides=[HEAD, 1]),
        k_t=pto.as_tensor(ptr=arguments["k"], shape=[HEAD, launch.keys], strides=[1, HEAD], layout="dn"),
        v=pto.as_tensor(ptr=arguments["v"], shape=[launch.keys, HEAD], strides=[HEAD, 1]),
        fifos=FifoEnds.open(config, arguments, S0),
        buffers=CubeBuffers.allocate(CubeTiles.of(config)),
    )
    for unit in launch.units():
        load_q(cube, unit.block)
        run(Pipeline(stages_of(replace(cube, first_row=unit.first_row)), launch.tiles, config.qk_preload))


def stages_of(cube: Cube) -> Stages:
    """Return what the cube core does for a unit."""
    return Stages(
        lead=lambda s1_tile, _: compute_qk(cube, s1_tile),
        trail=lambda s1_tile, _: compute_pv(cube, s1_tile),
        interleaved=lambda s1_tile, *_: compute_pv_and_qk(cube, s1_tile),
    )


def load_q(cube: Cube, block: Scalar) -> None:
    """Bring a Q block to L0A, where it stays until the next block."""
    buffers = cube.buffers
    pto.load(pto.slice_view(source=cube.q, offsets=[block * S0, 0], sizes=[S0, HEAD]), buffers.q_mat)
    tile.mov(buffers.q_mat, buffers.q_left)


def compute_qk(cube: Cube, s1_tile: Scalar) -> None:
    """Scores of a tile: Q K^T, [S0, s1_tile] fp32, unscaled, into the QK FIFO."""
    cube.fifos.qk.alloc()
    for sub in range(cube.config.tile_factor):
        emit_qk_sub(cube, s1_tile, sub)
    cube.fifos.qk.push()


def compute_pv(cube: Cube, s1_tile: Scalar) -> None:
    """Probabilities of a tile times V, [S0, HEAD] fp32, into the PV FIFO."""
    for sub in range(cube.config.tile_factor):
        emit_pv_sub(cube, s1_tile, sub)
    push_pv(cube)


def compute_pv_and_qk(cube: Cube, s1_tile: Scalar) -> None:
    """PV of tile t and QK of tile t + qk_preload, alternating sub-tile by sub-tile.

    The QK slot is taken after the first PV sub-tile is under way, and PV is pushed before the last QK sub-tile, so that
    neither waits for the other's FIFO.
    """
    ahead = s1_tile + cube.config.qk_preload
    for sub in range(cube.config.tile_factor):
        emit_pv_sub(cube, s1_tile, sub)
        if sub == 0:
            cube.fifos.qk.alloc()
        if sub == cube.last_sub:
            push_pv(cube)
        emit_qk_sub(cube, ahead, sub)
    cube.fifos.qk.push()


def emit_qk_sub(cube: Cube, s1_tile: Scalar, sub: int) -> None:
    """Q times one sub-tile of K^T, into its columns of the QK slot."""
    buffers = cube.buffers
    k_mat = buffers.k_mat[sub % L1_BUFFERS]
    row = cube.s1_row(s1_tile, sub)
    pto.load(pto.slice_view(source=cube.k_t, offsets=[0, row], sizes=[HEAD, CUBE_S1]), k_mat)
    tile.mov(k_mat, buffers.k_right)
    tile.matmul(buffers.q_left, buffers.k_right, buffers.qk_acc)
    pto.store(buffers.qk_acc, _columns(cube.fifos.qk, sub))


def emit_pv_sub(cube: Cube, s1_tile: Scalar, sub: int) -> None:
    """One sub-tile of P times its rows of V, added to the tile's PV. V is fetched before P is waited for."""
    buffers = cube.buffers
    v_mat, p_mat = buffers.v_mat[sub % L1_BUFFERS], buffers.p_mat[sub % L1_BUFFERS]
    row = cube.s1_row(s1_tile, sub)
    pto.load(pto.slice_view(source=cube.v, offsets=[row, 0], sizes=[CUBE_S1, HEAD]), v_mat)
    if sub == 0:
        cube.fifos.p.pop()
    pto.load(_columns(cube.fifos.p, sub), p_mat)
    if sub == cube.last_sub:
        cube.fifos.p.free()
    tile.mov(v_mat, buffers.v_right)
    tile.mov(p_mat, buffers.p_left)
    if sub == 0:
        tile.matmul(buffers.p_left, buffers.v_right, buffers.pv_acc)
    else:
        tile.matmul_acc(buffers.pv_acc, buffers.p_left, buffers.v_right, buffers.pv_acc)


def push_pv(cube: Cube) -> None:
    """Hand the tile's PV to the vector cores."""
    pv = cube.fifos.pv
    pv.alloc()
    pto.store(cube.buffers.pv_acc, pv.part(0, S0, 0, HEAD))
    pv.push()


def _columns(fifo: FifoEnd, sub: int) -> PartitionView:
    """Return the columns of a sub-tile in the slot of a FIFO."""
    return fifo.part(0, S0, sub * CUBE_S1, CUBE_S1)
