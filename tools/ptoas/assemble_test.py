"""The assembler as a function."""

import re

import pytest

from ptodsl.dialect.testing import parse_text, snippet
from tools.ptoas.assemble import Options, Sync, assemble, assemble_with_origins
from tools.ptoas.diagnostics import AssemblerError

LOAD = "pto.tload ins(%slice : !slice) outs(%vec : !vec)"
EXP = "pto.texp ins(%vec : !vec) outs(%vec : !vec)"
ENTRY = "\nfunc.func @run(%n: i64) attributes {pto.entry} {\nfunc.return\n}"


def test_without_a_sync_option_there_is_no_sync() -> None:
    text = assemble(snippet(f"{LOAD}\n{EXP}") + ENTRY, "a.mlir", Options())
    assert not re.search("barrier|flag|tail", text)


def test_barrier_all() -> None:
    text = assemble(snippet(f"{LOAD}\n{EXP}") + ENTRY, "a.mlir", Options(Sync.BARRIER_ALL))
    lines = [line.strip().split("(")[0] for line in text.splitlines()]
    assert lines.count("pipe_barrier") == 3
    assert [lines[lines.index(op) - 1] for op in ("TLOAD", "TEXP")] == ["pipe_barrier"] * 2


def test_insert_sync() -> None:
    text = assemble(snippet(f"{LOAD}\n{EXP}"), "a.mlir", Options(Sync.INSERT))
    flag = r"\(PIPE_MTE2, PIPE_V, EVENT_ID0\);\n\s*"
    assert re.search(rf"TLOAD\(.*\);\n\s*set_flag{flag}wait_flag{flag}TEXP", text)


def test_emit_pto_ir_prints_the_module_with_addresses() -> None:
    text = assemble(snippet(EXP), "a.mlir", Options(Sync.BARRIER_ALL, emit_pto_ir=True))
    module = parse_text(text)
    module.verify()
    assert "pto.barrier <PIPE_ALL>" in text
    assert "pto.alloc_tile addr = %" in text


def test_all_rule_violations_are_reported_with_their_places() -> None:
    wrong = 'pto.texp ins(%vec : !vec) outs(%half : !half) loc("kernel.py":5:3)'
    with pytest.raises(AssemblerError) as error:
        assemble(snippet(f"{wrong}\n{wrong}"), "a.mlir", Options())
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert re.match(r"a\.mlir:\d+:1: error: pto\.texp: operands must have the same dtype", lines[0])
    assert lines[1] == "kernel.py:5:3: note: pto.texp comes from here"


def test_what_has_no_cpp_is_an_error() -> None:
    body = "%lo, %hi = arith.mulsi_extended %m, %m : i64"
    with pytest.raises(AssemblerError, match=r"arith\.mulsi_extended: the assembler has no C\+\+ for this operation"):
        assemble(snippet(body), "a.mlir", Options())


def test_each_line_of_an_operation_says_where_it_comes_from() -> None:
    text = snippet(f'{LOAD}\n{EXP} loc("kernel.py":7:1)')
    done = assemble_with_origins(text, "a.mlir", Options(Sync.INSERT))
    lines, mlir = done.text.splitlines(), text.splitlines()
    by_name = {origin.operation: origin for origin in done.origins}
    exp, load = by_name["pto.texp"], by_name["pto.tload"]
    assert lines[exp.cpp - 1].strip().startswith("TEXP(")
    assert "pto.texp" in mlir[exp.mlir - 1]
    assert (exp.file, exp.line) == ("kernel.py", 7)
    assert "pto.tload" in mlir[load.mlir - 1]
    assert (load.file, load.line) == ("", 0)
    flag = by_name["pto.wait_flag"]
    assert lines[flag.cpp - 1].strip().startswith("wait_flag(")
    assert flag.file == "kernel.py"
    assert flag.mlir == exp.mlir  # no line of the input is its own: it is there for the operation that waits
