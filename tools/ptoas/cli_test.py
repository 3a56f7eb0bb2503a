"""The command line, in-process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ptodsl.dialect.testing import snippet
from ptodsl.printing import module_text
from tools.ptoas.cli import VERSION, main
from tools.ptoas.insert_sync.long_modules import nested_loops, straight_groups

EXP = "pto.texp ins(%vec : !vec) outs(%vec : !vec)"
GOOD = snippet(f"{EXP}\npto.tstore ins(%vec : !vec) outs(%slice : !slice)")
BAD = snippet("pto.texp ins(%vec : !vec) outs(%half : !half)")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def ptoas(*arguments: str | Path, stdin: str = "") -> Result:
    out, err = io.StringIO(), io.StringIO()
    code = main([str(argument) for argument in arguments], io.StringIO(stdin), out, err)
    return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.mlir"
    path.write_text(GOOD)
    return path


def test_output_goes_to_standard_output_or_to_the_file(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.cpp"
    printed = ptoas("--pto-arch=a3", "--enable-insert-sync", source)
    assert printed.code == 0
    assert printed.out.startswith('#include "pto/pto-inst.hpp"\n')
    assert ptoas("--pto-arch=a3", "--enable-insert-sync", source, "-o", out) == Result(0, "", "")
    assert out.read_text() == printed.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mlir", "out.cpp"]


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_input_may_come_from_standard_input(arguments: tuple[str, ...], source: Path) -> None:
    assert ptoas(*arguments, stdin=GOOD) == ptoas(source)


def test_a_warning_goes_to_standard_error() -> None:
    warned = ptoas(stdin=snippet(EXP))
    assert warned.code == 0
    assert "warning: pto.texp: nobody uses what it leaves in its tile" in warned.err


def test_an_error_leaves_no_output_and_an_old_one_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "in.mlir", tmp_path / "out.cpp"
    source.write_text(BAD)
    result = ptoas(source, "-o", out)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"{source}:")
    assert ": error: pto.texp: operands must have the same dtype" in result.err
    assert not out.exists()
    out.write_text("old")
    assert ptoas(source, "-o", out).code == 1
    assert out.read_text() == "old"


def test_errors_of_standard_input_are_called_so() -> None:
    assert ptoas(stdin="nonsense").err.startswith("<stdin>:1:1: error: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--frobnicate",), "unrecognized arguments: --frobnicate. See ptoas --help"),
        (("--pto-arch=a5",), "--pto-arch=a5 is not supported, only a3 is"),
        (("--pto-level=level2",), "--pto-level=level2 is not supported, only level3 or nothing is"),
        (("--enable-insert-sync", "--enable-inject-barrier-all-sync"), "exclude each other: give one"),
        (("missing.mlir",), "ptoas: error: missing.mlir: No such file or directory"),
        (("-o",), "expected one argument"),
        (("-", "-o", "missing/out.cpp"), "No such file or directory"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], message: str) -> None:
    result = ptoas(*arguments, stdin=GOOD)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("ptoas: error: ")
    assert message in result.err


def test_programs_place_their_tiles_at_level_3_only() -> None:
    text = snippet("%a = arith.constant 64 : i64\n%t = pto.alloc_tile addr = %a : !vec")
    assert "only supported when --pto-level=level3" in ptoas(stdin=text).err
    assert "TASSIGN(v9, v8);" in ptoas("--pto-level=level3", stdin=text).out
    planned = ptoas("--emit-pto-ir", stdin=snippet("%t = pto.alloc_tile : !vec")).out
    assert ptoas("--pto-level=level3", stdin=planned).code == 0


def test_input_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "in.mlir"
    path.write_bytes(b"\xff\xfe")
    assert "is not UTF-8 text: invalid start byte at byte 0" in ptoas(path).err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--version", "--help"):
        with pytest.raises(SystemExit) as exit_:
            ptoas(flag)
        assert exit_.value.code == 0
    assert VERSION in capsys.readouterr().out


def test_a_defect_of_ours_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.ptoas.cli.assemble_with_origins", lambda *_: [][0])
    result = ptoas(stdin=GOOD)
    assert result.code == 1
    assert result.err.startswith("ptoas: internal error: IndexError at ")


def test_paths_are_relative_to_where_the_user_of_bazel_run_stands(tmp_path: Path) -> None:
    (tmp_path / "in.mlir").write_text(GOOD, encoding="utf-8")
    modules = [os.path.abspath(folder) for folder in ["", *sys.path]]
    done = subprocess.run(
        [sys.executable, "-m", "tools.ptoas", "in.mlir", "-o", "out.cpp"],
        env={**os.environ, "BUILD_WORKING_DIRECTORY": str(tmp_path), "PYTHONPATH": os.pathsep.join(modules)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.cpp").read_text(encoding="utf-8").startswith("#include")


def test_warnings_go_to_standard_error_and_the_output_is_written(tmp_path: Path) -> None:
    source = tmp_path / "in.mlir"
    source.write_text(module_text(nested_loops(12)))
    result = ptoas("--enable-insert-sync", source)
    assert result.code == 0
    assert "pipe_barrier(PIPE_ALL);" in result.out
    assert f"{source}:" in result.err
    assert ": warning: " in result.err


def test_the_scope_of_event_ids_may_be_chosen(tmp_path: Path) -> None:
    source = tmp_path / "in.mlir"
    source.write_text(module_text(straight_groups(3)))
    by_pair, by_source = (
        ptoas("--enable-insert-sync", f"--event_scope={scope}", source) for scope in ("pair", "source")
    )
    assert (by_pair.code, by_source.code) == (0, 0)
    assert by_pair.out != by_source.out
    assert ptoas("--enable-insert-sync", source) == by_pair
    assert "invalid choice: 'core' (choose from 'pair', 'source')" in ptoas("--event_scope=core", source).err


def test_the_rule_for_barriers_on_v_may_be_chosen(tmp_path: Path) -> None:
    source = tmp_path / "in.mlir"
    source.write_text(module_text(straight_groups(3)))
    strict, repeats = (ptoas("--enable-insert-sync", f"--v_rule={rule}", source) for rule in ("strict", "repeats"))
    assert (strict.code, repeats.code) == (0, 0)
    assert strict.out.count("pipe_barrier(PIPE_V)") > 0
    assert "pipe_barrier(PIPE_V)" not in repeats.out
    assert ptoas("--enable-insert-sync", source) == strict
    assert "invalid choice: 'weak' (choose from 'strict', 'repeats')" in ptoas("--v_rule=weak", source).err
