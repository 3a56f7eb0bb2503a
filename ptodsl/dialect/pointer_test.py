"""Rules and constructors of GM pointers."""

import pytest
from xdsl.dialects.builtin import IndexType, f16, f32
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.test_value import create_ssa_value

from ptodsl.dialect import AddPtrOp, LoadScalarOp, PtrType, StoreScalarOp
from ptodsl.dialect.testing import complaint


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '%q = "pto.addptr"(%x, %n) : (f32, index) -> !pto.ptr<f32>',
            "pto.addptr: ptr must be a GM pointer (!pto.ptr), not f32",
        ),
        (
            "%q = pto.addptr %p, %n : !pto.ptr<f32> -> !pto.ptr<f16>",
            "pto.addptr: the result is !pto.ptr<f16> but the pointer is !pto.ptr<f32>",
        ),
        (
            '%q = "pto.addptr"(%p, %m) : (!pto.ptr<f32>, i64) -> !pto.ptr<f32>',
            "pto.addptr: offset must be index, not i64; cast with arith.index_cast",
        ),
        ('%a = "pto.ptrtoint"(%x) : (f32) -> i64', "pto.ptrtoint: ptr must be a GM pointer (!pto.ptr), not f32"),
        ('%q = "pto.inttoptr"(%n) : (index) -> !pto.ptr<f32>', "pto.inttoptr: the address must be i64, not index"),
        (
            "%q = pto.inttoptr %m : i64 -> !pto.ptr<f32>\n%r = pto.addptr %q, %n : !pto.ptr<f32> -> !pto.ptr<f32>",
            "pto.inttoptr: only pto.load_scalar and pto.store_scalar may use the pointer, not pto.addptr; pass a "
            "pointer of this type to the kernel instead",
        ),
        (
            "%v = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f16",
            "pto.load_scalar: the pointer is !pto.ptr<f32> but the value is f16",
        ),
        (
            "pto.store_scalar %x, %h[%n] : !pto.ptr<f16>, f32",
            "pto.store_scalar: the pointer is !pto.ptr<f16> but the value is f32",
        ),
    ],
)
def test_rejects(body: str, message: str) -> None:
    assert complaint(body) == message


def test_constructors() -> None:
    pointer, offset, value = (create_ssa_value(ty) for ty in (PtrType(f32), IndexType(), f32))
    AddPtrOp(pointer, offset).verify()
    loaded = LoadScalarOp(pointer, offset)
    assert loaded.result.type == f32
    StoreScalarOp(pointer, offset, value).verify()
    with pytest.raises(VerifyException, match=r"the pointer is !pto.ptr<f32> but the value is f16"):
        StoreScalarOp(pointer, offset, create_ssa_value(f16)).verify()
    with pytest.raises(VerifyException, match="ptr must be a GM pointer"):
        LoadScalarOp(value, offset)
