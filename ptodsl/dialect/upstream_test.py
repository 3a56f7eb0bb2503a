"""What of MLIR's own dialects is read here and not by xDSL."""

from ptodsl.dialect.testing import complaint


def test_an_index_is_cast_without_sign() -> None:
    assert complaint("%r = arith.index_castui %n : index to i32") == ""


def test_a_cast_needs_an_index() -> None:
    message = "arith.index_castui: one of the types must be index, the other an integer"
    assert complaint("%r = arith.index_castui %m : i64 to i32") == message
    assert complaint("%r = arith.index_castui %x : f32 to index") == message
