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
from functools import partial

from flash_atten.config import HEAD, S0, KernelConfig
from flash_atten.fast_passes import Pass, Phases, all_passes
from flash_atten.kernel_cube import Cube, load_k, load_p, load_v, multiply_pv, multiply_qk, push_pv
from flash_atten.kernel_parts import Launch
from flash_atten.memory import QK_PARTS
from flash_atten.pipeline import Slot, Stages, epilogue, hand_over, prologue, steady
from ptodsl import pto
from ptodsl.module import Arguments
from ptodsl.values import Scalar, Tile

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


def build_fast_cube_kernel(config: KernelConfig, arguments: Arguments) -> None:
    """Emit the body of the cube kernel."""
    launch = Launch.of(config, arguments)
    cube = Cube.open(config, arguments, launch)
    for passes in all_passes(config, launch):
        passes.emit(phases_of(cube))


def phases_of(cube: Cube) -> Phases:
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


def stages_of(cube: Cube, one: Pass) -> Stages:
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


def q_loads(cube: Cube, one: Pass) -> list[Callable[[], None]]:
    """Return the loads that bring the Q blocks of a pass, part by part, to L1, where they stay."""
    rows = S0 // QK_PARTS

    def load(block: Scalar, part: int, q_mat: Tile) -> None:
        row = block * S0 + part * rows
        pto.load(pto.slice_view(source=cube.q, offsets=[row, 0], sizes=[rows, HEAD]), q_mat)

    blocks = zip(cube.buffers.q_mat, one.blocks, strict=False)
    return [partial(load, block, *part) for parts, block in blocks for part in enumerate(parts)]


def load_first_k(cube: Cube, one: Pass) -> None:
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


def compute_qk(cube: Cube, one: Pass, lane: int, s1_tile: Scalar) -> None:
    """Scores of a logical tile: Q K^T, [S0, s1_tile] fp32, unscaled, into the QK FIFO."""
    for sub in range(cube.config.tile_factor):
        load_ahead(cube, one, lane, sub, {"k": s1_tile}, {"k": (s1_tile + 1) % one.tiles, "v": 0})
        emit_qk_sub(cube, lane, sub)
    cube.fifos.qk.push()


def compute_pv(cube: Cube, one: Pass, lane: int, s1_tile: Scalar) -> None:
    """Probabilities of a logical tile times V, [S0, HEAD] fp32, into the PV FIFO.

    V of tile 0 takes the place of the tile after the last one; it is of use if there is another pass.
    """
    for sub in range(cube.config.tile_factor):
        load_p(cube, sub)
        load_ahead(cube, one, lane, sub, {"v": s1_tile}, {"v": (s1_tile + 1) % one.tiles})
        multiply_pv(cube, sub)
    push_pv(cube)


def compute_pv_and_qk(cube: Cube, one: Pass, lane: int, trail: Scalar, lead: Scalar) -> None:
    """PV of tile `trail` and QK of tile `lead`, perhaps of the next pass, alternating sub-tile by sub-tile.

    PV is pushed before the last QK sub-tile, so that neither waits for the other's FIFO.
    """
    following = {"k": (lead + 1) % one.tiles, "v": (trail + 1) % one.tiles}
    for sub in range(cube.config.tile_factor):
        load_p(cube, sub)
        load_ahead(cube, one, lane, sub, {"k": lead, "v": trail}, following)
        multiply_pv(cube, sub)
        if sub == cube.last_sub:
            push_pv(cube)
        emit_qk_sub(cube, lane, sub)
    cube.fifos.qk.push()


def load_ahead(
    cube: Cube,
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


LOADS = {"k": load_k, "v": load_v}
"""By the operand's name in `OWN` and `NEXT`."""


def emit_qk_sub(cube: Cube, lane: int, sub: int) -> None:
    """Q of a lane, brought to L0A for each tile, times one sub-tile of K^T; the QK slot is taken before the first."""
    if sub == 0:
        cube.fifos.qk.alloc()
    multiply_qk(cube, sub, cube.buffers.q_mat[lane] if sub == 0 else ())
