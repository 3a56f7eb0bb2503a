"""Rules about a whole module."""

import pytest

from ptodsl.dialect.testing import ALIASES, snippet
from tools.ptoas.parse import parse_module
from tools.ptoas.verify import verify_module

VEC, ACC = ALIASES["vec"], ALIASES["acc"]


def messages(text: str, *, addresses: bool = False) -> list[str]:
    return [error.message for error in verify_module(parse_module(text, "a.mlir").module, addresses=addresses)]


def test_accepts() -> None:
    assert messages(snippet("pto.texp ins(%vec : !vec) outs(%vec : !vec)")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            snippet("pto.texp ins(%vec : !vec) outs(%half : !half)"),
            "pto.texp: operands must have the same dtype, but src is f32, dst is f16; convert with pto.tcvt",
        ),
        (
            snippet("pto.tmov ins(%mat : !mat) outs(%mat : !mat)"),
            "pto.alloc_tile: the vector core has no L1 (a tile in mat)",
        ),
        (
            snippet("%t = pto.alloc_tile : !vec", kind="cube"),
            "pto.alloc_tile: the cube core has no UB (a tile in vec)",
        ),
        (
            f"func.func @f() attributes {{pto.entry}} {{\n%t = pto.alloc_tile : {VEC}\n%a = pto.alloc_tile : {ACC}\n"
            "func.return\n}",
            "pto.alloc_tile: no core is given for this tile: set pto.kernel_kind on @f or wrap its body in "
            "pto.section.vector or pto.section.cube",
        ),
        (
            f"func.func @f() attributes {{pto.entry}} {{\n%t = pto.alloc_tile : {VEC}\npto.section.cube {{\n}}\n"
            "func.return\n}",
            "pto.alloc_tile: no core is given for this tile: set pto.kernel_kind on @f or wrap its body in "
            "pto.section.vector or pto.section.cube",
        ),
        (
            '"func.func"() <{sym_name = "f", function_type = () -> ()}> ({\n'
            "  cf.br ^bb1\n^bb1:\n  func.return\n}) : () -> ()".replace(
                "cf.br ^bb1", '"func.return"() [^bb1] : () -> ()'
            ),
            "func.func: control flow must be structured (scf.for, scf.if)",
        ),
        (
            "%a = arith.constant 1 : i64",
            "arith.constant: a module of pto holds functions only",
        ),
        (
            snippet(
                '"arith.addi"(%later, %m) <{overflowFlags = #arith.overflow<none>}> : (i64, i64) -> i64\n'
                "%later = arith.constant 1 : i64"
            ),
            "arith.addi: operand 0 is used before it is defined",
        ),
    ],
)
def test_rejects(text: str, message: str) -> None:
    assert message in messages(text)


def test_addresses_belong_to_level_3_and_level_3_to_addresses() -> None:
    without = snippet("%t = pto.alloc_tile : !vec")
    with_address = snippet("%a = arith.constant 64 : i64\n%t = pto.alloc_tile addr = %a : !vec")
    assert messages(with_address) == [
        "pto.alloc_tile: unexpected 'addr' operand: only supported when --pto-level=level3"
    ]
    assert messages(without, addresses=True) == ["pto.alloc_tile: every tile needs addr = .. with --pto-level=level3"]
    assert messages(without) == messages(with_address, addresses=True) == []


def test_a_section_gives_the_core() -> None:
    section = f"pto.section.KIND {{\n%t = pto.alloc_tile : {VEC}\n}}"
    text = f"func.func @f() attributes {{pto.entry}} {{\n{section}\nfunc.return\n}}"
    assert messages(text.replace("KIND", "vector")) == []
    assert messages(text.replace("KIND", "cube")) == ["pto.alloc_tile: the cube core has no UB (a tile in vec)"]


def test_two_functions_with_tiles_do_not_call_each_other() -> None:
    kernel = "func.func @NAME() attributes {pto.kernel_kind = #pto.kernel_kind<vector>} {\nBODY\nfunc.return\n}\n"
    tile = f"%t = pto.alloc_tile : {VEC}"
    text = kernel.replace("NAME", "g").replace("BODY", tile)
    text += kernel.replace("NAME", "f").replace("BODY", f"{tile}\nfunc.call @g() : () -> ()")
    assert messages(text) == [
        "func.call: both @f and @g allocate tiles, which would share their bytes: allocate all of them in one function"
    ]


def test_all_errors_are_reported() -> None:
    line = "pto.texp ins(%vec : !vec) outs(%half : !half)"
    assert len(messages(snippet(f"{line}\n{line}"))) == 2
