"""The cube kernel of the fast schedule.

A step works on two logical tiles of one lane, sub-tile by sub-tile: PV of tile t, and QK of the tile `ahead` of it.

QK is computed in parts of its rows. With two accumulators one part is stored while the other is multiplied, so FIX, the
pipe that stores, never waits for a product. The parts are rows and not columns, so that nothing is added up twice and a
stored row stays 512 bytes in one piece.

MTE2, the pipe that loads, works in order: a load that waits for its buffer holds up all behind it. So each load of K
and V stands at the first place where its buffer has been free for a while (`OWN`, `NEXT`), and P, which is waited for,
comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flash_atten.config import CUBE_S1, HEAD, S0, KernelConfig
from flash_atten.fast_memory import QK_PARTS, QK_ROWS, FastCubeTiles
from flash_atten.fast_passes import Pass, Phases, all_passes
from flash_atten.kernel_parts import FifoEnds, Launch, allocate, allocate_one
from flash_atten.memory import L1_BUFFERS
from flash_atten.pipeline import Slot, Stages, epilogue, hand_over, prologue, steady
from ptodsl import pto, tile
from ptodsl.module import Arguments
from ptodsl.values import Scalar, TensorView, Tile

Place = Mapping[int, Sequence[tuple[str, int]]]
"""What is loaded in which sub-step of a step: K or V, and the number of the sub-tile."""

OWN: Mapping[int, Place] = {
    4: {0: [("v", 2)], 1: [("k", 2), ("v", 3)], 2: [("k", 3)]},
    2: {0: [("v", 1), ("k", 1)]},
}
"""By tile factor: loads of the tiles that the step of the first lane itself works on."""

NEXT: Mapping[int, Place] = {
    4: {1: [("k", 0)], 2: [("v", 0)], 3: [("v", 1), ("k", 1)]},
    2: {1: [("k", 0), ("v", 0)]},
}
"""By tile factor: loads of the tiles after that, in the step of the last lane: the one that used the buffer last."""


@dataclass(frozen=True)
class FastCubeBuffers:
    """The cube core's tiles; q_mat per lane and part, k_mat and v_mat per sub-tile."""

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
    def allocate(cls, tiles: FastCubeTiles) -> FastCubeBuffers:
        """Allocate what `tiles` declares."""
        q_mat = allocate(tiles.q_mat)
        return cls(
            q_mat=tuple(q_mat[first : first + QK_PARTS] for first in range(0, len(q_mat), QK_PARTS)),
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
class FastCube:
    """All that the cube kernel works on."""

    config: KernelConfig
    q: TensorView
    """[q_rows, HEAD]."""

    k_t: TensorView
    """K transposed, [HEAD, s1]: a DN view of the same bytes."""

    v: TensorView
    """[s1, HEAD]."""

    fifos: FifoEnds
    buffers: FastCubeBuffers


def build_fast_cube_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the cube kernel."""
    launch = Launch.of(config, arguments)
    cube = FastCube(
        config=config,
        q=pto.as_tensor(ptr=arguments["q"], shape=[launch.rows, HEAD], strides=[HEAD, 1]),
        k_t=pto.as_tensor(ptr=arguments["k"], shape=[HEAD, launch.keys], strides=[1, HEAD], layout="dn"),
        v=pto.as_tensor(ptr=arguments["v"], shape=[launch.keys, HEAD], strides=[HEAD, 1]),
        fifos=FifoEnds.open(config, arguments, S0),
        buffers=FastCubeBuffers.allocate(FastCubeTiles.of(config)),
    )
    for passes in all_passes(config, launch):
        passes.emit(phases_of(cube))


def phases_of(cube: FastCube) -> Phases:
    """Return what the cube core does in each phase of a pass."""

    def begin(one: Pass) -> None:
        first, *others = q_loads(cube, one)
        first()
        load_first_k(cube, one)
        for load in others:
            load()
        prologue(one.pipeline(stages_of(cube, one)))

    def go_on(one: Pass, following: Pass) -> None:
        for load in q_loads(cube, following):
            load()

        def join(trail: Scalar, lead: Scalar) -> None:
            one.each(lambda lane: compute_pv_and_qk(cube, one, lane, trail, lead))

        hand_over(one.pipeline(stages_of(cube, one)), join, join)

    return Phases(
        prologue=begin,
        steady=lambda one: steady(one.pipeline(stages_of(cube, one))),
        hand_over=go_on,
        epilogue=lambda one: epilogue(one.pipeline(stages_of(cube, one))),
    )


def stages_of(cube: FastCube, one: Pass) -> Stages:
    """Return what the cube core does in a pass."""

    def both(trail: Scalar, *_: Slot) -> None:
        one.each(lambda lane: compute_pv_and_qk(cube, one, lane, trail, trail + one.ring_slots))

    def lead(s1_tile: Scalar, _: Slot) -> None:
        one.each(lambda lane: compute_qk(cube, one, lane, s1_tile))

    # Tile 0 stands apart: before a loop all loads are waited for, of the other parts of Q too.
    return Stages(
        lead_first=lead,
        lead=lead,
        trail=lambda s1_tile, _: one.each(lambda lane: compute_pv(cube, one, lane, s1_tile)),
        interleaved=both,
    )


def q_loads(cube: FastCube, one: Pass) -> list[Callable[[], None]]:
    """Return the loads that bring the Q blocks of a pass, part by part, to L1, where they stay."""

    def load(block: Scalar, part: int, q_mat: Tile) -> None:
        row = block * S0 + part * QK_ROWS
        pto.load(pto.slice_view(source=cube.q, offsets=[row, 0], sizes=[QK_ROWS, HEAD]), q_mat)

    blocks = zip(cube.buffers.q_mat, one.blocks, strict=False)
    return [partial(load, block, *part) for parts, block in blocks for part in enumerate(parts)]


def load_first_k(cube: FastCube, one: Pass) -> None:
    """Load what a pass expects of the one before it, if there is none: of tile 0 of K, the sub-tiles in `NEXT`.

    Behind the first part of Q and before the others: the first product needs no more, and all wait for it.
    """

    def load() -> None:
        for loads in NEXT[cube.config.tile_factor].values():
            for operand, sub in loads:
                if operand == "k":
                    load_k(cube, 0, sub)

    if isinstance(one.behind, int):
        load()
    else:
        with pto.if_context(one.behind == 0):
            load()


def compute_qk(cube: FastCube, one: Pass, lane: int, s1_tile: Scalar) -> None:
    """Scores of a logical tile: Q K^T, [S0, s1_tile] fp32, unscaled, into the QK FIFO."""
    for sub in range(cube.config.tile_factor):
        load_ahead(cube, one, lane, sub, {"k": s1_tile}, {"k": (s1_tile + 1) % one.tiles, "v": 0})
        emit_qk_sub(cube, lane, sub)
    cube.fifos.qk.push()


def compute_pv(cube: FastCube, one: Pass, lane: int, s1_tile: Scalar) -> None:
    """Probabilities of a logical tile times V, [S0, HEAD] fp32, into the PV FIFO.

    V of tile 0 takes the place of the tile after the last one; it is of use if there is another pass.
    """
    for sub in range(cube.config.tile_factor):
        load_p(cube, sub)
        load_ahead(cube, one, lane, sub, {"v": s1_tile}, {"v": (s1_tile + 1) % one.tiles})
        emit_pv_sub(cube, sub)
    push_pv(cube)


def compute_pv_and_qk(cube: FastCube, one: Pass, lane: int, trail: Scalar, lead: Scalar) -> None:
    """PV of tile `trail` and QK of tile `lead`, perhaps of the next pass, alternating sub-tile by sub-tile.

    PV is pushed before the last QK sub-tile, so that neither waits for the other's FIFO.
    """
    last_sub = cube.config.tile_factor - 1
    following = {"k": (lead + 1) % one.tiles, "v": (trail + 1) % one.tiles}
    for sub in range(cube.config.tile_factor):
        load_p(cube, sub)
        load_ahead(cube, one, lane, sub, {"k": lead, "v": trail}, following)
        emit_pv_sub(cube, sub)
        if sub == last_sub:
            push_pv(cube)
        emit_qk_sub(cube, lane, sub)
    cube.fifos.qk.push()


def load_ahead(
    cube: FastCube,
    one: Pass,
    lane: int,
    sub: int,
    own: Mapping[str, Scalar | int],
    following: Mapping[str, Scalar | int],
) -> None:
    """Emit the loads of K and V that stand at sub-step `sub` of a lane's step.

    `own` and `following` say which tiles of K and V the step itself works on and which come after it, where there are
    any.
    """
    factor = cube.config.tile_factor
    places = []
    if lane == 0:
        places.append((OWN[factor], own))
    if lane == one.lanes - 1:
        places.append((NEXT[factor], following))
    for place, tiles in places:
        for operand, number in place.get(sub, ()):
            if operand in tiles:
                LOADS[operand](cube, tiles[operand], number)


def load_k(cube: FastCube, s1_tile: Scalar | int, sub: int) -> None:
    """Load a sub-tile of K^T into its buffer in L1."""
    row = s1_tile * cube.config.s1_tile + sub * CUBE_S1
    pto.load(pto.slice_view(source=cube.k_t, offsets=[0, row], sizes=[HEAD, CUBE_S1]), cube.buffers.k_mat[sub])


def load_v(cube: FastCube, s1_tile: Scalar | int, sub: int) -> None:
    """Load a sub-tile of V into its buffer in L1."""
    row = s1_tile * cube.config.s1_tile + sub * CUBE_S1
    pto.load(pto.slice_view(source=cube.v, offsets=[row, 0], sizes=[CUBE_S1, HEAD]), cube.buffers.v_mat[sub])


LOADS = {"k": load_k, "v": load_v}
"""By the operand's name in `OWN` and `NEXT`."""


def load_p(cube: FastCube, sub: int) -> None:
    """Load a sub-tile of probabilities: the slot is taken before the first and given back after the last."""
    p = cube.fifos.p
    if sub == 0:
        p.pop()
    pto.load(p.part(0, S0, sub * CUBE_S1, CUBE_S1), cube.buffers.p_mat[sub % L1_BUFFERS])
    if sub == cube.config.tile_factor - 1:
        p.free()


def emit_pv_sub(cube: FastCube, sub: int) -> None:
    """One sub-tile of P times its rows of V, added to the tile's PV."""
    buffers = cube.buffers
    tile.mov(buffers.v_mat[sub], buffers.v_right)
    tile.mov(buffers.p_mat[sub % L1_BUFFERS], buffers.p_left)
    if sub == 0:
        tile.matmul(buffers.p_left, buffers.v_right, buffers.pv_acc)
    else:
        tile.matmul_acc(buffers.pv_acc, buffers.p_left, buffers.v_right, buffers.pv_acc)


def push_pv(cube: FastCube) -> None:
    """Hand the tile's PV to the vector cores."""
    pv = cube.fifos.pv
    pv.alloc()
    pto.store(cube.buffers.pv_acc, pv.part(0, S0, 0, HEAD))
    pv.push()


def emit_qk_sub(cube: FastCube, lane: int, sub: int) -> None:
    """Q of a lane times one sub-tile of K^T, into its columns of the QK slot, which is taken before the first."""
    buffers, qk = cube.buffers, cube.fifos.qk
    if sub == 0:
        qk.alloc()
    for part, (q_left, qk_acc) in enumerate(zip(buffers.q_left, buffers.qk_acc, strict=True)):
        if sub == 0:
            tile.mov(buffers.q_mat[lane][part], q_left)
        if part == 0:
            tile.mov(buffers.k_mat[sub], buffers.k_right)
        tile.matmul(q_left, buffers.k_right, qk_acc)
        pto.store(qk_acc, qk.part(part * QK_ROWS, QK_ROWS, sub * CUBE_S1, CUBE_S1))
