"""Byte code of a source: the same wherever it lies, never older than the source, no obstacle if it does not compile."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tools.compile_room import compile_source, main


def package(directory: Path, text: str) -> tuple[Path, Path]:
    """A module `number` in `directory`, and where its byte code belongs."""
    directory.mkdir(parents=True, exist_ok=True)
    source = directory / "number.py"
    source.write_text(text, encoding="utf-8")
    return source, directory / "__pycache__" / f"number.{sys.implementation.cache_tag}.pyc"


def imported(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What a program in `directory` says that prints the module's number."""
    environment = {**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *options, "-c", "import number; print(number.NUMBER)"]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_imports_take_the_byte_code(tmp_path: Path) -> None:
    source, bytecode = package(tmp_path, "NUMBER = 1\n")
    main(platform.python_version(), str(source), str(bytecode))
    done = imported(tmp_path, "-v")
    assert done.stdout == "1\n"
    assert f"code object from '{bytecode}'" in done.stderr


def test_an_edited_source_counts_before_it_is_compiled_again(tmp_path: Path) -> None:
    source, bytecode = package(tmp_path, "NUMBER = 1\n")
    compile_source(str(source), str(bytecode))
    status = source.stat()
    source.write_text("NUMBER = 2\n", encoding="utf-8")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert imported(tmp_path).stdout == "2\n"


def test_place_and_neighbours_do_not_change_the_byte_code(tmp_path: Path) -> None:
    text = "NUMBER = 1\nTABLE = {'number': (NUMBER, 'name')}\ndef double(name: str) -> str:\n    return name * 2\n"
    alone, alone_bytecode = package(tmp_path / "alone", text)
    other, other_bytecode = package(tmp_path / "other", text.replace("double", "triple"))
    beside, beside_bytecode = package(tmp_path / "beside", text)
    version = platform.python_version()
    main(version, str(alone), str(alone_bytecode))
    main(version, str(other), str(other_bytecode), str(beside), str(beside_bytecode))
    assert alone_bytecode.read_bytes() == beside_bytecode.read_bytes() != other_bytecode.read_bytes()
    assert str(tmp_path).encode() not in alone_bytecode.read_bytes()


def test_what_does_not_compile_is_told_to_who_imports_it(tmp_path: Path) -> None:
    source, bytecode = package(tmp_path, "NUMBER = (\n")
    main(platform.python_version(), str(source), str(bytecode))
    done = imported(tmp_path)
    assert bytecode.read_bytes() == b""
    assert "number.py" in done.stderr
    assert "SyntaxError" in done.stderr


def test_another_interpreter_is_refused(tmp_path: Path) -> None:
    source, bytecode = package(tmp_path, "NUMBER = 1\n")
    with pytest.raises(SystemExit, match=r"but was 3\.9\.1 when the workspace was configured"):
        main("3.9.1", str(source), str(bytecode))
    assert not bytecode.exists()
