"""Flags and barriers named by operations instead of pipes: `pto.record_event`, `pto.wait_event`, `pto.barrier_sync`."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Self

from xdsl.irdl import irdl_op_definition
from xdsl.parser import Parser
from xdsl.printer import Printer

from ptodsl.dialect.attributes import Pipe, PipeAttr, parse_event_attr
from ptodsl.dialect.sync import FlagOp, PipeBarrierOp

PIPE_OF_OPERATION: Mapping[str, Pipe] = {
    "TLOAD": Pipe.MTE2,
    "TSTORE_ACC": Pipe.FIX,
    "TSTORE_VEC": Pipe.MTE3,
    "TMOV_M2L": Pipe.MTE1,
    "TMOV_M2B": Pipe.MTE1,
    "TMOV_M2S": Pipe.FIX,
    "TMOV_M2V": Pipe.V,
    "TMOV_V2M": Pipe.FIX,
    "TMATMUL": Pipe.M,
    "TVEC": Pipe.V,
    "TVECWAIT_EVENT": Pipe.V,
}
"""Where ptoas says that each kind of operation runs."""

ATTRIBUTES = ("#pto.pipe_event_type", "#pto.sync_op_type")
"""Attributes with the name of an operation; both mean the same, and may be left out: `<TVEC>`."""


def operation_on(pipe: Pipe) -> str:
    """Name of an operation that runs on a pipe."""
    # Several operations run on a pipe; any of them is read back as the same pipe.
    return next(name for name, other in PIPE_OF_OPERATION.items() if other is pipe)


def _parse_operation(parser: Parser) -> PipeAttr:
    """Parse `#pto.pipe_event_type<TVEC>`, `#pto.sync_op_type<TVEC>` or `<TVEC>`."""
    start = parser.pos
    token = parser._current_token
    if token.text in ATTRIBUTES:
        parser._consume_token()
    elif token.text != "<":
        parser.raise_error(f"expected <TLOAD> or {ATTRIBUTES[0]}<TLOAD>", start)
    with parser.in_angle_brackets():
        return PipeAttr(PIPE_OF_OPERATION[parser.parse_keyword_in(PIPE_OF_OPERATION, " as kind of operation")])


class EventOp(FlagOp, abc.ABC):
    """`pto.record_event [<TLOAD>, <TVEC>, <EVENT_ID0>]`: a flag between the pipes of two kinds of operations."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `[<TLOAD>, <TVEC>, <EVENT_ID0>]`."""
        with parser.in_square_brackets():
            src = _parse_operation(parser)
            parser.parse_punctuation(",")
            dst = _parse_operation(parser)
            parser.parse_punctuation(",")
            event = parse_event_attr(parser)
        return cls.create(
            properties={"src_pipe": src, "dst_pipe": dst, "event_id": event},
            attributes=parser.parse_optional_attr_dict(),
        )

    def print(self, printer: Printer) -> None:
        """Print ` [#pto.pipe_event_type<TLOAD>, #pto.pipe_event_type<TVEC>, #pto.event<EVENT_ID0>]`."""
        src, dst = (f"{ATTRIBUTES[0]}<{operation_on(pipe.data)}>" for pipe in (self.src_pipe, self.dst_pipe))
        printer.print_string(f" [{src}, {dst}, #pto.event<{self.event_id.spelling}>]")
        printer.print_op_attributes(self.attributes)


@irdl_op_definition
class RecordEventOp(EventOp):
    """`pto.set_flag` between the pipes of two kinds of operations."""

    name = "pto.record_event"


@irdl_op_definition
class WaitEventOp(EventOp):
    """`pto.wait_flag` between the pipes of two kinds of operations."""

    name = "pto.wait_event"


@irdl_op_definition
class BarrierSyncOp(PipeBarrierOp):
    """`pto.barrier_sync [<TVEC>]`: `pto.barrier` of the pipe of a kind of operations."""

    name = "pto.barrier_sync"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        """Parse `[<TVEC>]`."""
        with parser.in_square_brackets():
            pipe = _parse_operation(parser)
        return cls.create(properties={"pipe": pipe}, attributes=parser.parse_optional_attr_dict())

    def print(self, printer: Printer) -> None:
        """Print ` [#pto.sync_op_type<TVEC>]`."""
        printer.print_string(f" [{ATTRIBUTES[1]}<{operation_on(self.pipe.data)}>]")
        printer.print_op_attributes(self.attributes)
