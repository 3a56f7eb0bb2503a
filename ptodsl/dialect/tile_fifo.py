"""FIFOs between the cube core and its vector cores whose entries are tiles.

The producer pushes a tile (`tpush_to_aiv`), which stores it into a slot in GM; the consumer pops one, which loads it
into a ring on chip: bytes that it reserved (`reserve_buffer`) and that the producer names (`import_reserved_buffer`),
which is also how the assembler knows the two ends of a FIFO. A cube core opens its ends with `aic_initialize_pipe`, a
vector core with `aiv_initialize_pipe`; operations find theirs by its `id`. A slot is free again once it has been
loaded, so `tfree_*` does nothing on A3.
"""

from __future__ import annotations

import abc
from typing import ClassVar, Self

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, ModuleOp, StringAttr, SymbolRefAttr, i8, i32
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect.attributes import AddressSpace, AddressSpaceAttr, KernelKind
from ptodsl.dialect.directives import braces, parse_braces, print_braces
from ptodsl.dialect.fifo_handle import (
    BOTH_WAYS,
    CUBE_TO_VECTOR,
    VECTOR_TO_CUBE,
    WAYS,
    check_local_slots,
    check_ways,
    depth_problem,
)
from ptodsl.dialect.gm_type import PtrType, TensorViewType
from ptodsl.dialect.syntax import Value, parse_typed, print_typed
from ptodsl.dialect.tile_type import Loc

DEFAULT_SLOTS = {CUBE_TO_VECTOR: 8, VECTOR_TO_CUBE: 8, BOTH_WAYS: 4}
"""Slots in GM of a FIFO that does not say how many, by `dir_mask`: with both ways, as many for each."""


def number_of(attr: IntegerAttr | None, default: int) -> int:
    """Value of an optional number."""
    return default if attr is None else int(attr.value.data)


@irdl_op_definition
class ReserveBufferOp(IRDLOperation):
    """Bytes of UB or L1 for what a FIFO delivers: `{name = "f", size = 65536, location = .., auto = true} -> i32`."""

    name = "pto.reserve_buffer"
    assembly_format = "custom<Braces>($name, $size, $location, $auto, $base) attr-dict `->` type($address)"
    custom_directives = (braces(5),)

    buffer_name = prop_def(StringAttr, prop_name="name")
    size = prop_def(IntegerAttr)
    place = prop_def(AddressSpaceAttr, prop_name="location")
    auto = prop_def(BoolAttr)
    base = opt_prop_def(IntegerAttr)
    """Byte offset in the buffer: of the program with `auto = false`, else where the assembler has put it."""
    address = result_def(i32)

    def __init__(self, name: str, size: int, location: Loc, *, base: int | None = None) -> None:
        super().__init__(
            result_types=[i32],
            properties={
                "name": StringAttr(name),
                "size": IntegerAttr(size, i32),
                "location": AddressSpaceAttr(AddressSpace(location.value)),
                "auto": BoolAttr.from_bool(base is None),
                "base": None if base is None else IntegerAttr(base, i32),
            },
        )

    @property
    def loc(self) -> Loc:
        """UB or L1, once verified."""
        return Loc(self.place.data.value)

    @property
    def byte_size(self) -> int:
        """Bytes that it takes."""
        return int(self.size.value.data)

    def verify_(self) -> None:
        """Check place and size."""
        if (space := self.place.data) not in (AddressSpace.VEC, AddressSpace.MAT):
            raise VerifyException(f"{self.name}: location must be vec (UB) or mat (L1), not {space}")
        loc = self.loc
        if not 0 < self.byte_size <= loc.buffer.size:
            raise VerifyException(
                f"{self.name}: size must be 1 to {loc.buffer.size} bytes, which {loc.buffer.name} has, not "
                f"{self.byte_size}"
            )
        if not self.auto.value.data and self.base is None:
            raise VerifyException(f"{self.name}: auto = false needs base, the byte offset in {loc.buffer.name}")


