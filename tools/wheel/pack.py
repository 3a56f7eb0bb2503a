"""Writes a wheel: modules and libraries under their names in this workspace, with the metadata that pip asks for.

pack --output=NAME-VERSION-TAG.whl --requires=numpy IN_WHEEL=PATH ...
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMESTAMP = (1980, 1, 1, 0, 0, 0)
"""Of every file: the same contents give the same bytes."""

MODE = 0o644 << 16


def metadata(name: str, version: str, requires: Sequence[str], python: str) -> str:
    """Return the text of METADATA."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Requires-Python: {python}"]
    return "\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires)]) + "\n"


def record_line(name: str, data: bytes) -> str:
    """Return a line of RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}"


def pack(output: Path, files: Mapping[str, bytes], requires: Sequence[str], python: str) -> None:
    """Write the wheel `output`, whose name says what it is, with `files` by their names in it."""
    name, version, *tag = output.stem.split("-")
    info = f"{name}-{version}.dist-info"
    text = f"Wheel-Version: 1.0\nGenerator: ascend_fa\nRoot-Is-Purelib: false\nTag: {'-'.join(tag)}\n"
    contents = {
        **files,
        f"{info}/METADATA": metadata(name, version, requires, python).encode(),
        f"{info}/WHEEL": text.encode(),
    }
    record = [record_line(path, data) for path, data in sorted(contents.items())]
    contents[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(contents.items()):
            entry = zipfile.ZipInfo(path, TIMESTAMP)
            entry.external_attr, entry.compress_type = MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def main() -> None:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--requires", action="append", default=[])
    parser.add_argument("--python", required=True, help="Python versions, as pip writes them: >=3.11")
    parser.add_argument("files", nargs="+", metavar="IN_WHEEL=PATH")
    options = parser.parse_args()
    pairs = [text.split("=", 1) for text in options.files]
    pack(options.output, {name: Path(path).read_bytes() for name, path in pairs}, options.requires, options.python)


if __name__ == "__main__":
    main()
