"""The parser reads what xDSL reads, faster, and knows where everything was."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import UnknownLoc
from xdsl.dialects.scf import ForOp, WhileOp

from isa.refused import DSL_NAMES, REFUSED
from ptodsl import tile
from ptodsl.dialect import PtoDialect
from ptodsl.dialect.testing import fifo, parse_text, print_text, snippet
from tools.ptoas.diagnostics import AssemblerError, OperationError, Place, user_place
from tools.ptoas.parse import parse_module

BODY = f"""
// a comment
{fifo()}
%z = arith.constant 0x10 : i64
%y = arith.constant -1.5e-3 : f32
%w:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %m, %s = %x) -> (i64, f32) {{
  %t = arith.addi %a, %w#0 : i64
  scf.yield %a, %s : i64, f32
}}
scf.if %b {{
  pto.print ins("a \\"quoted\\" text %f\\0A", %x : f32)
}} else {{
  pto.tcvt ins(%vec {{rmode = #pto<round_mode RINT>}} : !vec) outs(%half : !half) loc("k.py":3:1)
}}
pto.barrier <PIPE_V> loc(callsite("k.py":4:1 at unknown))
"""
TEXT = snippet(BODY.replace("%w#0", "%a"))


@pytest.mark.parametrize("generic", [False, True])
def test_the_result_is_that_of_xdsl(generic: bool) -> None:
    text = print_text(parse_text(TEXT), generic=generic, locations=True)
    ours, theirs = parse_module(text, "a.mlir").module, parse_text(text)
    assert ours.is_structurally_equivalent(theirs)
    assert [op.location for op in ours.walk()] == [op.location for op in theirs.walk()]
    assert any(not isinstance(op.location, UnknownLoc) for op in ours.walk())


SHORT = "!pto.tile_buf<vec, 16x64xf32, valid=?x64, pad=1>"
EVERYTHING = f"""
{print_text(parse_text(TEXT), locations=True)}
#loc1 = loc("k.py":9:4)
{print_text(parse_text(TEXT), generic=True).replace('"f"', '"g"')}
func.func private @"declared here"(i64)
func.func @h(%n : index, %q : !pto.ptr<f32, gm>) attributes {{note = "// no comment"}} {{
  %short = pto.alloc_tile valid_row = %n : {SHORT} loc(#loc1)
  %big = arith.constant -0x10 : i64 loc(#loc2)
  func.return
}}
#loc2 = loc(callsite(#loc1 at "k.py":4:1))
"""
TOKEN = re.compile(
    r'@?"(?:[^"\\]|\\.)*"|->|[!#][\w.$-]+<?|[@%^][\w.$-]+|(?:(?:\d+|\?)x)+\w+|0x[0-9a-f]+|'
    r"\d+(?:\.\d*(?:[eE][+-]?\d+)?)?|[\w.$]+|\S",
    re.ASCII,
)
"""Tokens; a name and the bracket that belongs to it are one."""

TOKENS = TOKEN.findall(EVERYTHING)
GAPS = st.sampled_from(["\n", "\n\n\n", " \t ", "// }\n", '// ) > ] " end\n', "  //\n\n//x\n", "\r\n"])


def test_tokens_of_the_property_are_the_whole_text() -> None:
    assert "".join(TOKENS) == re.sub(r'("[^"]*")|\s', r"\1", EVERYTHING)
    assert parse_module(" ".join(TOKENS), "a.mlir").module.is_structurally_equivalent(
        parse_module(EVERYTHING, "a.mlir").module
    )


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.integers(0, len(TOKENS) - 1), GAPS), st.sampled_from(["", "\n", "// end }", "//", "\n\n \n"]))
def test_comments_and_blanks_between_tokens_mean_nothing(gaps: dict[int, str], end: str) -> None:
    text = "".join(gaps.get(number, " ") + token for number, token in enumerate(TOKENS)) + end
    parsed, expected = parse_module(text, "a.mlir"), parse_module(EVERYTHING, "a.mlir")
    assert parsed.module.is_structurally_equivalent(expected.module)
    assert [op.location for op in parsed.module.walk()] == [op.location for op in expected.module.walk()]


@pytest.mark.parametrize("gap", ["\n", " ", "// } comment\n", '\t// " //\n\n'])
def test_time_is_linear_in_comments_and_blanks(gap: str) -> None:
    """No time is measured: a search that backtracks over the gaps, even a quadratic one, would take hours."""
    text = "".join(token + gap * 200 + " " for token in TOKENS[:400]) + gap * 100_000
    with pytest.raises(AssemblerError):
        parse_module(text, "a.mlir")
    parse_module(EVERYTHING + gap * 200_000, "a.mlir")


def test_operations_know_where_they_start() -> None:
    parsed = parse_module("%a = arith.constant 1 : i64\n  %b = arith.addi %a,\n    %a : i64\n", "a.mlir")
    ops = list(parsed.module.body.block.ops)
    assert [parsed.place(op) for op in ops] == [Place("a.mlir", 1, 1), Place("a.mlir", 2, 3)]


def test_an_operation_made_later_is_where_its_parent_is() -> None:
    parsed = parse_module(TEXT, "a.mlir")
    loop = next(op for op in parsed.module.walk() if isinstance(op, ForOp))
    first = next(iter(loop.body.block.ops))
    new = first.clone()
    loop.body.block.insert_op_before(new, first)
    assert parsed.place(new) == parsed.place(loop)


def test_the_users_line_is_a_note() -> None:
    parsed = parse_module('%a = arith.constant 1 : i64 loc("k.py":9:4)', "a.mlir")
    diagnostic = parsed.diagnose(OperationError(next(iter(parsed.module.body.block.ops)), "no"))
    assert str(diagnostic) == "a.mlir:1:1: error: no\nk.py:9:4: note: arith.constant comes from here"


def test_location_aliases_may_stand_behind_their_uses() -> None:
    text = "%a = arith.constant 1 : i64 loc(#loc1)\n%b = arith.constant 2 : i64 loc(#loc2)\n"
    text += '#loc1 = loc("k.py":9:4)\n#loc2 = loc(callsite(#loc1 at #loc1))\n'
    first, second = parse_module(text, "a.mlir").module.body.block.ops
    assert user_place(first) == Place("k.py", 9, 4)
    assert user_place(second) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "%a = arith.constant 1 : i64\n%b = arith.addi %a, %c : i64",
            "a.mlir:2:29: error: values used but not defined: [%c]",
        ),
        ("\n  pto.nothing", "a.mlir:2:3: error: operation 'pto.nothing' is unknown to the dialects"),
        ("%e = pto.declare_global -> !pto.pipe<", "a.mlir:1:"),
        ("%e = pto.declare_global -> !pto.ptr<f31>", "a.mlir:1:36: error: unknown element type 'f31'"),
        ("%a = arith.constant 1 : i64 loc(#loc1)", "a.mlir:1:29: error: there is no location #loc1"),
        ("", "a.mlir:1:1: error: Could not parse entire input!"),
        ('"' + "unclosed " * 10, "a.mlir:1:1: error: the string has no end"),
        ('@"' + "unclosed " * 10, "a.mlir:1:2: error: the string has no end"),
        ('"' + "a" * 99 + '\\q"', "a.mlir:1:1: error: the string has an escape that is none of"),
        ('#l = loc(callsite("a":1:1 at "b":1:1)', "a.mlir:1:38: error: the location #l has no end"),
        (
            "%p = arith.constant 1 : i64\npto.set_flag[<PIPE_X>, <PIPE_V>, <EVENT_ID0>]",
            "a.mlir:2:15: error: Expected `PIPE_S`",
        ),
    ],
)
def test_errors_have_a_place(text: str, message: str) -> None:
    with pytest.raises(AssemblerError) as error:
        parse_module(text, "a.mlir")
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why_and_what_to_do(name: str) -> None:
    with pytest.raises(AssemblerError) as error:
        parse_module(f"\n  pto.{name} ins(%a : f32)", "a.mlir")
    assert f"a.mlir:2:3: error: operation 'pto.{name}' is not supported: {REFUSED[name]}" in str(error.value)


def test_nothing_is_refused_that_there_is() -> None:
    assert REFUSED.keys().isdisjoint(operation.name.removeprefix("pto.") for operation in PtoDialect.operations)
    assert set(DSL_NAMES.values()) <= REFUSED.keys()
    assert [name for name in DSL_NAMES if hasattr(tile, name)] == []


@pytest.mark.parametrize("name", ["castptr", "tconcatidx"])
def test_what_the_real_assembler_reads_is_refused_by_name(name: str) -> None:
    with pytest.raises(AssemblerError, match=rf"a\.mlir:\d+:1: error: operation 'pto\.{name}' is not supported: \w+"):
        parse_module(snippet(f"pto.{name} %n"), "a.mlir")


@pytest.mark.parametrize(
    "location",
    [
        'fused["k.py":7:2, "other.py":1:1]',
        'fused<"why">[#loc1, "other.py":1:1]',
        '"name"("k.py":7:2)',
        '"name"(#loc1)',
        'callsite("f"("k.py":7:2) at #loc2)',
        'callsite(#loc1 at "other.py":1:1)',
        '"k.py":7:2 to :9',
    ],
)
def test_the_first_file_of_a_location_is_its_place(location: str) -> None:
    text = f'#loc1 = loc("k.py":7:2)\n#loc2 = loc("other.py":1:1)\n{snippet(f"pto.barrier <PIPE_V> loc({location})")}'
    parsed = parse_module(text, "a.mlir")
    (op,) = (op for op in parsed.module.walk() if op.name == "pto.barrier")
    assert user_place(op) == Place("k.py", 7, 2)


def test_a_location_without_a_file_is_unknown() -> None:
    parsed = parse_module(snippet('pto.barrier <PIPE_V> loc(fused["a", #missing])'), "a.mlir")
    assert [op.location for op in parsed.module.walk() if op.name == "pto.barrier"] == [UnknownLoc()]


@pytest.mark.parametrize("head", ["scf.while :", "scf.while () :"])
def test_a_while_that_carries_nothing(head: str) -> None:
    body = f"{head} () -> () {{\n  scf.condition(%b)\n}} do {{\n  scf.yield\n}} attributes {{note}}"
    (loop,) = (op for op in parse_module(snippet(body), "a.mlir").module.walk() if isinstance(op, WhileOp))
    assert (len(loop.operands), len(loop.results), set(loop.attributes)) == (0, 0, {"note"})


def test_a_while_without_names_carries_nothing() -> None:
    with pytest.raises(AssemblerError, match=r"scf\.while passes on 1 values, but names none"):
        parse_module(snippet("scf.while : (i64) -> () {\n scf.condition(%b)\n} do {\n scf.yield\n}"), "a.mlir")
