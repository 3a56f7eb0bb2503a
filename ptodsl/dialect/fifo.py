"""FIFOs between the cube core and its two vector cores, through slots in GM.

The producer allocates a slot (`talloc` binds the entry to it), stores into the entry and pushes; the consumer pops
(binds its entry), loads and frees. Each operation takes an entry from `pto.declare_global` and the FIFO's handle.

The handle knows what an entry is: `gm_addr` is a view of the first slot, with the entry's element type, rank and sizes.
Where a slot is split between the vector cores, their side has views and entries of half a slot.
"""

from __future__ import annotations

import abc
from math import prod
from typing import ClassVar, Self

from xdsl.dialects.builtin import BoolAttr, IntegerAttr, i8, i32
from xdsl.ir import Attribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from isa import a3
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import SPLITS, Pipe, Split
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import DYNAMIC, element_bytes, element_name
from ptodsl.dialect.gm_type import PipeType, TensorViewType
from ptodsl.dialect.syntax import Value, parse_types_of

CUBE_TO_VECTOR = 1
"""`dir_mask` of a FIFO that the cube core fills."""

VECTOR_TO_CUBE = 2
"""`dir_mask` of a FIFO that the vector cores fill."""

DIRECTIONS = {CUBE_TO_VECTOR: "DIR_C2V", VECTOR_TO_CUBE: "DIR_V2C"}
"""C++ enumerator of each `dir_mask`."""

PUSH_PIPES = {CUBE_TO_VECTOR: Pipe.FIX, VECTOR_TO_CUBE: Pipe.MTE3}
"""Pipe of the stores into an entry by direction: FIX on the cube, MTE3 on a vector core."""

NUMBERS = {"dir_mask": i8, "slot_size": i32, "slot_num": i32, "local_slot_num": i32, "flag_base": i32}
"""Types of the numbers of a FIFO."""


