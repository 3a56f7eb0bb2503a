"""The fast schedule's walk over a core's Q blocks, which cube and vector kernel share.

A pass walks once over K and V, for one Q block per lane. With two lanes the blocks of a core are taken in pairs, and
both blocks of a pair use a tile of K and V that was loaded once. The order of the work is that of logical tiles: tile 0
of lane 0, tile 0 of lane 1, tile 1 of lane 0, ... Each has a slot of its own in every FIFO, and in the ring of rescale
factors. A core's last block, if it has an odd number of them, has a pass of one lane to itself.

The leading stages of a pass begin while the trailing ones end the pass before it (`hand_over`): a pass costs neither
filling nor draining of the pipeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flash_atten.config import S0, KernelConfig
from flash_atten.kernel_parts import Launch
from flash_atten.pipeline import Pipeline, Stages
from ptodsl import pto, scalar
from ptodsl.values import Scalar


@dataclass(frozen=True)
class Pass:
    """A walk over K and V: its Q blocks, one per lane."""

    config: KernelConfig
    blocks: tuple[Scalar, ...]
    tiles: Scalar
    """Tiles of K and V."""

    tiles_before: Scalar
    """Tiles of each lane in the passes before this one: slots of rings go round over all of them."""

    behind: Scalar | int
    """Passes of more lanes that the core has done before."""

    @property
    def lanes(self) -> int:
        """How many Q blocks take turns."""
        return len(self.blocks)

    @property
    def ring_slots(self) -> int:
        """Tiles that the leading stages are ahead in each lane, and slots of the lane's ring: `qk_preload` in all."""
        return self.config.qk_preload // self.lanes

    def each(self, body: Callable[[int], None]) -> None:
        """Emit `body` for every lane, in the order of their turns."""
        for lane in range(self.lanes):
            body(lane)

    def pipeline(self, stages: Stages) -> Pipeline:
        """Return a run of the stages over all tiles, ahead by `ring_slots`, or by all tiles if there are fewer."""
        return Pipeline(stages, self.tiles, scalar.min_u(self.tiles, self.ring_slots), self.ring_slots)


@dataclass(frozen=True)
class Phases:
    """What a core emits for each phase of a pass."""

    prologue: Callable[[Pass], None]
    steady: Callable[[Pass], None]
    hand_over: Callable[[Pass, Pass], None]
    """The end of a pass together with the beginning of the next one."""

    epilogue: Callable[[Pass], None]


@dataclass(frozen=True)
class Passes:
    """Passes of a core with the same number of lanes, one after the other."""

    config: KernelConfig
    lanes: int
    first: Scalar
    """Q block of the first lane of the first pass."""

    step: Scalar
    """Q blocks from one of the core's to its next."""

    count: Scalar
    tiles: Scalar
    behind: Scalar | int
    """Passes of more lanes that the core does before these."""

    def number(self, number: Scalar | int) -> Pass:
        """Return one of the passes."""
        block, before = self.first, scalar.const(0)
        if not isinstance(number, int) or number:
            block, before = block + self.step * self.lanes * number, self.tiles * number
        others = (block + self.step * lane for lane in range(1, self.lanes))
        return Pass(self.config, (block, *others), self.tiles, before, self.behind)

    def emit(self, phases: Phases) -> None:
        """Emit all passes."""
        with pto.if_context(self.count > 0):
            last = self.number(0)
            phases.prologue(last)
            if self.config.lanes == self.lanes:
                # The last pass stands behind the loop: what leads from it to a further one would need flags of its own.
                for number in pto.range(0, self.count - 1):
                    one = self.number(number)
                    phases.steady(one)
                    phases.hand_over(one, self.number(number + 1))
                last = self.number(self.count - 1)
            phases.steady(last)
            phases.epilogue(last)


def all_passes(config: KernelConfig, launch: Launch) -> Iterator[Passes]:
    """Iterate over the kinds of passes: those of all lanes, then that of the block that is left."""
    first, step = scalar.index_cast(pto.get_block_idx()), scalar.index_cast(pto.get_block_num())
    own = scalar.ceil_div(launch.q_rows // S0 - first, step)
    if config.lanes == 1:
        yield Passes(config, 1, first, step, own, launch.tiles, behind=0)
        return
    full = own // config.lanes
    yield Passes(config, config.lanes, first, step, full, launch.tiles, behind=0)
    yield Passes(config, 1, first + full * config.lanes * step, step, own % config.lanes, launch.tiles, behind=full)
