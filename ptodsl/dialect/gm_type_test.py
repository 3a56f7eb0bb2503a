"""Types of global memory."""

import pytest
from xdsl.dialects.builtin import IntegerType, f16, f32
from xdsl.ir import Attribute
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from ptodsl.dialect import DYNAMIC, PartitionTensorViewType, PtrType, TensorViewType, context
from ptodsl.dialect.testing import parse_text


def test_text() -> None:
    assert str(TensorViewType.of((DYNAMIC, 256), f16)) == "!pto.tensor_view<?x256xf16>"
    assert str(PartitionTensorViewType.of((1, 2, 3), f32)) == "!pto.partition_tensor_view<1x2x3xf32>"
    assert str(PtrType(f16)) == "!pto.ptr<f16>"


def test_rejects_what_no_global_tensor_has() -> None:
    with pytest.raises(VerifyException, match="a view has 1 to 5 dimensions, not 6"):
        TensorViewType.of((1,) * 6, f32)
    with pytest.raises(VerifyException, match="must be positive"):
        TensorViewType.of((0,), f32)
    with pytest.raises(VerifyException, match="i7 is not an element type: use one of f32, f16, i32"):
        TensorViewType.of((1,), IntegerType(7))


@pytest.mark.parametrize("body", ["f32", "4x4", "-1xf32", "4xf31"])
def test_malformed_views(body: str) -> None:
    with pytest.raises(ParseError, match=r"expected dimensions and an element type|unknown element type"):
        parse_text(f"%e = pto.declare_global -> !pto.tensor_view<{body}>")


def parsed(text: str) -> Attribute:
    return Parser(context(), text).parse_type()


def test_blanks_inside_a_type_mean_nothing() -> None:
    assert parsed("!pto.tensor_view< ? x\n64 xf32 >") == TensorViewType.of((DYNAMIC, 64), f32)


@pytest.mark.parametrize("text", ["!pto.ptr<f32>", "!pto.ptr<f32, gm>", "!pto.ptr< f32 ,\ngm >"])
def test_a_pointer_may_say_that_it_points_into_global_memory(text: str) -> None:
    assert parsed(text) == PtrType(f32)


def test_a_pointer_points_nowhere_else() -> None:
    with pytest.raises(ParseError, match="a pointer points into gm, not into 'vec'"):
        parsed("!pto.ptr<f32, vec>")
