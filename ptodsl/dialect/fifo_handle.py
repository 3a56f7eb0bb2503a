"""The handle of a FIFO between the cube core and its two vector cores (see `fifo`): slots, direction, flags."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Self

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
)
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from isa import a3
from isa.sync import free_batch_of
from ptodsl.dialect.attributes import SPLITS, Split
from ptodsl.dialect.directives import parse_braces
from ptodsl.dialect.gm_type import PipeType, PtrType, TensorViewType
from ptodsl.dialect.syntax import Value, parse_typed

CUBE_TO_VECTOR = 1
"""`dir_mask` of a FIFO that the cube core fills."""

VECTOR_TO_CUBE = 2
"""`dir_mask` of a FIFO that the vector cores fill."""

BOTH_WAYS = CUBE_TO_VECTOR | VECTOR_TO_CUBE
"""`dir_mask` of two FIFOs of tiles in one handle: the cube core's first, then, behind its slots, the vector cores'."""

DIRECTIONS = {CUBE_TO_VECTOR: "DIR_C2V", VECTOR_TO_CUBE: "DIR_V2C", BOTH_WAYS: "DIR_BOTH"}
"""C++ enumerator of each `dir_mask`."""

WAYS: Mapping[int, tuple[int, ...]] = {
    CUBE_TO_VECTOR: (CUBE_TO_VECTOR,),
    VECTOR_TO_CUBE: (VECTOR_TO_CUBE,),
    BOTH_WAYS: (CUBE_TO_VECTOR, VECTOR_TO_CUBE),
}
"""The directions of each `dir_mask`."""

NUMBERS = {"dir_mask": i8, "slot_size": i32, "slot_num": i32, "local_slot_num": i32, "flag_base": i32}
"""Types of the numbers of a FIFO."""


@irdl_op_definition
class InitializeL2G2LPipeOp(IRDLOperation):
    """The handle of a FIFO of `slot_num` slots of `slot_size` bytes in GM.

    `pto.initialize_l2g2l_pipe {dir_mask = 1, slot_size = 8192, slot_num = 8} (%slot : T) -> !pto.pipe`

    With `local_addr`, an i32, its entries are tiles, and `gm_addr` is a pointer to the first slot: `local_slot_num`
    tiles lie from there on the consumer's chip. With `dir_mask = 3` it has a FIFO each way; then `local_addr` is the
    vector cores' place and `peer_local_addr` the cube core's.

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
        dir_mask: int,
        slot_size: int,
        slot_num: int,
        local_slot_num: int | None = None,
        flag_base: int | None = None,
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
        for name, ty in NUMBERS.items():
            attr = self.properties.get(name)
            if isinstance(attr, IntegerAttr) and attr.type != ty:
                raise VerifyException(f"{self.name}: {name} must be an {ty}, not {attr.type}")
        if self.of_tiles:
            self._verify_local_slots()
        else:
            self._verify_view()
        for name, attr in (("slot_size", self.slot_size), ("slot_num", self.slot_num)):
            if attr.value.data <= 0:
                raise VerifyException(f"{self.name}: {name} must be positive, not {attr.value.data}")
        if (problem := depth_problem(self.slot_num.value.data)) is not None:
            raise VerifyException(f"{self.name}: {problem}")
        if self.flag is not None and (problem := flag_problem(self.flag, self.fifos)) is not None:
            raise VerifyException(f"{self.name}: {problem}")

    def _verify_view(self) -> None:
        """Check what is particular to entries in GM."""
        if not isinstance(self.gm_addr.type, TensorViewType):
            raise VerifyException(
                f"{self.name}: gm_addr must be a view of the first slot (!pto.tensor_view, from pto.make_tensor_view) "
                f"with the type of the FIFO's entries, not {self.gm_addr.type}"
            )
        if (self.peer_local_addr, self.local_slot_num) != (None, None):
            raise VerifyException(
                f"{self.name}: peer_local_addr and local_slot_num are of FIFOs of tiles, which have a local_addr, too"
            )
        if (direction := self.dir_mask.value.data) not in (CUBE_TO_VECTOR, VECTOR_TO_CUBE):
            raise VerifyException(
                f"{self.name}: dir_mask must be 1 (cube to vector) or 2 (vector to cube), not {direction}"
            )

    def _verify_local_slots(self) -> None:
        """Check what is particular to entries that are tiles."""
        if not isinstance(self.gm_addr.type, PtrType):
            raise VerifyException(
                f"{self.name}: with local_addr the entries are tiles, and gm_addr is a pointer to the first slot "
                f"(!pto.ptr), not {self.gm_addr.type}"
            )
        check_ways(self, direction := self.dir_mask.value.data)
        if (self.peer_local_addr is not None) != (direction == BOTH_WAYS):
            raise VerifyException(f"{self.name}: peer_local_addr is given exactly with dir_mask = 3")
        for value in (self.local_addr, self.peer_local_addr):
            if value is not None and value.type != i32:
                raise VerifyException(f"{self.name}: local addresses must be i32, not {value.type}")
        if self.local_slot_num is not None:
            check_local_slots(self, self.local_slot_num.value.data, self.slot_num.value.data)

    @property
    def of_tiles(self) -> bool:
        """Whether its entries are tiles."""
        return self.local_addr is not None

    @property
    def fifos(self) -> int:
        """How many FIFOs it has: one each way."""
        return len(WAYS.get(self.dir_mask.value.data, (CUBE_TO_VECTOR,)))

    @property
    def flag(self) -> int | None:
        """First cross-core flag of the FIFO, if it is given."""
        return None if self.flag_base is None else int(self.flag_base.value.data)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `{dir_mask = 1, slot_size = 8192, slot_num = 8} (%slot : T) -> !pto.pipe`."""
        start = parser.pos
        properties, others = parse_braces(parser, (*NUMBERS, "nosplit"))
        if others:
            parser.raise_error(f"a FIFO has no {min(others)}: use {', '.join(NUMBERS)} or nosplit", start)
        missing = [name for name in ("dir_mask", "slot_size", "slot_num") if name not in properties]
        if missing:
            parser.raise_error(f"{cls.name} needs {', '.join(missing)}", start)
        if "flag_base" in properties and "local_slot_num" not in properties:
            parser.raise_error(f"ptoas 0.48 reads flag_base in the generic form of {cls.name} only", start)
        operands = parser.parse_comma_separated_list(parser.Delimiter.PAREN, lambda: parse_typed(parser))
        if not 1 <= len(operands) <= 3:
            parser.raise_error(f"{cls.name} takes gm_addr and at most two local addresses, not {len(operands)}", start)
        parser.parse_punctuation("->")
        return cls.build(
            # `build` wants a list for each operand that may be missing.
            operands=[[value] for value in operands] + [[]] * (3 - len(operands)),
            result_types=[parser.parse_type()],
            properties=properties,
            attributes=parser.parse_optional_attr_dict(),
        )


class SplitOp(IRDLOperation, abc.ABC):
    """An operation on a FIFO: it says how a slot is divided between the vector cores."""

    split = prop_def(IntegerAttr)

    def verify_(self) -> None:
        """Check the split."""
        if (split := self.split.value.data) not in range(len(SPLITS)):
            raise VerifyException(f"{self.name}: split must be 0 (none), 1 (up/down) or 2 (left/right), not {split}")

    @property
    def split_axis(self) -> Split:
        """How the slot is divided between the vector cores."""
        return SPLITS[self.split.value.data]


def check_ways(op: IRDLOperation, direction: int) -> None:
    """Check the `dir_mask` of FIFOs of tiles."""
    if direction not in WAYS:
        raise VerifyException(
            f"{op.name}: dir_mask must be 1 (cube to vector), 2 (vector to cube) or 3 (both), not {direction}"
        )


def check_local_slots(op: IRDLOperation, local: int, slots: int) -> None:
    """Check that on chip there are no more slots than in GM."""
    if not 1 <= local <= slots:
        raise VerifyException(f"{op.name}: local_slot_num must be 1 to slot_num = {slots}")


def depth_problem(slots: int) -> str | None:
    """Why the library does not serve a FIFO of so many slots, if it does not. ptoas 0.48 takes any number."""
    if slots > a3.FLAG_COUNT_MAX:
        return (
            f"{slots} slots can be full at once, but the flag that counts them holds {a3.FLAG_COUNT_MAX} signals at "
            f"most; use slot_num = {a3.FLAG_COUNT_MAX - 1} or fewer"
        )
    batch = free_batch_of(slots)
    if slots > 0 and slots % batch != 0:
        return (
            f"slots are given back {batch} at a time, which does not divide slot_num = {slots}, so that a slot would "
            "be overwritten while it is read; use an even number, or 1 or 3"
        )
    return None


def flag_problem(base: int, fifos: int = 1) -> str | None:
    """Why `fifos` FIFOs cannot have the flags from `base` on, if they cannot. ptoas 0.48 checks that they exist."""
    last = base + fifos * a3.FLAGS_PER_FIFO - 1
    taken = f"flag_base = {base} takes the flags {base} to {last}"
    if not 0 <= base <= last < a3.CROSS_CORE_FLAGS:
        return f"{taken}, but the flags between cores are 0 to {a3.CROSS_CORE_FLAGS - 1}"
    if base <= a3.SYNCALL_FLAGS[-1] and last >= a3.SYNCALL_FLAGS[0]:
        return f"{taken}, but SYNCALL uses {a3.SYNCALL_FLAGS[0]} to {a3.SYNCALL_FLAGS[-1]}"
    return None
