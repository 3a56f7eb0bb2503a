"""Synchronisation of a core's pipes: flags between two of them, barriers within one."""

from __future__ import annotations

import abc
from typing import Self

from xdsl.dialects.builtin import IndexType
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, prop_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect.attributes import EventAttr, Pipe, PipeAttr, parse_event_attr, parse_pipe_attr, to_enum
from ptodsl.dialect.syntax import INDEX, Value


class FlagOp(IRDLOperation, abc.ABC):
    """`pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]`: source pipe, destination pipe, one of their eight flags.

    Each may be written in full, `#pto.pipe<PIPE_V>`, or as a string, `"PIPE_V"`, too.
    """

    src_pipe = prop_def(PipeAttr)
    dst_pipe = prop_def(PipeAttr)
    event_id = prop_def(EventAttr)

    def __init__(self, src_pipe: Pipe | str, dst_pipe: Pipe | str, event_id: int) -> None:
        super().__init__(
            properties={
                "src_pipe": PipeAttr(to_enum(Pipe, src_pipe, "pipe")),
                "dst_pipe": PipeAttr(to_enum(Pipe, dst_pipe, "pipe")),
                "event_id": EventAttr(event_id),
            }
        )

    def verify_(self) -> None:
        """Check that the flag connects two different pipes."""
        _check_pipes(self.name, self.src_pipe.data, self.dst_pipe.data)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]`."""
        with parser.in_square_brackets():
            src = _parse_pipe(parser)
            parser.parse_punctuation(",")
            dst = _parse_pipe(parser)
            parser.parse_punctuation(",")
            event = _parse_event(parser)
        return cls.create(
            properties={"src_pipe": src, "dst_pipe": dst, "event_id": event},
            attributes=parser.parse_optional_attr_dict(),
        )

    def print(self, printer: Printer) -> None:
        """Print `[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]`."""
        printer.print_string(f"[<{self.src_pipe.data}>, <{self.dst_pipe.data}>, <{self.event_id.spelling}>]")
        printer.print_op_attributes(self.attributes)


def _check_pipes(name: str, src: Pipe, dst: Pipe) -> None:
    if Pipe.ALL in (src, dst):
        raise VerifyException(f"{name}: a flag connects two single pipes; PIPE_ALL is for pto.barrier")
    if src == dst:
        raise VerifyException(f"{name}: a flag connects two different pipes; use pto.barrier within {src}")


class DynamicFlagOp(IRDLOperation, abc.ABC):
    """`pto.set_flag_dyn [<PIPE_MTE2>, <PIPE_V>, %id]`: a flag whose event id, an index from 0 to 7, is computed."""

    src_pipe = prop_def(PipeAttr)
    dst_pipe = prop_def(PipeAttr)
    event_id = operand_def(IndexType)

    def __init__(self, src_pipe: Pipe | str, dst_pipe: Pipe | str, event_id: Value) -> None:
        super().__init__(
            operands=[event_id],
            properties={
                "src_pipe": PipeAttr(to_enum(Pipe, src_pipe, "pipe")),
                "dst_pipe": PipeAttr(to_enum(Pipe, dst_pipe, "pipe")),
            },
        )

    def verify_(self) -> None:
        """Check that the flag connects two different pipes."""
        _check_pipes(self.name, self.src_pipe.data, self.dst_pipe.data)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `[<PIPE_MTE2>, <PIPE_V>, %id]`."""
        with parser.in_square_brackets():
            src = _parse_pipe(parser)
            parser.parse_punctuation(",")
            dst = _parse_pipe(parser)
            parser.parse_punctuation(",")
            event_id = parser.parse_operand(INDEX)
        return cls.create(
            operands=[event_id],
            properties={"src_pipe": src, "dst_pipe": dst},
            attributes=parser.parse_optional_attr_dict(),
        )

    def print(self, printer: Printer) -> None:
        """Print ` [<PIPE_MTE2>, <PIPE_V>, %id]`."""
        printer.print_string(f" [<{self.src_pipe.data}>, <{self.dst_pipe.data}>, ")
        printer.print_ssa_value(self.event_id)
        printer.print_string("]")
        printer.print_op_attributes(self.attributes)


def _parse_pipe(parser: Parser) -> PipeAttr:
    text = parser.parse_optional_str_literal()
    return parse_pipe_attr(parser) if text is None else PipeAttr(to_enum(Pipe, text, "pipe"))


def _parse_event(parser: Parser) -> EventAttr:
    text = parser.parse_optional_str_literal()
    return parse_event_attr(parser) if text is None else EventAttr.of(text)


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
