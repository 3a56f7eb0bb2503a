"""Errors of the pretty syntax."""

import pytest
from xdsl.utils.exceptions import ParseError

from ptodsl.dialect import RoundMode, SaturationMode, TCvtOp
from ptodsl.dialect.testing import parse


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pto.tadd ins(%vec : !vec) outs(%vec : !vec)", "pto.tadd takes 2 ins and 1 outs, not 1 and 1"),
        ("pto.texp ins(%vec : !vec) outs(%vec, %vec : !vec, !vec)", "pto.texp takes 1 ins and 1 outs, not 1 and 2"),
        ("pto.tadd ins(%vec, %vec : !vec) outs(%vec : !vec)", "2 operands need as many types, not 1"),
        ("pto.texp ins(%vec : !half) outs(%vec : !vec)", "operand is used with type"),
        ("pto.texp (%vec : !vec) outs(%vec : !vec)", "Expected 'ins'"),
        (
            "%v = pto.make_tensor_view %p, shape = [%n], strides = [%c1] : f32",
            "expected a !pto.tensor_view type, not f32",
        ),
        ("%v = pto.make_tensor_view %p, strides = [%c1] : !view", "Expected 'shape'"),
        ("pto.talloc(%ffts, %p : memref<256xi64>, !pto.ptr<f32>)", "pto.talloc needs {split = 0, 1 or 2}"),
    ],
)
def test_rejects(body: str, message: str) -> None:
    with pytest.raises(ParseError) as error:
        parse(body)
    assert message in error.value.msg


def test_attributes_of_other_names_are_kept_and_mean_nothing() -> None:
    line = "pto.tcvt ins(%vec {round_mode = #pto<round_mode FLOOR>, satmode = #pto<saturation_mode ON>} : !vec)"
    (op,) = (op for op in parse(f"{line} outs(%half : !half) {{note}}") if isinstance(op, TCvtOp))
    assert op.rounding is RoundMode.RINT
    assert op.saturation is SaturationMode.ON
    assert set(op.attributes) == {"round_mode", "note"}
