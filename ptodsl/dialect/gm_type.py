"""Types of GM: pointers, strided views, slices of them; and the handle of a FIFO through GM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

from xdsl.ir import Data, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ptodsl.dialect.elements import DYNAMIC, ElementType, dim_text, element_name, element_type, parse_body, parse_dim


@dataclass(frozen=True)
class ViewSpec:
    """Dimensions (DYNAMIC where not constant) and element type of a GM view."""

    shape: tuple[int, ...]
    dtype: ElementType

    def __post_init__(self) -> None:
        """Check rank, dimensions and element type."""
        element_name(self.dtype)
        if not 1 <= len(self.shape) <= MAX_RANK:
            raise VerifyException(f"a view has 1 to {MAX_RANK} dimensions, not {len(self.shape)}")
        if any(dim <= 0 and dim != DYNAMIC for dim in self.shape):
            raise VerifyException(f"dimensions {self.shape} of a view must be positive, or ? for dynamic")


MAX_RANK = 5
"""Dimensions of a `GlobalTensor` of the PTO ISA: views of lower rank are padded with leading ones."""


class _ViewType(Data[ViewSpec], TypeAttribute):
    """What `!pto.tensor_view` and `!pto.partition_tensor_view` share."""

    @classmethod
    def of(cls, shape: Sequence[int], dtype: ElementType) -> Self:
        """Build the type; DYNAMIC marks dimensions that are not constant."""
        return cls(ViewSpec(tuple(shape), dtype))

    @property
    def shape(self) -> tuple[int, ...]:
        """Dimensions in elements; DYNAMIC where not constant."""
        return self.data.shape

    @property
    def dtype(self) -> ElementType:
        """Element type."""
        return self.data.dtype

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> ViewSpec:
        """Parse `<?x128xf16>`."""
        return parse_body(parser, _view_spec)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<?x128xf16>`."""
        dims = "".join(f"{dim_text(dim)}x" for dim in self.data.shape)
        printer.print_string(f"<{dims}{element_name(self.data.dtype)}>")


@irdl_attr_definition
class TensorViewType(_ViewType):
    """`!pto.tensor_view<?x?xf16>`: a strided view of GM."""

    name = "pto.tensor_view"


@irdl_attr_definition
class PartitionTensorViewType(_ViewType):
    """`!pto.partition_tensor_view<128x128xf16>`: a slice of a GM view."""

    name = "pto.partition_tensor_view"


_VIEW = re.compile(r"\s*((?:(?:\?|\d+)\s*x\s*)+)(\w+)\s*", re.ASCII)


@cache
def _view_spec(body: str) -> ViewSpec:
    """Parse the body of a view type, without brackets."""
    match = _VIEW.fullmatch(body)
    if match is None:
        raise VerifyException(f"expected dimensions and an element type like ?x128xf16, not <{body}>")
    # Each dimension ends with an x, so that nothing is behind the last one.
    return ViewSpec(tuple(parse_dim(dim.strip()) for dim in match[1].split("x")[:-1]), element_type(match[2]))


@cache
def _pointee(body: str) -> ElementType:
    """Parse the body of a pointer type, without brackets."""
    dtype, comma, space = (part.strip() for part in body.partition(","))
    if comma and space != "gm":
        raise VerifyException(f"a pointer points into gm, not into '{space}'")
    return element_type(dtype)


@irdl_attr_definition
class PtrType(Data[ElementType], TypeAttribute):
    """`!pto.ptr<f16>`: a pointer into GM."""

    name = "pto.ptr"

    @property
    def dtype(self) -> ElementType:
        """Element type."""
        return self.data

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> ElementType:
        """Parse `<f16>` or `<f16, gm>`, which is the same."""
        return parse_body(parser, _pointee)

    def print_parameter(self, printer: Printer) -> None:
        """Print `<f16>`."""
        printer.print_string(f"<{element_name(self.data)}>")


@irdl_attr_definition
class PipeType(ParametrizedAttribute, TypeAttribute):
    """`!pto.pipe`: the handle of a FIFO between the cube core and its vector cores."""

    name = "pto.pipe"