@irdl_op_definition
class ImportReservedBufferOp(IRDLOperation):
    """Where the other end of a FIFO keeps its tiles: `{name = "f", peer_func = @vector_kernel} -> i32`."""

    name = "pto.import_reserved_buffer"
    assembly_format = "custom<Braces>($name, $peer_func) attr-dict `->` type($address)"
    custom_directives = (braces(2),)

    buffer_name = prop_def(StringAttr, prop_name="name")
    peer_func = prop_def(SymbolRefAttr)
    address = result_def(i32)

    def __init__(self, name: str, peer_func: str) -> None:
        super().__init__(
            result_types=[i32], properties={"name": StringAttr(name), "peer_func": SymbolRefAttr(peer_func)}
        )

    @property
    def reserved(self) -> ReserveBufferOp | None:
        """The reservation that it names, if there is one."""
        module = self.get_toplevel_object()
        for function in module.body.block.ops if isinstance(module, ModuleOp) else ():
            if isinstance(function, FuncOp) and function.sym_name.data == self.peer_func.root_reference.data:
                for op in function.walk():
                    if isinstance(op, ReserveBufferOp) and op.buffer_name == self.buffer_name:
                        return op
        return None


def enclosing_function(op: Operation) -> FuncOp | None:
    """The function that an operation is in."""
    around: Operation | None = op
    while around is not None and not isinstance(around, FuncOp):
        around = around.parent_op()
    return around


