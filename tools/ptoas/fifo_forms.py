"""FIFOs in other words, rewritten into the operations that all passes know.

FIFOs of tiles may be opened by `pto.initialize_l2g2l_pipe` with a local address: that is `pto.aic_initialize_pipe` or
`pto.aiv_initialize_pipe`, by the core that it is on. Then `pto.tpush`, `pto.tpop` and `pto.tfree` are those of tiles.
FIFOs with entries in GM may be opened by `pto.aic_initialize_pipe` with a `gm_slot_tensor`, which is
`pto.initialize_l2g2l_pipe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import Rewriter

from ptodsl import dialect as pto
from tools.ptoas.complete_fifos import flag_bases
from tools.ptoas.diagnostics import wrong
from tools.ptoas.functions import core_of, functions_of
from tools.ptoas.insertion import Adopt, insert_before

_ENDS: dict[pto.KernelKind, type[pto.TileFifoOp]] = {
    pto.KernelKind.CUBE: pto.AicInitializePipeOp,
    pto.KernelKind.VECTOR: pto.AivInitializePipeOp,
}
_PUSHES: dict[pto.KernelKind, type[pto.TPushTileOp]] = {
    pto.KernelKind.CUBE: pto.TPushToAivOp,
    pto.KernelKind.VECTOR: pto.TPushToAicOp,
}
_POPS: dict[pto.KernelKind, type[pto.TPopTileOp]] = {
    pto.KernelKind.CUBE: pto.TPopFromAivOp,
    pto.KernelKind.VECTOR: pto.TPopFromAicOp,
}
_FREES: dict[pto.KernelKind, type[pto.TFreeTileOp]] = {
    pto.KernelKind.CUBE: pto.TFreeFromAivOp,
    pto.KernelKind.VECTOR: pto.TFreeFromAicOp,
}


def rewrite_fifos(module: ModuleOp, adopt: Adopt) -> None:
    """Rewrite the FIFOs of a parsed module; what cannot be read so is left for the verifier.

    Raises:
        OperationError: it is not known where a FIFO keeps its tiles, or which pop a tile comes from.
    """
    for function in functions_of(module):
        in_gm = [op for op in function.walk() if isinstance(op, pto.TileFifoOp) and op.gm_slot_tensor is not None]
        # Before any handle is replaced, since all handles of the function count for the numbers.
        bases = flag_bases(function)
        taken = {op.number for op in function.walk() if isinstance(op, pto.TileFifoOp)}
        numbers = (number for number in count() if number not in taken)
        for handle, base in bases.items():
            if handle.of_tiles and (core := core_of(handle)) is not None:
                _Tiles(handle, core, adopt).rewrite(base, next(numbers))
        for end in in_gm:
            _open_in_gm(end, function, adopt)


def _replace(old: Operation, new: Sequence[Operation], adopt: Adopt, results: Sequence[SSAValue] = ()) -> None:
    """Put operations in the place of one, and `results` in that of its results; those that nobody uses may go."""
    insert_before(old, *new, adopt=adopt)
    for result, value in zip(old.results, results, strict=False):
        result.replace_all_uses_with(value)
    Rewriter.erase_op(old)


class _Tiles:
    """One handle of FIFOs of tiles on one core, and what is done with it."""

    def __init__(self, handle: pto.InitializeL2G2LPipeOp, core: pto.KernelKind, adopt: Adopt) -> None:
        self.handle, self.core, self.adopt = handle, core, adopt

    def rewrite(self, base: int, number: int) -> None:
        """Open the FIFO by its core, with `number` as its id, and rewrite all that is done with it."""
        handle = self.handle
        for use in list(handle.pipe.uses):
            step, split = use.operation, 0
            if isinstance(step, pto.TPushOp | pto.TPopOp | pto.TFreeOp):
                split = step.split.value.data
            match step:
                case pto.TPushOp():
                    _replace(step, [_PUSHES[self.core](step.entry, split, id=number)], self.adopt)
                case pto.TPopOp():
                    self._pop(step, _POPS[self.core], number)
                case pto.TFreeOp() if step.entry is None:
                    _replace(step, [_FREES[self.core](split, id=number)], self.adopt)
                case _:
                    raise wrong(step, "this FIFO has tiles: push, pop and free them")
        rings = [ring for way in pto.WAYS.get(handle.dir_mask.value.data, ()) for ring in self._ring(way, number)]
        end = _ENDS[self.core](
            dir_mask=handle.dir_mask.value.data,
            slot_size=handle.slot_size.value.data,
            gm_slot_buffer=handle.gm_addr,
            c2v_consumer_buf=self._address(pto.CUBE_TO_VECTOR, rings),
            v2c_consumer_buf=self._address(pto.VECTOR_TO_CUBE, rings),
            id=number,
        )
        end.nosplit, end.slot_num, end.local_slot_num = handle.nosplit, handle.slot_num, handle.local_slot_num
        end.flag_base = IntegerAttr(base, i32)
        _replace(handle, [*rings, end], self.adopt)

    def _local(self, way: int) -> SSAValue | None:
        """The address that the handle gives for the tiles that go `way`."""
        both = len(pto.WAYS.get(self.handle.dir_mask.value.data, ())) > 1
        if both and way == pto.VECTOR_TO_CUBE:
            return self.handle.peer_local_addr
        return self.handle.local_addr if both or self.handle.dir_mask.value.data == way else None

    def _consumes(self, way: int) -> bool:
        return (self.core is pto.KernelKind.VECTOR) == (way == pto.CUBE_TO_VECTOR)

    def _ring(self, way: int, number: int) -> Iterator[pto.ReserveBufferOp]:
        """The reservation of what this core pops into, if the program only gives its address."""
        address = self._local(way)
        if address is None or isinstance(address.owner, pto.ReserveBufferOp | pto.ImportReservedBufferOp):
            return
        base = pto.checks.constant_int(address)
        if base is None:
            raise wrong(
                self.handle,
                "the place of its tiles must be known: a constant, or what pto.reserve_buffer or "
                "pto.import_reserved_buffer returns",
            )
        if self._consumes(way):
            slots = self.handle.local_slot_num or self.handle.slot_num
            size = slots.value.data * self.handle.slot_size.value.data
            place = pto.Loc.VEC if way == pto.CUBE_TO_VECTOR else pto.Loc.MAT
            ring = pto.ReserveBufferOp(f"fifo {number}, dir_mask {way}", size, place)
            ring.base = IntegerAttr(base, i32)
            yield ring

    def _address(self, way: int, rings: Sequence[pto.ReserveBufferOp]) -> SSAValue | None:
        place = pto.Loc.VEC if way == pto.CUBE_TO_VECTOR else pto.Loc.MAT
        return next((ring.address for ring in rings if ring.loc is place), self._local(way))

    def _pop(self, pop: pto.TPopOp, make: type[pto.TPopTileOp], number: int) -> None:
        """Make the tile the result of the pop, for all that uses it until the next one."""
        tile = pop.entry
        owner = tile.owner
        if not isinstance(owner, pto.DeclareTileOp | pto.AllocTileOp) or not isinstance(tile.type, pto.TileBufType):
            return
        valid = (owner.valid_row, owner.valid_col) if isinstance(owner, pto.AllocTileOp) else (None, None)
        popped = make(tile.type, pop.split.value.data, id=number, valid=valid)
        rest = pop.next_op
        while rest is not None and not (isinstance(rest, pto.TPopOp) and rest.entry is tile):
            for op in rest.walk():
                op.operands = [popped.result if operand is tile else operand for operand in op.operands]
            rest = rest.next_op
        _replace(pop, [popped], self.adopt)
        uses = [use.operation for use in tile.uses]
        if not any(isinstance(op, pto.TPopOp) for op in uses):
            if uses:
                raise wrong(uses[0], "no pto.tpop before it in its block, or around that, places this tile")
            Rewriter.erase_op(owner)


def _open_in_gm(end: pto.TileFifoOp, function: FuncOp, adopt: Adopt) -> None:
    """Rewrite a FIFO whose end is opened with a `gm_slot_tensor`, and all that is done with it."""
    view = end.gm_slot_tensor
    assert view is not None
    handle = pto.InitializeL2G2LPipeOp(
        view, dir_mask=end.direction, slot_size=end.slot_size.value.data, slot_num=end.slots, flag_base=None
    )
    handle.flag_base, handle.nosplit = end.flag_base, end.nosplit
    steps = [op for op in function.walk() if isinstance(op, pto.TileFifoStepOp) and op.fifo is end]
    _replace(end, [handle], adopt)
    for step in steps:
        split = step.split.value.data
        match step:
            case pto.TAllocToOp():
                entry = pto.DeclareGlobalOp(step.result.type)
                _replace(step, [entry, pto.TAllocOp(entry.result, handle.pipe, split)], adopt, [entry.result])
            case pto.TPopTileOp() if isinstance(ty := step.result.type, pto.TensorViewType):
                entry = pto.DeclareGlobalOp(ty)
                _replace(step, [entry, pto.TPopOp(entry.result, handle.pipe, split)], adopt, [entry.result])
            case pto.TPushTileOp():
                _replace(step, [pto.TPushOp(step.src, handle.pipe, split)], adopt)
            case pto.TFreeTileOp():
                _replace(step, [pto.TFreeOp(step.entry, handle.pipe, split)], adopt)
            case _:
                raise wrong(step, "this FIFO has entries in GM: its result is a view of GM")
