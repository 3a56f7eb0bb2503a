"""The cube kernel: compute_qk, a tile's scores into the QK FIFO, and compute_pv, its probabilities times V into the
PV FIFO.

Both work sub-tile by sub-tile (CUBE_S1 = 128 rows of K and V). In the steady state they alternate, so that one's loads
and stores run under the other's matmul. What a sub-tile is loaded, multiplied and stored with is every schedule's;
`fast_cube` puts it in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flash_atten.config import CUBE_S1, HEAD, S0, KernelConfig
from flash_atten.kernel_parts import FifoEnds, Launch, allocate, allocate_one
from flash_atten.memory import CubeTiles
from flash_atten.pipeline import Pipeline, Stages, run
from ptodsl import pto, tile
from ptodsl.module import Arguments
from ptodsl.values import Scalar, TensorView, Tile


@dataclass(frozen=True)
class CubeBuffers:
    """The cube core's tiles: q_mat per lane and part of Q's rows, q_left and qk_acc per part, others per L1 buffer."""

    q_mat: tuple[tuple[Tile, ...], ...]
    k_mat: tuple[Tile, ...]
    v_mat: tuple[Tile, ...]
    p_mat: tuple[Tile, ...]
    q_left: tuple[Tile, ...]
    p_left: Tile
    k_right: Tile
    v_right: Tile
    qk_acc: tuple[Tile, ...]
    pv_acc: Tile

    @classmethod
    def allocate(cls, tiles: CubeTiles) -> CubeBuffers:
        """Allocate what `tiles` declares."""
        q_mat, parts = allocate(tiles.q_mat), tiles.q_left.count
        return cls(
            q_mat=tuple(q_mat[first : first + parts] for first in range(0, len(q_mat), parts)),
            k_mat=allocate(tiles.k_mat),
            v_mat=allocate(tiles.v_mat),
            p_mat=allocate(tiles.p_mat),
            q_left=allocate(tiles.q_left),
            p_left=allocate_one(tiles.p_left),
            k_right=allocate_one(tiles.k_right),
            v_right=allocate_one(tiles.v_right),
            qk_acc=allocate(tiles.qk_acc),
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

    @classmethod
    def open(cls, config: KernelConfig, arguments: Arguments, launch: Launch) -> Cube:
        """Open the views of the operands and the FIFOs, and allocate the tiles."""
        return cls(
            config=config,
            q=pto.as_tensor(ptr=arguments["q"], shape=[launch.rows, HEAD], strides=[HEAD, 1]),
            k_t=pto.as_tensor(ptr=arguments["k"], shape=[HEAD, launch.keys], strides=[1, HEAD], layout="dn"),
            v=pto.as_tensor(ptr=arguments["v"], shape=[launch.keys, HEAD], strides=[HEAD, 1]),
            fifos=FifoEnds.open(config, arguments, S0),
            buffers=CubeBuffers.allocate(CubeTiles.of(config)),
        )

    @property
    def last_sub(self) -> int:
        """Number of a tile's last sub-tile."""
        return self.config.tile_factor - 1

    def s1_row(self, s1_tile: Scalar | int, sub: int) -> Scalar | int:
        """Return the first row of K and V of a sub-tile."""
        row = s1_tile * self.config.s1_tile + sub * CUBE_S1
        return row if self.first_row is None else self.first_row + row


def build_cube_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the cube kernel."""
    launch = Launch.of(config, arguments)
    cube = Cube.open(config, arguments, launch)
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
    ((q_mat,),), (q_left,) = cube.buffers.q_mat, cube.buffers.q_left
    pto.load(pto.slice_view(source=cube.q, offsets=[block * S0, 0], sizes=[S0, HEAD]), q_mat)
    tile.mov(q_mat, q_left)


def compute_qk(cube: Cube, s1_tile: Scalar) -> None:
    """Scores of a tile: Q K^T, [S0, s1_tile] fp32, unscaled, into the QK FIFO."""
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
        if sub == cube.last_sub:
            push_pv(cube)
        emit_qk_sub(cube, ahead, sub)
    cube.fifos.qk.push()


def emit_qk_sub(cube: Cube, s1_tile: Scalar, sub: int) -> None:
    """Q times one sub-tile of K^T, into its columns of the QK slot, which is taken before the first."""
    if sub == 0:
        cube.fifos.qk.alloc()
    load_k(cube, s1_tile, sub)
    multiply_qk(cube, sub)


def emit_pv_sub(cube: Cube, s1_tile: Scalar, sub: int) -> None:
    """One sub-tile of P times its rows of V, added to the tile's PV. V is fetched before P is waited for."""
    load_v(cube, s1_tile, sub)
    load_p(cube, sub)
    multiply_pv(cube, sub)


def load_k(cube: Cube, s1_tile: Scalar | int, sub: int) -> None:
    """Load a sub-tile of K^T into its buffer in L1."""
    row, k_mat = cube.s1_row(s1_tile, sub), buffer_of(cube.buffers.k_mat, sub)
    pto.load(pto.slice_view(source=cube.k_t, offsets=[0, row], sizes=[HEAD, CUBE_S1]), k_mat)


def load_v(cube: Cube, s1_tile: Scalar | int, sub: int) -> None:
    """Load a sub-tile of V into its buffer in L1."""
    row, v_mat = cube.s1_row(s1_tile, sub), buffer_of(cube.buffers.v_mat, sub)
    pto.load(pto.slice_view(source=cube.v, offsets=[row, 0], sizes=[CUBE_S1, HEAD]), v_mat)


def load_p(cube: Cube, sub: int) -> None:
    """Load a sub-tile of probabilities: the slot is taken before the first and given back after the last."""
    p = cube.fifos.p
    if sub == 0:
        p.pop()
    pto.load(p.part(0, S0, sub * CUBE_S1, CUBE_S1), buffer_of(cube.buffers.p_mat, sub))
    if sub == cube.last_sub:
        p.free()


def buffer_of(buffers: Sequence[Tile], sub: int) -> Tile:
    """Return the L1 buffer of a sub-tile: they take turns."""
    return buffers[sub % len(buffers)]


def multiply_qk(cube: Cube, sub: int, q_mat: Sequence[Tile] = ()) -> None:
    """Multiply Q by one sub-tile of K^T and store it to its columns of the QK slot, part of the rows by part.

    `q_mat` are the parts of Q, if they are still to be moved to L0A.
    """
    buffers, rows = cube.buffers, S0 // len(cube.buffers.qk_acc)
    for part, (q_left, qk_acc) in enumerate(zip(buffers.q_left, buffers.qk_acc, strict=True)):
        if q_mat:
            tile.mov(q_mat[part], q_left)
        if part == 0:
            tile.mov(buffer_of(buffers.k_mat, sub), buffers.k_right)
        tile.matmul(q_left, buffers.k_right, qk_acc)
        pto.store(qk_acc, cube.fifos.qk.part(part * rows, rows, sub * CUBE_S1, CUBE_S1))


def multiply_pv(cube: Cube, sub: int) -> None:
    """Multiply one sub-tile of P by its rows of V; the products of a tile are added up."""
    buffers = cube.buffers
    tile.mov(buffer_of(buffers.v_mat, sub), buffers.v_right)
    tile.mov(buffer_of(buffers.p_mat, sub), buffers.p_left)
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