@irdl_op_definition
class InitializeL2G2LPipeOp(IRDLOperation):
    """The handle of a FIFO of `slot_num` slots of `slot_size` bytes in GM.

    `pto.initialize_l2g2l_pipe {dir_mask = 1, slot_size = 8192, slot_num = 8} (%slot : T) -> !pto.pipe`

    `gm_addr` is a view of the first slot as this core sees it: the type of its entries. `flag_base` is the first of the
    cross-core flags that the FIFO uses; the assembler numbers the FIFOs of a function that give none. `nosplit` says
    whether no operation splits a slot; it follows from the operations when not given. Both ends initialise the same
    FIFO.

    It prints in the generic form, since ptoas 0.48 reads a `flag_base` in no other without `local_slot_num`.
    """

    name = "pto.initialize_l2g2l_pipe"

    gm_addr = operand_def()
    local_addr = opt_operand_def()
    peer_local_addr = opt_operand_def()
    dir_mask = prop_def(IntegerAttr)
    slot_size = prop_def(IntegerAttr)
    slot_num = prop_def(IntegerAttr)
    local_slot_num = opt_prop_def(IntegerAttr)
    flag_base = opt_prop_def(IntegerAttr)
    nosplit = opt_prop_def(BoolAttr)
    pipe = result_def(PipeType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def __init__(
        self,
        gm_addr: Value,
        *,
        dir_mask: int,
        slot_size: int,
        slot_num: int,
        flag_base: int | None = None,
        local_slot_num: int | None = None,
        nosplit: bool | None = None,
        local_addr: Value | None = None,
        peer_local_addr: Value | None = None,
    ) -> None:
        numbers = (dir_mask, slot_size, slot_num, local_slot_num, flag_base)
        properties: dict[str, Attribute | None] = {
            name: None if number is None else IntegerAttr(number, ty)
            for (name, ty), number in zip(NUMBERS.items(), numbers, strict=True)
        }
        properties["nosplit"] = None if nosplit is None else BoolAttr.from_bool(nosplit)
        super().__init__(
            operands=[gm_addr, local_addr, peer_local_addr], result_types=[PipeType()], properties=properties
        )

    def verify_(self) -> None:
        """Check the view of a slot, the slots and the direction."""
        if not isinstance(self.gm_addr.type, TensorViewType):
            raise VerifyException(
                f"{self.name}: gm_addr must be a view of the first slot (!pto.tensor_view, from pto.make_tensor_view) "
                f"with the type of the FIFO's entries, not {self.gm_addr.type}"
            )
        for name, ty in NUMBERS.items():
            attr = self.properties.get(name)
            if isinstance(attr, IntegerAttr) and attr.type != ty:
                raise VerifyException(f"{self.name}: {name} must be an {ty}, not {attr.type}")
        if (self.local_addr, self.peer_local_addr, self.local_slot_num) != (None, None, None):
            raise VerifyException(
                f"{self.name}: a FIFO with local slots (local_addr, peer_local_addr, local_slot_num) delivers tiles: "
                "open it with pto.aic_initialize_pipe and pto.aiv_initialize_pipe"
            )
        if (direction := self.dir_mask.value.data) not in DIRECTIONS:
            raise VerifyException(
                f"{self.name}: dir_mask must be 1 (cube to vector) or 2 (vector to cube), not {direction}"
            )
        for name, attr in (("slot_size", self.slot_size), ("slot_num", self.slot_num)):
            if attr.value.data <= 0:
                raise VerifyException(f"{self.name}: {name} must be positive, not {attr.value.data}")
        if (problem := depth_problem(self.slot_num.value.data)) is not None:
            raise VerifyException(f"{self.name}: {problem}")
        if self.flag is not None and (problem := flag_problem(self.flag)) is not None:
            raise VerifyException(f"{self.name}: {problem}")

    @property
    def flag(self) -> int | None:
        """First cross-core flag of the FIFO, if it is given."""
        return None if self.flag_base is None else int(self.flag_base.value.data)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `{dir_mask = 1, slot_size = 8192, slot_num = 8} (%slot : T) -> !pto.pipe`."""
        start = parser.pos
        properties = dict(parser.parse_comma_separated_list(parser.Delimiter.BRACES, lambda: _parse_property(parser)))
        missing = [name for name in ("dir_mask", "slot_size", "slot_num") if name not in properties]
        if missing:
            parser.raise_error(f"{cls.name} needs {', '.join(missing)}", start)
        if "flag_base" in properties and "local_slot_num" not in properties:
            parser.raise_error(f"ptoas 0.48 reads flag_base in the generic form of {cls.name} only", start)
        operands = parser.parse_comma_separated_list(parser.Delimiter.PAREN, lambda: _parse_typed_operand(parser))
        if not 1 <= len(operands) <= 3:
            parser.raise_error(f"{cls.name} takes gm_addr and at most two local addresses, not {len(operands)}", start)
        parser.parse_punctuation("->")
        return cls.build(
            operands=[[value] for value in operands] + [[]] * (3 - len(operands)),
            result_types=[parser.parse_type()],
            properties=properties,
            attributes=parser.parse_optional_attr_dict(),
        )


def depth_problem(slots: int) -> str | None:
    """Why the library does not serve a FIFO of so many slots, if it does not. ptoas 0.48 takes any number."""
    if slots > a3.FLAG_COUNT_MAX:
        return (
            f"{slots} slots can be full at once, but the flag that counts them holds {a3.FLAG_COUNT_MAX} signals at "
            f"most; use slot_num = {a3.FLAG_COUNT_MAX - 1} or fewer"
        )
    if slots > 2 and slots % (batch := slots // 2) != 0:
        return (
            f"slots are given back {batch} at a time, which does not divide slot_num = {slots}, so that a slot would "
            "be overwritten while it is read; use an even number, or 1 or 3"
        )
    return None


def flag_problem(base: int) -> str | None:
    """Why a FIFO cannot have the flags from `base` on, if it cannot. ptoas 0.48 checks that they exist."""
    last = base + a3.FLAGS_PER_FIFO - 1
    taken = f"flag_base = {base} takes the flags {base} to {last}"
    if not 0 <= base <= last < a3.CROSS_CORE_FLAGS:
        return f"{taken}, but the flags between cores are 0 to {a3.CROSS_CORE_FLAGS - 1}"
    if base <= a3.SYNCALL_FLAGS[-1] and last >= a3.SYNCALL_FLAGS[0]:
        return f"{taken}, but SYNCALL uses {a3.SYNCALL_FLAGS[0]} to {a3.SYNCALL_FLAGS[-1]}"
    return None


def _parse_property(parser: Parser) -> tuple[str, Attribute]:
    """Parse `slot_num = 8`, or `nosplit = true`."""
    name = parser.parse_identifier()
    if name not in NUMBERS and name != "nosplit":
        parser.raise_error(f"a FIFO has no {name}: use {', '.join(NUMBERS)} or nosplit")
    parser.parse_punctuation("=")
    if name == "nosplit":
        return name, BoolAttr.from_bool(parser.parse_boolean())
    return name, IntegerAttr(parser.parse_integer(allow_boolean=False), NUMBERS[name])


def _parse_typed_operand(parser: Parser) -> Value:
    """Parse `%a : T`."""
    operand = parser.parse_unresolved_operand()
    parser.parse_punctuation(":")
    value: Value = parser.resolve_operand(operand, parser.parse_type())
    return value


class FifoOp(IRDLOperation, abc.ABC):
    """`pto.talloc(%entry, %pipe : T, !pto.pipe) {split = 1}`; split is 0 none, 1 up/down, 2 left/right."""

    WHY_ENTRY: ClassVar[str] = ""
    """Why the operation needs an entry, where ptoas 0.48 does without."""

    entry = operand_def()
    pipe = operand_def()
    split = prop_def(IntegerAttr)

    def __init__(self, entry: Value, pipe: Value, split: int) -> None:
        super().__init__(operands=[entry, pipe], properties={"split": IntegerAttr(split, i8)})

    def verify_(self) -> None:
        """Check handle, entry and split; and against the FIFO, if its definition is visible."""
        entry, handle = self.entry.type, self.pipe.type
        if not isinstance(handle, PipeType):
            raise VerifyException(f"{self.name}: pipe must be a FIFO handle (!pto.pipe), not {handle}")
        if not isinstance(entry, TensorViewType):
            raise VerifyException(f"{self.name}: entry must come from pto.declare_global, but is {entry}")
        if self.split.type != i8:
            raise VerifyException(f"{self.name}: split must be an i8, not {self.split.type}")
        if (split := self.split.value.data) not in range(len(SPLITS)):
            raise VerifyException(f"{self.name}: split must be 0 (none), 1 (up/down) or 2 (left/right), not {split}")
        fifo = self.pipe.owner
        if isinstance(fifo, InitializeL2G2LPipeOp):
            self._verify_entry(fifo, entry)
            self._verify_split(fifo)

    def _verify_entry(self, fifo: InitializeL2G2LPipeOp, entry: TensorViewType) -> None:
        """Check that the FIFO's view is of such entries, and that they are as large as a slot, or a half of it."""
        slot = fifo.gm_addr.type
        if not isinstance(slot, TensorViewType):
            return
        if entry.dtype != slot.dtype:
            raise VerifyException(
                f"{self.name}: the entry is {element_name(entry.dtype)} but gm_addr of its FIFO is a view of "
                f"{element_name(slot.dtype)}; make that view from a pointer to {element_name(entry.dtype)}"
            )
        if not checks.shapes_agree(entry.shape, slot.shape):
            raise VerifyException(
                f"{self.name}: the entry is {entry} but gm_addr of its FIFO is {slot}: they must have the same sizes"
            )
        if DYNAMIC in entry.shape:
            return
        size, slot_size = entry_bytes(entry), fifo.slot_size.value.data
        if size != slot_size and (self.split_axis is Split.NONE or 2 * size != slot_size):
            half = "" if self.split_axis is Split.NONE else f", or half of it, {slot_size // 2}"
            raise VerifyException(
                f"{self.name}: the entry {entry} has {size} bytes, but must be as large as a slot, {slot_size}{half}"
            )

    def _verify_split(self, fifo: InitializeL2G2LPipeOp) -> None:
        """Check that the operations of a FIFO split its slots, or do not."""
        unsplit = self.split_axis is Split.NONE
        if fifo.nosplit is not None and bool(fifo.nosplit.value.data) != unsplit:
            raise VerifyException(
                f"{self.name}: split = {self.split.value.data} contradicts nosplit of the FIFO; leave nosplit out"
            )
        others = (use.operation for use in fifo.pipe.uses)
        if any(isinstance(other, FifoOp) and (other.split_axis is Split.NONE) != unsplit for other in others):
            raise VerifyException(
                f"{self.name}: split = {self.split.value.data}, but another operation of this FIFO "
                f"{'splits' if unsplit else 'does not split'} its slots"
            )

    @property
    def split_axis(self) -> Split:
        """How the slot is divided between the vector subblocks."""
        return SPLITS[self.split.value.data]

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `(%entry, %pipe : T, !pto.pipe) {split = 1}`."""
        parser.parse_punctuation("(")
        entry = parser.parse_unresolved_operand()
        if parser.parse_optional_punctuation(",") is None:
            parser.raise_error(f"{cls.name} needs an entry and the handle of its FIFO{cls.WHY_ENTRY}")
        pipe = parser.parse_unresolved_operand()
        operands = parse_types_of(parser, [entry, pipe])
        parser.parse_punctuation(")")
        if parser.parse_optional_punctuation("{") is None:
            parser.raise_error(f"{cls.name} needs {{split = 0, 1 or 2}}")
        parser.parse_keyword("split")
        parser.parse_punctuation("=")
        split = IntegerAttr(parser.parse_integer(allow_boolean=False), i8)
        parser.parse_punctuation("}")
        return cls.create(operands=operands, properties={"split": split}, attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """Print `(%entry, %pipe : T, !pto.pipe) {split = 1}`."""
        printer.print_string("(")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)
        printer.print_string(f") {{split = {self.split.value.data}}}")
        printer.print_op_attributes(self.attributes)


def entry_bytes(entry: TensorViewType) -> int:
    """Bytes of an entry of constant sizes."""
    return prod(entry.shape) * element_bytes(entry.dtype)


@irdl_op_definition
class TAllocOp(FifoOp):
    """Bind the entry to the next slot; blocks until the consumer has freed it."""

    name = "pto.talloc"
    traits = traits_def(tile_effects("talloc"))


@irdl_op_definition
class TPushOp(FifoOp):
    """Signal "full" once the stores into the entry have landed."""

    name = "pto.tpush"
    traits = traits_def(tile_effects("tpush"))

    @property
    def store_pipe(self) -> Pipe:
        """Pipe of the stores that the push announces; raises ValueError if the FIFO is out of sight."""
        owner = self.pipe.owner
        if not isinstance(owner, InitializeL2G2LPipeOp):
            raise ValueError(f"{self.name}: pipe must come from pto.initialize_l2g2l_pipe in the same function")
        return PUSH_PIPES[owner.dir_mask.value.data]


@irdl_op_definition
class TPopOp(FifoOp):
    """Wait for "full" and bind the entry to the slot, and to the subblock's part of it."""

    name = "pto.tpop"
    traits = traits_def(tile_effects("tpop"))


@irdl_op_definition
class TFreeOp(FifoOp):
    """Signal "free" once the loads from the entry are done."""

    name = "pto.tfree"
    traits = traits_def(tile_effects("tfree"))

    WHY_ENTRY: ClassVar[str] = ": without an entry it frees nothing in GM, and the producer would wait for ever"