class TileFifoOp(IRDLOperation, abc.ABC):
    """One end of one or two FIFOs of tiles: `{dir_mask = 1, slot_size = 8192} (gm_slot_buffer = %gm : T, ..)`.

    `slot_num` slots of `slot_size` bytes lie in GM from `gm_slot_buffer` on, `local_slot_num` on the consumer's chip.
    With `dir_mask = 3` there are as many for the way back, behind those. `flag_base` and `nosplit` are the assembler's
    to say.
    """

    NAMES: ClassVar = ("id", "dir_mask", "slot_size", "slot_num", "local_slot_num", "nosplit", "flag_base")
    OPERANDS: ClassVar = ("gm_slot_buffer", "c2v_consumer_buf", "v2c_consumer_buf", "gm_slot_tensor")
    CORE: ClassVar[KernelKind]

    gm_slot_buffer = opt_operand_def()
    c2v_consumer_buf = opt_operand_def()
    v2c_consumer_buf = opt_operand_def()
    gm_slot_tensor = opt_operand_def()
    """A view of the first slot, alone: then the entries are not tiles but in GM, as of `initialize_l2g2l_pipe`."""
    fifo_id = opt_prop_def(IntegerAttr, prop_name="id")
    dir_mask = prop_def(IntegerAttr)
    slot_size = prop_def(IntegerAttr)
    slot_num = opt_prop_def(IntegerAttr)
    local_slot_num = opt_prop_def(IntegerAttr)
    nosplit = opt_prop_def(BoolAttr)
    flag_base = opt_prop_def(IntegerAttr)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        gm_slot_buffer: Value | None,
        c2v_consumer_buf: Value | None,
        v2c_consumer_buf: Value | None,
        *,
        dir_mask: int,
        slot_size: int,
        id: int | None = None,
        nosplit: bool | None = None,
    ) -> None:
        super().__init__(
            operands=[gm_slot_buffer, c2v_consumer_buf, v2c_consumer_buf, None],
            properties={
                "id": None if id is None else IntegerAttr(id, i32),
                "dir_mask": IntegerAttr(dir_mask, i8),
                "slot_size": IntegerAttr(slot_size, i32),
                "nosplit": None if nosplit is None else BoolAttr.from_bool(nosplit),
            },
        )

    @property
    def number(self) -> int:
        """Its id."""
        return number_of(self.fifo_id, 0)

    @property
    def slots(self) -> int:
        """Slots in GM."""
        return number_of(self.slot_num, DEFAULT_SLOTS.get(self.direction, 0))

    @property
    def local_slots(self) -> int:
        """Slots on the consumer's chip."""
        return number_of(self.local_slot_num, self.slots)

    @property
    def direction(self) -> int:
        """CUBE_TO_VECTOR, VECTOR_TO_CUBE or BOTH_WAYS."""
        return int(self.dir_mask.value.data)

    @property
    def ways(self) -> tuple[int, ...]:
        """The directions in which it carries tiles."""
        return WAYS[self.direction]

    def ring(self, way: int) -> SSAValue | None:
        """Address of the ring of the core that consumes what goes that way."""
        return self.c2v_consumer_buf if way == CUBE_TO_VECTOR else self.v2c_consumer_buf

    def produces(self, way: int) -> bool:
        """Whether this end pushes what goes that way."""
        return (self.CORE is KernelKind.CUBE) == (way == CUBE_TO_VECTOR)

    def verify_(self) -> None:
        """Check numbers and operands."""
        check_ways(self, self.direction)
        if (size := self.slot_size.value.data) <= 0:
            raise VerifyException(f"{self.name}: slot_size must be positive, not {size}")
        if (problem := depth_problem(self.slots)) is not None:
            raise VerifyException(f"{self.name}: {problem}")
        check_local_slots(self, self.local_slots, self.slots)
        if self.gm_slot_tensor is not None:
            self._verify_slot_tensor(self.gm_slot_tensor)
            return
        if self.gm_slot_buffer is None or not isinstance(self.gm_slot_buffer.type, PtrType):
            raise VerifyException(f"{self.name}: gm_slot_buffer, a pointer to the slots in GM, is needed on A3")
        for way in self.ways:
            if self.ring(way) is None:
                # The two directions are 1 and 2, and so are the places of their consumers' rings.
                side = self.OPERANDS[way]
                raise VerifyException(f"{self.name}: dir_mask = {self.direction} needs {side}, the consumer's ring")
        for name, value in zip(self.OPERANDS[1:3], (self.c2v_consumer_buf, self.v2c_consumer_buf), strict=True):
            if value is not None and value.type != i32:
                raise VerifyException(f"{self.name}: {name} must be an i32, not {value.type}")

    def _verify_slot_tensor(self, view: SSAValue) -> None:
        """Check that it is alone, with what entries in GM do not have left out."""
        if not isinstance(view.type, TensorViewType):
            raise VerifyException(f"{self.name}: gm_slot_tensor must be a view of GM, not {view.type}")
        if len(self.operands) > 1 or self.local_slot_num is not None:
            raise VerifyException(f"{self.name}: with gm_slot_tensor there are no other operands and no local_slot_num")

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `{..} (gm_slot_buffer = %gm : T, ..)`."""
        start = parser.pos
        known, others = parse_braces(parser, cls.NAMES)
        if missing := [name for name in ("dir_mask", "slot_size") if name not in known]:
            parser.raise_error(f"{cls.name} needs {', '.join(missing)}", start)
        operands: dict[str, Value] = {}

        def operand() -> None:
            name = parser.parse_identifier()
            if name not in cls.OPERANDS:
                parser.raise_error(f"{cls.name} has no {name}: use {', '.join(cls.OPERANDS)}")
            parser.parse_punctuation("=")
            operands[name] = parse_typed(parser)

        parser.parse_comma_separated_list(parser.Delimiter.PAREN, operand)
        # `build` wants a list for each operand that may be missing.
        given = [[operands[name]] if name in operands else [] for name in cls.OPERANDS]
        return cls.build(operands=given, properties=known, attributes=others)

    def print(self, printer: Printer) -> None:
        """Print `{..} (gm_slot_buffer = %gm : T, ..)`."""
        print_braces(printer, self, self.NAMES)
        printer.print_op_attributes(self.attributes)
        given = [(name, value) for name in self.OPERANDS if (value := getattr(self, name)) is not None]

        def item(pair: tuple[str, SSAValue]) -> None:
            printer.print_string(f"{pair[0]} = ")
            print_typed(printer, pair[1])

        printer.print_string(" (")
        printer.print_list(given, item)
        printer.print_string(")")


@irdl_op_definition
class AicInitializePipeOp(TileFifoOp):
    """The cube core's end."""

    name = "pto.aic_initialize_pipe"
    CORE: ClassVar = KernelKind.CUBE


@irdl_op_definition
class AivInitializePipeOp(TileFifoOp):
    """The vector cores' end."""

    name = "pto.aiv_initialize_pipe"
    CORE: ClassVar = KernelKind.VECTOR
