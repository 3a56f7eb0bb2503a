"""A wheel's files land where pip would put them; two unpackings are equal, byte code included."""

import filecmp
import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from third_party.pip.unpack_wheel import destination, main

MEMBERS = {
    "demo/__init__.py": "NAMES = {'a', 'b', 'c'}\n",
    "demo/tests/test_demo.py": "assert True\n",
    "demo/template.py": "not python at all\n",
    "demo-1.0.dist-info/METADATA": "Name: demo\n",
    "demo-1.0.data/scripts/demo": "#!python\n",
    "demo-1.0.data/purelib/extra.py": "VALUE = 1\n",
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in MEMBERS.items():
            archive.writestr(name, text)
    return path


def unpack(wheel: Path, site: Path, python_version: str = platform.python_version()) -> None:
    main(str(wheel), str(site), python_version, f"{site}.complete")


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("demo/__init__.py", "demo/__init__.py"),
        ("demo-1.0.data/scripts/demo", "bin/demo"),
        ("demo-1.0.data/purelib/extra.py", "extra.py"),
        ("demo-1.0.data/data/share/x", "share/x"),
    ],
)
def test_members_go_where_pip_puts_them(member: str, expected: str) -> None:
    assert destination(member) == expected


def test_modules_are_compiled_but_tests_and_templates_are_not(wheel: Path, tmp_path: Path) -> None:
    unpack(wheel, tmp_path / "site")
    compiled = {path.name.split(".")[0] for path in (tmp_path / "site").rglob("*.pyc")}
    assert compiled == {"__init__", "extra"}
    assert (tmp_path / "site.complete").read_text() == "8 files\n"
    assert (tmp_path / "site" / "bin" / "demo").stat().st_mode & 0o111


def test_two_unpackings_are_equal_and_name_no_path(wheel: Path, tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere" / "deeper"
    for site in (here, elsewhere):
        unpack(wheel, site)
    names = [str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()]
    assert filecmp.cmpfiles(here, elsewhere, names, shallow=False) == (names, [], [])
    assert not any(str(tmp_path).encode() in (here / name).read_bytes() for name in names)


def test_unpacked_module_is_imported_from_its_byte_code(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    unpack(wheel, site)
    (site / "extra.py").write_text("VALUE = 2\n", encoding="utf-8")  # not looked at: the byte code is unchecked
    command = [
        sys.executable,
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {str(site)!r}); import extra; print(extra.VALUE)",
    ]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "1\n"


def test_other_interpreter_than_configured_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"was 3\.1\.4 when the workspace was configured; run 'tools/bazel sync"):
        unpack(wheel, tmp_path / "site", "3.1.4")
    assert not (tmp_path / "site.complete").exists()
