"""A wheel has the contents that pip asks for, and the same bytes every time."""

import csv
import hashlib
import zipfile
from pathlib import Path

from tools.wheel.pack import pack

NAME = "some_name-1.2-py3-none-linux_x86_64.whl"


def test_a_wheel_has_its_files_its_metadata_and_their_digests(tmp_path: Path) -> None:
    pack(tmp_path / NAME, {"a/b.py": b"x = 1\n", "a/lib.so": b"\x7fELF"}, ["numpy", "torch>=2"], ">=3.11")
    with zipfile.ZipFile(tmp_path / NAME) as archive:
        assert archive.testzip() is None
        contents = {name: archive.read(name) for name in archive.namelist()}
    info = "some_name-1.2.dist-info"
    assert contents["a/lib.so"] == b"\x7fELF"
    lines = contents[f"{info}/METADATA"].decode().splitlines()
    assert lines[1:] == [
        "Name: some_name",
        "Version: 1.2",
        "Requires-Python: >=3.11",
        "Requires-Dist: numpy",
        "Requires-Dist: torch>=2",
    ]
    assert "Tag: py3-none-linux_x86_64" in contents[f"{info}/WHEEL"].decode()
    rows = list(csv.reader(contents[f"{info}/RECORD"].decode().splitlines()))
    assert {row[0] for row in rows} == contents.keys()
    sizes = {row[0]: row[2] for row in rows if row[2]}
    assert sizes == {name: str(len(data)) for name, data in contents.items() if not name.endswith("RECORD")}


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for order in (("a", "b"), ("b", "a")):
        pack(tmp_path / NAME, {name: name.encode() for name in order}, [], ">=3.11")
        digests.append(hashlib.sha256((tmp_path / NAME).read_bytes()).hexdigest())
    assert digests[0] == digests[1]
