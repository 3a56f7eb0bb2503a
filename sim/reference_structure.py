"""For tests and the sync report: Flash Attention in the structure that was measured with the vendor's assembler.

Same algorithm and FIFOs as `flash_atten`, with another vector kernel: row slices one after the other through a single
score tile, softmax and accumulation not woven together, whole stages in the branches of the ring ladder, and an
epilogue whose tiles are unrolled, each with a ladder of its own. The vendor's assembler prints 129, 176, 247 and 338
V barriers for it (S1_TILE 256 and 512, QK_PRELOAD 3 and 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp

from flash_atten.config import HEAD, S0, SCALE, KernelConfig
from flash_atten.kernel_cube import build_cube_kernel
from flash_atten.kernel_parts import FifoEnds, Launch
from flash_atten.pipeline import dispatch_ring
from flash_atten.plan import ENTRY, SLOT_ARGUMENTS
from ptodsl import pto, scalar, tile
from ptodsl.dialect import ElementType
from ptodsl.module import Arguments, ModuleBuilder
from ptodsl.values import Scalar, TensorView, Tile

State = tuple[Tile, Tile]
"""A value per row as [rows, 1] and, of the same bytes, as [1, rows]."""


def build_reference_structure(config: KernelConfig) -> ModuleOp:
    """Build the module; its entry takes what that of `flash_atten.kernel.build_module` takes."""
    half, single = pto.PtrType(pto.float16), pto.PtrType(pto.float32)
    slots = {SLOT_ARGUMENTS["f32"]: single, SLOT_ARGUMENTS["f16"]: half}
    parameters = {**slots, "q": half, "k": half, "v": half, "o": single, "s0": pto.int64, "s1": pto.int64}
    module = ModuleBuilder()
    with module.function("cube_kernel", parameters, kernel="cube") as arguments:
        build_cube_kernel(config, arguments)
    cube = arguments.function
    with module.function("vector_kernel", parameters, kernel="vector") as arguments:
        _VectorKernel(config, arguments).build()
    vector = arguments.function
    with module.function(ENTRY, {"ffts": pto.ffts_type, **parameters}) as arguments:
        ffts, *rest = arguments
        pto.set_ffts(ffts)
        pto.call(cube, *rest)
        pto.call(vector, *rest)
    return module.finish()


@dataclass(frozen=True)
class _Slice:
    """Tiles of a row slice."""

    pv: Tile
    output: Tile
    running_max: State
    local_max: State
    running_sum: State
    local_sum: State
    rescale: tuple[State, ...]
    """Per ring slot."""


class _VectorKernel:
    """Emits the vector kernel."""

    def __init__(self, config: KernelConfig, arguments: Arguments) -> None:
        self.config = config
        self.launch = Launch.of(config, arguments)
        self.fifos = FifoEnds.open(config, arguments, config.vec_rows)
        self.out: TensorView = pto.as_tensor(ptr=arguments["o"], shape=[self.launch.rows, HEAD], strides=[HEAD, 1])
        self.scores, self.scratch, self.weights = (self._tile(config.s1_tile) for _ in range(3))
        self.rounded = self._tile(config.s1_tile, pto.float16)
        self.slices = [self._slice() for _ in range(config.tile_factor)]

    def _tile(self, cols: int, dtype: ElementType = pto.float32) -> Tile:
        return pto.alloc_tile(pto.TileBufType([self.config.slice_rows, cols], dtype))

    def _state(self) -> State:
        rows, layout = self.config.slice_rows, pto.TileBufConfig(blayout="ColMajor")
        column = pto.alloc_tile(pto.TileBufType([rows, 1], pto.float32, config=layout))
        return column, tile.reshape(pto.TileBufType([1, rows], pto.float32), column)

    def _slice(self) -> _Slice:
        return _Slice(
            pv=self._tile(HEAD),
            output=self._tile(HEAD),
            running_max=self._state(),
            local_max=self._state(),
            running_sum=self._state(),
            local_sum=self._state(),
            rescale=tuple(self._state() for _ in range(self.config.exp_ring)),
        )

    def build(self) -> None:
        """Emit all Q blocks: prologue, steady state, unrolled epilogue, division."""
        ring, tiles = self.config.exp_ring, self.launch.tiles
        for unit in self.launch.units():
            self.softmax(None)
            for slot in range(1, ring):
                self.softmax(slot)
            for number in pto.range(0, tiles - ring):
                with pto.if_context(number == 0, has_else=True) as branch:
                    self.first_output()
                    self.softmax(0)
                with branch.else_context():
                    dispatch_ring(number % ring, ring, self.accumulate)
                    dispatch_ring((number + ring) % ring, ring, self.softmax)
            for ahead in range(ring):
                self.last(tiles - ring + ahead)
            self.store(unit.block)

    def last(self, number: Scalar) -> None:
        """A tile of the epilogue, which may be a Q block's first."""
        with pto.if_context(number == 0, has_else=True) as branch:
            self.first_output()
        with branch.else_context():
            dispatch_ring(number % self.config.exp_ring, self.config.exp_ring, self.accumulate)

    def softmax(self, slot: int | None) -> None:
        """Probabilities of a tile, and its rescale factors into a ring slot; None: it is a Q block's first."""
        rows, cols = self.config.slice_rows, self.config.s1_tile
        qk, p = self.fifos.qk, self.fifos.p
        qk.pop()
        p.alloc()
        for number, part in enumerate(self.slices):
            pto.load(qk.part(number * rows, rows, 0, cols), self.scores)
            if slot is None:
                self.first_weights(part)
            else:
                self.next_weights(part, part.rescale[slot])
            tile.cvt(self.weights, self.rounded)
            pto.store(self.rounded, p.part(number * rows, rows, 0, cols))
        p.push()
        qk.free()

    def first_weights(self, part: _Slice) -> None:
        """Softmax of a row slice that starts maximum and sum."""
        tile.row_max(self.scores, self.scratch, part.local_max[0])
        tile.row_expand_sub(self.scores, part.local_max[0], self.weights)
        tile.mov(part.local_max[1], part.running_max[1])
        tile.muls(self.weights, SCALE, self.weights)
        tile.exp(self.weights, self.weights)
        tile.row_sum(self.weights, self.scratch, part.running_sum[0])

    def next_weights(self, part: _Slice, rescale: State) -> None:
        """Softmax of a row slice with a new maximum."""
        (local, highest), (_, running), (_, factor) = part.local_max, part.running_max, rescale
        tile.row_max(self.scores, self.scratch, local)
        tile.max(highest, running, highest)
        tile.sub(running, highest, factor)
        tile.mov(highest, running)
        tile.row_expand_sub(self.scores, local, self.weights)
        tile.muls(factor, SCALE, factor)
        tile.muls(self.weights, SCALE, self.weights)
        tile.exp(factor, factor)
        tile.exp(self.weights, self.weights)
        tile.mul(part.running_sum[1], factor, part.running_sum[1])
        tile.row_sum(self.weights, self.scratch, part.local_sum[0])
        tile.add(part.running_sum[1], part.local_sum[1], part.running_sum[1])

    def first_output(self) -> None:
        """The output of a Q block starts with the PV of its first tile."""
        self.with_pv(lambda part: tile.mov(part.pv, part.output))

    def accumulate(self, slot: int) -> None:
        """Rescale the output by a ring slot and add the next PV."""

        def add(part: _Slice) -> None:
            tile.row_expand_mul(part.output, part.rescale[slot][0], part.output)
            tile.add(part.output, part.pv, part.output)

        self.with_pv(add)

    def with_pv(self, body: Callable[[_Slice], None]) -> None:
        """Emit `body` on each row slice behind the load of its PV."""
        rows, pv = self.config.slice_rows, self.fifos.pv
        pv.pop()
        for number, part in enumerate(self.slices):
            pto.load(pv.part(number * rows, rows, 0, HEAD), part.pv)
            body(part)
        pv.free()

    def store(self, block: Scalar) -> None:
        """Divide by the sums and store."""
        rows = self.config.slice_rows
        first = block * S0 + scalar.index_cast(pto.get_subblock_idx()) * self.config.vec_rows
        for number, part in enumerate(self.slices):
            tile.row_expand_div(part.output, part.running_sum[0], part.output)
            place = pto.slice_view(source=self.out, offsets=[first + number * rows, 0], sizes=[rows, HEAD])
            pto.store(part.output, place)
