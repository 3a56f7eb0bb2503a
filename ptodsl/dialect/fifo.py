"""FIFOs between the cube core and its two vector cores, through slots in GM.

The producer allocates a slot (`talloc` binds the entry to it), stores into the entry and pushes; the consumer pops
(binds its entry), loads and frees. Each operation takes an entry from `pto.declare_global` and the FIFO's handle.
"""

from __future__ import annotations

import abc
from typing import Self

from xdsl.dialects.builtin import IntegerAttr, UnitAttr, i8, i32, i64
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect.attributes import SPLITS, Split
from ptodsl.dialect.elements import element_bytes
from ptodsl.dialect.gm_type import PipeType, PtrType, TensorViewType
from ptodsl.dialect.syntax import Value, parse_types_of

CUBE_TO_VECTOR = 1
"""`dir_mask` of a FIFO that the cube core fills."""

VECTOR_TO_CUBE = 2
"""`dir_mask` of a FIFO that the vector cores fill."""

DIRECTIONS = {CUBE_TO_VECTOR: "DIR_C2V", VECTOR_TO_CUBE: "DIR_V2C"}
"""C++ enumerator of each `dir_mask`."""


@irdl_op_definition
class InitializeL2G2LPipeOp(IRDLOperation):
    """The handle of a FIFO of `slot_num` slots of `slot_size` bytes in GM, from `gm_addr` on.

    `flag_base` is the first of the cross-core flags that it uses; `local_slot_num` defaults to `slot_num`. Both ends
    initialise the same FIFO. It has the generic form only.
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
    nosplit = opt_prop_def()
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
        nosplit: bool = False,
        local_addr: Value | None = None,
        peer_local_addr: Value | None = None,
    ) -> None:
        super().__init__(
            operands=[gm_addr, local_addr, peer_local_addr],
            result_types=[PipeType()],
            properties={
                "dir_mask": IntegerAttr(dir_mask, i8),
                "slot_size": IntegerAttr(slot_size, i32),
                "slot_num": IntegerAttr(slot_num, i32),
                "local_slot_num": None if local_slot_num is None else IntegerAttr(local_slot_num, i32),
                "flag_base": None if flag_base is None else IntegerAttr(flag_base, i32),
                "nosplit": UnitAttr() if nosplit else None,
            },
        )

    def verify_(self) -> None:
        """Check the slots and the direction."""
        if not isinstance(self.gm_addr.type, PtrType):
            raise VerifyException(f"{self.name}: gm_addr must be a GM pointer (!pto.ptr), not {self.gm_addr.type}")
        if (direction := self.dir_mask.value.data) not in DIRECTIONS:
            raise VerifyException(
                f"{self.name}: dir_mask must be 1 (cube to vector) or 2 (vector to cube), not {direction}"
            )
        for name, attr in (("slot_size", self.slot_size), ("slot_num", self.slot_num)):
            if attr.value.data <= 0:
                raise VerifyException(f"{self.name}: {name} must be positive, not {attr.value.data}")
        if self.flag_base is not None and self.flag_base.value.data < 0:
            raise VerifyException(f"{self.name}: flag_base must not be negative, but is {self.flag_base.value.data}")

    @property
    def flag(self) -> int:
        """First cross-core flag of the FIFO: 0 when not given."""
        return 0 if self.flag_base is None else int(self.flag_base.value.data)

    @property
    def local_slots(self) -> int:
        """Number of local slots: as many as there are slots when not given."""
        return int((self.local_slot_num or self.slot_num).value.data)


class FifoOp(IRDLOperation, abc.ABC):
    """`pto.talloc(%entry, %pipe : T, !pto.pipe) {split = 1}`; split is 0 none, 1 up/down, 2 left/right."""

    entry = operand_def()
    pipe = operand_def()
    split = prop_def(IntegerAttr)

    def __init__(self, entry: Value, pipe: Value, split: int) -> None:
        super().__init__(operands=[entry, pipe], properties={"split": IntegerAttr(split, i64)})

    def verify_(self) -> None:
        """Check handle, entry and split, and that an entry fits its slot."""
        entry, handle = self.entry.type, self.pipe.type
        if not isinstance(handle, PipeType):
            raise VerifyException(f"{self.name}: pipe must be a FIFO handle (!pto.pipe), not {handle}")
        if not isinstance(entry, TensorViewType):
            raise VerifyException(f"{self.name}: entry must come from pto.declare_global, but is {entry}")
        if (split := self.split.value.data) not in range(len(SPLITS)):
            raise VerifyException(f"{self.name}: split must be 0 (none), 1 (up/down) or 2 (left/right), not {split}")
        owner = self.pipe.owner
        if not isinstance(owner, InitializeL2G2LPipeOp):
            return
        size = element_bytes(entry.dtype)
        for dim in entry.shape:
            size *= dim
        if size > (slot := owner.slot_size.value.data):
            raise VerifyException(f"{self.name}: the entry {entry} has {size} bytes, more than its slot of {slot}")

    @property
    def split_axis(self) -> Split:
        """How the slot is divided between the vector subblocks."""
        return SPLITS[self.split.value.data]

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `(%entry, %pipe : T, !pto.pipe) {split = 1}`."""
        parser.parse_punctuation("(")
        entry = parser.parse_unresolved_operand()
        parser.parse_punctuation(",")
        pipe = parser.parse_unresolved_operand()
        operands = parse_types_of(parser, [entry, pipe])
        parser.parse_punctuation(")")
        attributes = parser.parse_optional_attr_dict()
        if "split" not in attributes:
            parser.raise_error(f"{cls.name} needs {{split = 0, 1 or 2}}")
        return cls.create(operands=operands, properties={"split": attributes.pop("split")}, attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Print `(%entry, %pipe : T, !pto.pipe) {split = 1}`."""
        printer.print_string("(")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)
        printer.print_string(f") {{split = {self.split.value.data}")
        for name, attribute in self.attributes.items():
            printer.print_string(f", {name} = ")
            printer.print_attribute(attribute)
        printer.print_string("}")


@irdl_op_definition
class TAllocOp(FifoOp):
    """Bind the entry to the next slot; blocks until the consumer has freed it."""

    name = "pto.talloc"


@irdl_op_definition
class TPushOp(FifoOp):
    """Signal "full" once the stores into the entry have landed."""

    name = "pto.tpush"


@irdl_op_definition
class TPopOp(FifoOp):
    """Wait for "full" and bind the entry to the slot, and to the subblock's part of it."""

    name = "pto.tpop"


@irdl_op_definition
class TFreeOp(FifoOp):
    """Signal "free" once the loads from the entry are done."""

    name = "pto.tfree"
