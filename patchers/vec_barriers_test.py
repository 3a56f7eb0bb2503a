"""Tests of the command line, in-process."""

import json
import logging
from pathlib import Path

import pytest
from absl import flags
from absl.testing import flagsaver

from patchers.patch import digest
from patchers.vec_barriers import main

GU = "TROWEXPANDMUL(a, a, b);\nwait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);\npipe_barrier(PIPE_V);\nTADD(a, a, c);\n"
TEXT = f"void f() {{\n{GU}}}\n"
PATCHED = TEXT.replace("pipe", "// [vec_barriers] gu: pipe")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "in.cpp").write_text(TEXT)
    return tmp_path


def run(*arguments: object) -> int:
    """Run the tool; return its exit code."""
    with flagsaver.flagsaver():
        rest = flags.FLAGS(["vec_barriers", *map(str, arguments)])
        try:
            main(rest)
        except SystemExit as exit_:
            return int(str(exit_.code))
    return 0


def test_flags_and_positions_name_the_files_alike(directory: Path) -> None:
    source, out = directory / "in.cpp", directory / "out.cpp"
    for arguments in ([source, out], [f"--input={source}", f"--output={out}"], [f"--input={source}", out]):
        assert run(*arguments) == 0
        assert out.read_text() == PATCHED
        out.unlink()


