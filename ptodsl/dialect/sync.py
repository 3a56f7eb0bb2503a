"""Synchronisation of a core's pipes: flags between two of them, barriers within one."""

from __future__ import annotations

import abc
from typing import ClassVar, Self

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, prop_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect.attributes import EventAttr, Pipe, PipeAttr, parse_event_attr, parse_pipe_attr, to_enum
from ptodsl.dialect.syntax import INDEX, Value


class AnyFlagOp(IRDLOperation, abc.ABC):
    """A flag between two pipes: which of their eight it is, a subclass says.

    A pipe may be written in full, `#pto.pipe<PIPE_V>`, or as a string, `"PIPE_V"`, too, and so may an event.
    """

    GAP: ClassVar[str]
    """What is printed behind the name."""

    src_pipe = prop_def(PipeAttr)
    dst_pipe = prop_def(PipeAttr)

    @staticmethod
    def _pipes(src_pipe: Pipe | str, dst_pipe: Pipe | str) -> dict[str, Attribute | None]:
        pipes = {"src_pipe": src_pipe, "dst_pipe": dst_pipe}
        return {name: PipeAttr(to_enum(Pipe, pipe, "pipe")) for name, pipe in pipes.items()}

    def verify_(self) -> None:
        """Check that the flag connects two different pipes."""
        src, dst = self.src_pipe.data, self.dst_pipe.data
        if Pipe.ALL in (src, dst):
            raise VerifyException(f"{self.name}: a flag connects two single pipes; PIPE_ALL is for pto.barrier")
        if src == dst:
            raise VerifyException(f"{self.name}: a flag connects two different pipes; use pto.barrier within {src}")

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `[<PIPE_MTE2>, <PIPE_V>, event]`."""
        with parser.in_square_brackets():
            src = _parse_pipe(parser)
            parser.parse_punctuation(",")
            dst = _parse_pipe(parser)
            parser.parse_punctuation(",")
            operands, properties = cls.parse_event(parser)
        return cls.create(
            operands=operands,
            properties={"src_pipe": src, "dst_pipe": dst, **properties},
            attributes=parser.parse_optional_attr_dict(),
        )

    def print(self, printer: Printer) -> None:
        """Print `[<PIPE_MTE2>, <PIPE_V>, event]`."""
        printer.print_string(f"{self.GAP}[<{self.src_pipe.data}>, <{self.dst_pipe.data}>, ")
        self.print_event(printer)
        printer.print_string("]")
        printer.print_op_attributes(self.attributes)

    @classmethod
    @abc.abstractmethod
    def parse_event(cls, parser: Parser) -> tuple[list[SSAValue], dict[str, Attribute]]:
        """Parse the event; return operands and properties."""

    @abc.abstractmethod
    def print_event(self, printer: Printer) -> None:
        """Print what `parse_event` parses."""


class FlagOp(AnyFlagOp, abc.ABC):
    """`pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]`: source pipe, destination pipe, one of their eight flags."""

    GAP: ClassVar = ""

    event_id = prop_def(EventAttr)

    def __init__(self, src_pipe: Pipe | str, dst_pipe: Pipe | str, event_id: int) -> None:
        super().__init__(properties={**self._pipes(src_pipe, dst_pipe), "event_id": EventAttr(event_id)})

    @classmethod
    def parse_event(cls, parser: Parser) -> tuple[list[SSAValue], dict[str, Attribute]]:
        """Parse `<EVENT_ID0>`."""
        text = parser.parse_optional_str_literal()
        return [], {"event_id": parse_event_attr(parser) if text is None else EventAttr.of(text)}

    def print_event(self, printer: Printer) -> None:
        """Print `<EVENT_ID0>`."""
        printer.print_string(f"<{self.event_id.spelling}>")


class DynamicFlagOp(AnyFlagOp, abc.ABC):
    """`pto.set_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %id]`: a flag whose event id, an index from 0 to 7, is computed."""

    GAP: ClassVar = " "

    event_id = operand_def(IndexType)

    def __init__(self, src_pipe: Pipe | str, dst_pipe: Pipe | str, event_id: Value) -> None:
        super().__init__(operands=[event_id], properties=self._pipes(src_pipe, dst_pipe))

    @classmethod
    def parse_event(cls, parser: Parser) -> tuple[list[SSAValue], dict[str, Attribute]]:
        """Parse `%id`."""
        return [parser.parse_operand(INDEX)], {}

    def print_event(self, printer: Printer) -> None:
        """Print `%id`."""
        printer.print_ssa_value(self.event_id)


def _parse_pipe(parser: Parser) -> PipeAttr:
    text = parser.parse_optional_str_literal()
    return parse_pipe_attr(parser) if text is None else PipeAttr(to_enum(Pipe, text, "pipe"))


@irdl_op_definition
class SetFlagOp(FlagOp):
    """Set the flag when all that was issued to the source pipe before is complete."""

    name = "pto.set_flag"


@irdl_op_definition
class WaitFlagOp(FlagOp):
    """Hold back what is issued to the destination pipe from here on until the flag is set; clears it."""

    name = "pto.wait_flag"


@irdl_op_definition
class SetFlagDynOp(DynamicFlagOp):
    """Set the flag when all that was issued to the source pipe before is complete."""

    name = "pto.set_flag_dyn"


@irdl_op_definition
class WaitFlagDynOp(DynamicFlagOp):
    """Hold back what is issued to the destination pipe from here on until the flag is set; clears it."""

    name = "pto.wait_flag_dyn"


class PipeBarrierOp(IRDLOperation, abc.ABC):
    """What a pipe gets from here on starts when all before it is complete."""

    pipe = prop_def(PipeAttr)

    def __init__(self, pipe: Pipe | str) -> None:
        super().__init__(properties={"pipe": PipeAttr(to_enum(Pipe, pipe, "pipe"))})


@irdl_op_definition
class BarrierOp(PipeBarrierOp):
    """`pto.barrier <PIPE_V>`: what the pipe gets from here on starts when all before it is complete."""

    name = "pto.barrier"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `<PIPE_V>`, or `#pto.pipe<PIPE_V>`."""
        pipe = parse_pipe_attr(parser)
        return cls.create(properties={"pipe": pipe}, attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """Print `<PIPE_V>`."""
        printer.print_string(f" <{self.pipe.data}>")
        printer.print_op_attributes(self.attributes)
