"""Flags between the cores of a block, set and waited for by hand; FIFOs (`fifo`, `tile_fifo`) do that by themselves."""

from __future__ import annotations

import abc
from typing import Self

from xdsl.dialects.builtin import IntegerAttr, i32
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, opt_operand_def, opt_prop_def, prop_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from isa import a3
from ptodsl.dialect import checks
from ptodsl.dialect.attributes import Pipe, PipeAttr, parse_pipe_attr, to_enum
from ptodsl.dialect.syntax import INDEX, Value

FFTS_MODE = 2
"""Of a set that does not say it: between the cube core of a block and its two vector cores."""


class CrossCoreFlagOp(IRDLOperation, abc.ABC):
    """`<PIPE_MTE3>, 3` or `<PIPE_MTE3>, %id`: a pipe, and one of the 16 flags of a block."""

    pipe = prop_def(PipeAttr)
    event_id = opt_prop_def(IntegerAttr)
    event_id_dyn = opt_operand_def()

    def __init__(self, pipe: Pipe | str, event_id: Value | int, ffts_mode: int | None = None) -> None:
        properties: dict[str, Attribute | None] = {"pipe": PipeAttr(to_enum(Pipe, pipe, "pipe"))}
        if isinstance(event_id, int):
            properties["event_id"] = IntegerAttr(event_id, i32)
        if ffts_mode is not None:
            properties["ffts_mode"] = IntegerAttr(ffts_mode, i32)
        computed = None if isinstance(event_id, int) else event_id
        super().__init__(operands=[computed], properties=properties)

    @property
    def number(self) -> int | None:
        """The flag where it is known."""
        return None if self.event_id is None else self.event_id.value.data

    def verify_(self) -> None:
        """Check that there is one id, which is in range where it is known."""
        if (self.event_id is None) == (self.event_id_dyn is None):
            raise VerifyException(f"{self.name}: give the flag as a number or as an index, one of the two")
        if self.event_id_dyn is not None:
            checks.index(self, "flag", self.event_id_dyn)
        elif self.number is not None and not 0 <= self.number < a3.CROSS_CORE_FLAGS:
            raise VerifyException(
                f"{self.name}: there is no flag {self.number}: a block has 0 to {a3.CROSS_CORE_FLAGS - 1}"
            )

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `<PIPE_MTE3>, 3 {attributes}`."""
        properties: dict[str, Attribute] = {"pipe": parse_pipe_attr(parser)}
        parser.parse_punctuation(",")
        operands: list[SSAValue] = []
        if (number := parser.parse_optional_integer()) is None:
            operands.append(parser.parse_operand(INDEX))
        else:
            properties["event_id"] = IntegerAttr(number, i32)
        attributes = parser.parse_optional_attr_dict()
        names = cls.get_irdl_definition().properties
        # In the text these stand among the other attributes.
        properties |= {name: attributes.pop(name) for name in names if name in attributes}
        return cls.create(operands=operands, properties=properties, attributes=attributes)

    def print(self, printer: Printer) -> None:
        """Print `<PIPE_MTE3>, 3 {attributes}`."""
        printer.print_string(f" <{self.pipe.data}>, ")
        if self.event_id_dyn is not None:
            printer.print_ssa_value(self.event_id_dyn)
        else:
            printer.print_string(str(self.number))
        written = "pipe", "event_id"
        printer.print_op_attributes(
            self.attributes | {name: value for name, value in self.properties.items() if name not in written}
        )


@irdl_op_definition
class SyncSetOp(CrossCoreFlagOp):
    """Set the flag for the other cores when all that was issued to the pipe before is complete."""

    name = "pto.sync.set"

    ffts_mode = opt_prop_def(IntegerAttr)

    @property
    def mode(self) -> int:
        """Who sees the flag: see FFTS_MODE."""
        return FFTS_MODE if self.ffts_mode is None else self.ffts_mode.value.data


@irdl_op_definition
class SyncWaitOp(CrossCoreFlagOp):
    """Hold back the core until the other cores have set the flag; the pipe says what is waited with."""

    name = "pto.sync.wait"
