"""FIFOs between the cube core and its two vector cores, through slots in GM.

The producer allocates a slot (`talloc` binds the entry to it), stores into the entry and pushes; the consumer pops
(binds its entry), loads and frees. Each operation takes an entry from `pto.declare_global` and the FIFO's handle.

The handle knows what an entry is: `gm_addr` is a view of the first slot, with the entry's element type, rank and sizes.
Where a slot is split between the vector cores, their side has views and entries of half a slot.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from math import prod
from typing import Self

from xdsl.dialects.builtin import IntegerAttr, i8
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, operand_def, opt_operand_def, traits_def
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect import checks
from ptodsl.dialect.attributes import Pipe, Split
from ptodsl.dialect.directives import parse_braces, print_braces
from ptodsl.dialect.effects import tile_effects
from ptodsl.dialect.elements import DYNAMIC, element_bytes, element_name
from ptodsl.dialect.fifo_handle import CUBE_TO_VECTOR, VECTOR_TO_CUBE, InitializeL2G2LPipeOp, SplitOp
from ptodsl.dialect.gm_type import PipeType, TensorViewType
from ptodsl.dialect.syntax import Value, parse_types_of
from ptodsl.dialect.tile_type import TileBufType

PUSH_PIPES = {CUBE_TO_VECTOR: Pipe.FIX, VECTOR_TO_CUBE: Pipe.MTE3}
"""Pipe of the stores into an entry by direction: FIX on the cube, MTE3 on a vector core."""


class FifoOp(SplitOp, abc.ABC):
    """`pto.talloc(%entry, %pipe : T, !pto.pipe) {split = 1}`; split is 0 none, 1 up/down, 2 left/right."""

    entry = operand_def()
    pipe = operand_def()

    def __init__(self, entry: Value | Sequence[Value], pipe: Value, split: int) -> None:
        super().__init__(operands=[entry, pipe], properties={"split": IntegerAttr(split, i8)})

    def verify_(self) -> None:
        """Check handle, entry and split; and against the FIFO, if its definition is visible."""
        entry, handle = self.entry_type, self.pipe.type
        if not isinstance(handle, PipeType):
            raise VerifyException(f"{self.name}: pipe must be a FIFO handle (!pto.pipe), not {handle}")
        fifo = self.pipe.owner
        of_tiles = isinstance(fifo, InitializeL2G2LPipeOp) and fifo.of_tiles
        self._check_entry(entry, of_tiles)
        if self.split.type != i8:
            raise VerifyException(f"{self.name}: split must be an i8, not {self.split.type}")
        super().verify_()
        if isinstance(fifo, InitializeL2G2LPipeOp):
            if isinstance(entry, TensorViewType):
                self._verify_entry(fifo, entry)
            self._verify_split(fifo)

    @property
    def entry_type(self) -> Attribute | None:
        """Type of the entry; None where it has none."""
        return self.entry.type

    def _check_entry(self, entry: Attribute | None, of_tiles: bool) -> None:
        """Check what kind of entry it is."""
        if of_tiles and not isinstance(entry, TileBufType):
            raise VerifyException(f"{self.name}: the entries of this FIFO are tiles, since it has local slots")
        if not of_tiles and not isinstance(entry, TensorViewType):
            raise VerifyException(f"{self.name}: entry must come from pto.declare_global, but is {entry}")

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
        # Whether slots are ever split is one property of the FIFO (nosplit), so that its operations have to agree.
        others = (use.operation for use in fifo.pipe.uses)
        if any(isinstance(other, FifoOp) and (other.split_axis is Split.NONE) != unsplit for other in others):
            raise VerifyException(
                f"{self.name}: split = {self.split.value.data}, but another operation of this FIFO "
                f"{'splits' if unsplit else 'does not split'} its slots"
            )

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `(%entry, %pipe : T, !pto.pipe) {split = 1}`."""
        parser.parse_punctuation("(")
        entry = parser.parse_unresolved_operand()
        if parser.parse_optional_punctuation(",") is None:
            parser.raise_error(f"{cls.name} needs an entry and the handle of its FIFO")
        return cls._parse_rest(parser, [entry, parser.parse_unresolved_operand()])

    @classmethod
    def _parse_rest(cls, parser: Parser, unresolved: Sequence[UnresolvedOperand]) -> Self:
        """Parse `: T, !pto.pipe) {split = 1}`."""
        operands = parse_types_of(parser, unresolved)
        parser.parse_punctuation(")")
        split, others = parse_braces(parser, ("split",))
        if not split:
            parser.raise_error(f"{cls.name} needs {{split = 0, 1 or 2}}")
        return cls.create(operands=operands, properties=split, attributes=others)

    def print(self, printer: Printer) -> None:
        """Print `(%entry, %pipe : T, !pto.pipe) {split = 1}`."""
        printer.print_string("(")
        printer.print_list(self.operands, printer.print_ssa_value)
        printer.print_string(" : ")
        printer.print_list(self.operand_types, printer.print_attribute)
        printer.print_string(")")
        print_braces(printer, self, ("split",))
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
    """Signal "free" once the loads from the entry are done; of a FIFO of tiles `(%pipe : !pto.pipe) {split = 1}`."""

    name = "pto.tfree"
    traits = traits_def(tile_effects("tfree"))

    entry = opt_operand_def()  # type: ignore[assignment]  # without one only until the assembler has rewritten it

    @property
    def entry_type(self) -> Attribute | None:
        """Type of the entry; None where it has none."""
        return None if self.entry is None else self.entry.type

    def __init__(self, entry: Value | None, pipe: Value, split: int) -> None:
        super().__init__([] if entry is None else [entry], pipe, split)

    def _check_entry(self, entry: Attribute | None, of_tiles: bool) -> None:
        """Check that there is an entry where slots are given back by hand."""
        if not of_tiles:
            if entry is None:
                raise VerifyException(
                    f"{self.name} needs an entry and the handle of its FIFO: without an entry it frees nothing in GM, "
                    "and the producer would wait for ever"
                )
            super()._check_entry(entry, of_tiles)
        elif entry is not None:
            raise VerifyException(f"{self.name}: tiles are given back without naming them")

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `(%entry, %pipe : T, !pto.pipe) {split = 1}`, or without the entry."""
        parser.parse_punctuation("(")
        operands = [parser.parse_unresolved_operand()]
        if parser.parse_optional_punctuation(",") is not None:
            operands.append(parser.parse_unresolved_operand())
        return cls._parse_rest(parser, operands)
