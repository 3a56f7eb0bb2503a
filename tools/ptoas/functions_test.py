"""Names, entries, calls, and the core of a function."""

import pytest
from xdsl.dialects.func import FuncOp

from ptodsl.dialect import KernelKind
from ptodsl.dialect.testing import parse_text
from tools.ptoas.functions import kernel_kind, together, verify_functions

VEC, ACC = "!pto.tile_buf<vec, 16x64xf32>", "!pto.tile_buf<acc, 16x64xf32, blayout=col_major, slayout=row_major>"
CALL = "func.call @{} () : () -> ()\n"


def function(name: str, body: str = "", attributes: str = "") -> str:
    return f"func.func @{name}() attributes {{{attributes}}} {{\n{body}func.return\n}}\n"


def messages(text: str) -> list[str]:
    return [error.message for error in verify_functions(parse_text(text))]


def test_several_entries_and_calls_of_kernels_are_right() -> None:
    kernel = function("kernel", attributes="pto.kernel_kind = #pto.kernel_kind<cube>")
    entries = [function(name, CALL.format("kernel"), "pto.entry") for name in ("first", "second")]
    assert messages(kernel + "".join(entries) + "func.func private @known_elsewhere(i32) -> i32") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "func.func @f() -> i64 attributes {pto.entry} {\n%a = arith.constant 1 : i64\nfunc.return %a : i64\n}",
            "func.func: entry functions must return void, but @f does not",
        ),
        ("func.func private @f() attributes {pto.entry}", "func.func: the entry @f has no body"),
        (function("f") + function("f"), "func.func: there is a function @f already"),
        (
            function("f", attributes='pto.visibility = "hidden"'),
            'func.func: pto.visibility must be one of "external", "internal", "private", "public", not "hidden"',
        ),
        (
            function("f", CALL.format("f"), "pto.entry"),
            "func.call: @f calls @f, but the device has no recursion",
        ),
        (
            function("f", CALL.format("g")) + function("g", CALL.format("h")) + function("h", CALL.format("g")),
            "func.call: @g calls @h calls @g, but the device has no recursion",
        ),
        (
            function("f", CALL.format("g")) + function("g", attributes="pto.entry"),
            "func.call: @g is an entry, which only the host launches",
        ),
        ("%a = arith.constant 1 : i64", "arith.constant: a module of pto holds functions only"),
    ],
)
def test_rejects(text: str, message: str) -> None:
    assert messages(text)[0] == message


@pytest.mark.parametrize(
    ("body", "attributes", "kind"),
    [
        ("", "pto.kernel_kind = #pto.kernel_kind<cube>", KernelKind.CUBE),
        (f"%t = pto.alloc_tile : {VEC}\n", "", KernelKind.VECTOR),
        (f"%t = pto.alloc_tile : {ACC}\n", "", KernelKind.CUBE),
        (f"%t = pto.alloc_tile : {ACC}\n%u = pto.alloc_tile : {VEC}\n", "", None),
        (f"pto.section.vector {{\n%t = pto.alloc_tile : {VEC}\n}}\n", "", None),
        ("", "pto.entry", None),
    ],
)
def test_the_core_is_given_or_that_of_the_tiles(body: str, attributes: str, kind: KernelKind | None) -> None:
    first = parse_text(function("f", body, attributes)).body.block.first_op
    assert isinstance(first, FuncOp)
    assert kernel_kind(first) is kind


def test_functions_are_together_that_call_each_other_or_are_said_to_be() -> None:
    text = function("f") + function("g", CALL.format("f")) + function("h") + function("i") + function("j")
    module = parse_text(text)
    functions = {op.sym_name.data: op for op in module.body.block.ops if isinstance(op, FuncOp)}
    found = together(module, [[functions["h"], functions["i"]], [functions["j"]]])
    assert found[functions["f"]] is found[functions["g"]]
    assert found[functions["h"]] is found[functions["i"]]
    assert len(set(found.values())) == 3