def test_gu_is_the_default_and_the_report_is_written(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(directory / "in.cpp", directory / "out.cpp", f"--report={directory / 'r.json'}") == 0
    assert json.loads((directory / "r.json").read_text())["counts"] == {"gu": 1}
    assert capsys.readouterr().out == ""


def test_a_summary_is_printed_without_a_report(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(directory / "in.cpp", directory / "out.cpp")
    expected = "1 PIPE_V barriers: removed 1, 0 remain; 0 candidates kept, 0 removed by earlier runs\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("name", ["none", "off", "disable", "disabled", ""])
def test_none_copies(directory: Path, name: str) -> None:
    assert run(directory / "in.cpp", directory / "out.cpp", f"--patterns={name}") == 0
    assert (directory / "out.cpp").read_text() == TEXT


def test_patching_twice_is_the_same_and_never_in_place(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, once, twice = (directory / name for name in ("in.cpp", "once.cpp", "twice.cpp"))
    for _ in range(2):  # its own outputs may be overwritten
        assert run(source, once) == run(once, twice) == 0
        assert once.read_text() == twice.read_text() == PATCHED
    assert run(source, source) == 1
    assert "it is an input of this program" in capsys.readouterr().err
    assert source.read_text() == TEXT


def test_lines_go_by_number_with_a_warning(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="absl"):
        assert run(directory / "in.cpp", directory / "out.cpp", "--lines=4") == 0
    assert "not reproducible" in caplog.text
    assert (directory / "out.cpp").read_text() == PATCHED.replace(" gu:", " lines:")


def test_experimental_patterns_and_idle_ones_are_warned_about(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="absl"):
        run(directory / "in.cpp", directory / "out.cpp", "--patterns=gu,texp-trowsum")
    assert "pattern softmax-exp-sum is experimental" in caplog.text
    assert "pattern softmax-exp-sum matches nothing in" in caplog.text
    assert "pattern gu" not in caplog.text


def test_a_file_that_may_be_cut_off_between_functions_is_warned_about(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    entry = 'extern "C" __global__ AICORE void call_both() { f(); }\n'
    for text, warned in ((f"AICORE {TEXT}", True), (f"AICORE {TEXT}{entry}", False)):
        caplog.clear()
        (directory / "in.cpp").write_text(text)
        with caplog.at_level(logging.WARNING, logger="absl"):
            assert run(directory / "in.cpp", directory / "out.cpp") == 0
        assert ("is it cut off between two functions?" in caplog.text) == warned


def test_a_proof_removes_the_lines_that_it_names(directory: Path) -> None:
    proof = directory / "proof.json"
    proof.write_text(json.dumps({"source_sha256": digest(TEXT), "redundant_barriers": [4], "traces": ["x"]}))
    for source, target in (("in.cpp", "out.cpp"), ("out.cpp", "again.cpp")):
        arguments = ["--patterns=proved", f"--proved_lines={proof}", directory / source, directory / target]
        assert run(*arguments) == 0
        assert (directory / target).read_text() == PATCHED.replace(" gu:", " proved:")


def test_patterns_see_what_a_proof_leaves(directory: Path) -> None:
    text = TEXT.replace("TADD", "pipe_barrier(PIPE_V);\nTADD")
    (directory / "in.cpp").write_text(text)
    proof, report = directory / "proof.json", directory / "r.json"
    proof.write_text(json.dumps({"source_sha256": digest(text), "redundant_barriers": [5]}))
    outputs = []
    for source, target in (("in.cpp", "out.cpp"), ("out.cpp", "again.cpp")):
        arguments = ["--patterns=gu,proved", f"--proved_lines={proof}", f"--report={report}"]
        assert run(*arguments, directory / source, directory / target) == 0
        outputs.append((directory / target).read_text().splitlines()[3:5])
    marks = [f"// [vec_barriers] {name}: pipe_barrier(PIPE_V);" for name in ("gu", "proved")]
    assert outputs == [marks, marks]
    assert json.loads(report.read_text())["patterns"] == ["proved", "gu"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--patterns=gv"], "unknown pattern 'gv'; known are gu"),
        (["--patterns=none,gu"], "pattern none removes nothing and contradicts gu"),
        (["--lines=4", "--patterns=gu"], "--lines excludes --patterns"),
        (["--lines=4,x"], "--lines=4,x must be line numbers separated by commas"),
        (["--lines="], "--lines= must be line numbers"),
        (["--lines=1"], r"no pipe_barrier(PIPE_V) statement of its own begins on line 1"),
        (["--patterns=proved"], "--proved_lines=FILE, the hazard judge's proof, need each other"),
        (["--proved_lines=p.json"], "--proved_lines=FILE, the hazard judge's proof, need each other"),
        (["--patterns=none,proved", "--proved_lines=p.json"], "pattern none removes nothing and contradicts proved"),
        (["--patterns=proved", "--proved_lines=missing.json"], "missing.json: cannot be read"),
        (["--report=/missing/r.json"], "/missing/r.json: cannot be written: No such file or directory"),
        (["--report=/"], "/: cannot be written: Is a directory"),
        (["third.cpp"], "give one file to read and one to write"),
    ],
)
def test_a_refused_request_touches_nothing(
    directory: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(directory / "in.cpp", directory / "out.cpp", *arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("vec_barriers: ")
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in directory.iterdir()] == ["in.cpp"]


@pytest.mark.parametrize("text", [TEXT[:-20], TEXT[:-2], "", TEXT.replace("{", "("), TEXT + "/*"])
@pytest.mark.parametrize("patterns", ["gu", "none"])
def test_an_incomplete_input_touches_nothing(directory: Path, text: str, patterns: str) -> None:
    (directory / "in.cpp").write_text(text)
    assert run(directory / "in.cpp", directory / "out.cpp", f"--patterns={patterns}") == 1
    assert not (directory / "out.cpp").exists()


@pytest.mark.parametrize(
    "proof", ["{", "[]", "{}", '{"source_sha256": 1, "redundant_barriers": []}', '{"redundant_barriers": [1]}']
)
def test_what_is_no_proof_is_refused(directory: Path, proof: str, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "p.json").write_text(proof)
    arguments = ["--patterns=proved", f"--proved_lines={directory / 'p.json'}"]
    assert run(directory / "in.cpp", directory / "out.cpp", *arguments) == 1
    assert "p.json: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["in.cpp", "out.cpp"])
def test_the_report_overwrites_no_code(directory: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(directory / "in.cpp", directory / "out.cpp", f"--report={directory / name}") == 1
    words = {"in.cpp": "it is an input of this program", "out.cpp": "give each a file of its own"}
    assert words[name] in capsys.readouterr().err
    assert (directory / "in.cpp").read_text() == TEXT


def test_one_file_alone_is_not_enough(directory: Path) -> None:
    assert run(directory / "in.cpp") == 1
    assert run(f"--output={directory / 'out.cpp'}") == 1
