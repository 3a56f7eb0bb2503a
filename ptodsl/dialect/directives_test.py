"""What shared directives read and print, in operations that have them."""

import re

import pytest
from xdsl.utils.exceptions import ParseError

from ptodsl.dialect.testing import parse_text, print_text, snippet

TILE = (
    "!pto.tile_buf<loc=vec, dtype=f32, rows=16, cols=64, v_row=?, v_col=?, "
    "blayout=row_major, slayout=none_box, fractal=512, pad=0>"
)


def test_braces_are_read_in_any_order_and_keep_other_attributes() -> None:
    module = parse_text(snippet('pto.tfree_from_aic {split = 1, note = "kept", id = 3}'))
    line = next(op for op in module.walk() if op.name == "pto.tfree_from_aic")
    assert re.fullmatch(r'pto.tfree_from_aic \{id = 3, split = 1\} \{"?note"? = "kept"\}', str(line))
    assert "{split = 1 : i8, id = 3 : i32" in print_text(module, generic=True)
    again = print_text(module)
    assert print_text(parse_text(again)) == again


def test_an_operand_of_index_type_is_written_without_it() -> None:
    line = f"pto.alloc_tile valid_row = %n valid_col = %n : {TILE}"
    module = parse_text(snippet(f"%t = {line}"))
    assert f"{line}\n" in print_text(module)
    assert f"%n, %n) <{{operandSegmentSizes = array<i32: 0, 1, 1>}}> : (index, index) -> {TILE}" in print_text(
        module, generic=True
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pto.tfree_from_aic {id = 3}", r"pto.tfree_from_aic needs \{split = ..\}"),
        ("pto.tfree_from_aic", r"pto.tfree_from_aic needs \{split = ..\}"),
        ('%r = pto.reserve_buffer {name = "f"} -> i32', r"needs \{size = .., location = .., auto = ..\}"),
        (f"%t = pto.alloc_tile valid_row = : {TILE}", "operand expected"),
        (f"%t = pto.tpop_from_aic(%n) {{split = 1}} -> {TILE}", "Expected ','"),
        (f"%t = pto.alloc_tile valid_row = %n valid_row = %n : {TILE}", "Expected ':'"),
    ],
)
def test_what_is_missing_or_twice_is_said(line: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        parse_text(snippet(line))
