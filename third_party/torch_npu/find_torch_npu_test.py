"""torch_npu is found where pip puts it, with everything that it needs; what cannot be used is said."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("find_torch_npu.py")

THIS = ".".join(platform.python_version_tuple()[:2])


def install(site: Path, **versions: str) -> Path:
    """Packages in `site` as pip leaves them."""
    for name, version in versions.items():
        (site / name).mkdir(parents=True)
        metadata = site / f"{name}-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    return site


def find(*sites: Path, wanted: str = THIS) -> Any:
    """What the program says when `sites` are on the search path."""
    environment = {"PYTHONPATH": os.pathsep.join(map(str, sites))}
    command = [sys.executable, "-S", "-B", str(PROGRAM), wanted]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def test_both_are_found_with_the_directories_of_everything_they_may_import(tmp_path: Path) -> None:
    site = install(tmp_path / "site-packages", torch="2.7.1", torch_npu="2.7.1.post2")
    cann = tmp_path / "cann" / "python"
    cann.mkdir(parents=True)
    found = find(cann, site, tmp_path / "missing")
    assert found == {
        "installed": {"torch": "2.7.1", "torch-npu": "2.7.1.post2"},
        "paths": [str(cann), str(site)],
        "problem": "",
    }


def test_the_first_of_two_installations_counts_as_in_an_import(tmp_path: Path) -> None:
    first = install(tmp_path / "user", torch_npu="2.8.0")
    second = install(tmp_path / "system", torch="2.8.0", torch_npu="2.1.0")
    assert find(first, second)["installed"] == {"torch": "2.8.0", "torch-npu": "2.8.0"}


def test_torch_alone_is_nothing_for_the_device(tmp_path: Path) -> None:
    site = install(tmp_path / "site", torch="2.8.0")
    assert find(site) == {"installed": {}, "paths": [], "problem": ""}


@pytest.mark.parametrize(
    ("versions", "wanted", "words"),
    [
        ({"torch_npu": "2.8.0"}, THIS, "torch_npu 2.8.0 of {python} is installed without torch"),
        (
            {"torch": "2.8.0", "torch_npu": "2.8.0"},
            "3.99",
            f"is for Python {THIS}, and programs of this workspace run on Python 3.99",
        ),
    ],
    ids=["no torch", "another Python"],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, versions: dict[str, str], wanted: str, words: str) -> None:
    problem = find(install(tmp_path / "site", **versions), wanted=wanted)["problem"]
    assert words.format(python=sys.executable) in problem
