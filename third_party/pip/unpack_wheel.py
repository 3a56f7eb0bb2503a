"""Unpacks a wheel into a directory for sys.path; the result depends on the wheel and the Python version alone.

Usage: unpack_wheel.py WHEEL DIRECTORY PYTHON_VERSION COMPLETE. Programs of the wheel go to DIRECTORY/bin as they are;
launchers are not made (use `python -m`). Modules are compiled to byte code that is never checked against its source and
that contains no path. The file COMPLETE, with the number of files, is written last.
"""

import compileall
import platform
import py_compile
import re
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

# NAME-VERSION.data/KIND/...: where each kind goes (PEP 427)
DATA_KINDS = {"purelib": "", "platlib": "", "scripts": "bin/", "data": "", "headers": "include/"}
EXECUTABLE_BITS = 0o111


def destination(name: str) -> str:
    """Where the wheel's member `name` goes, relative to the directory."""
    parts = PurePosixPath(name).parts
    if not parts[0].endswith(".data"):
        return name
    return DATA_KINDS[parts[1]] + "/".join(parts[2:])


def unpack(wheel: Path, directory: Path) -> None:
    """Extracts all files of `wheel` with their executable bits."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            target = directory / destination(member.filename)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
            # The upper half is the Unix mode. Scripts are programs whatever the archive says of them.
            is_program = bool(member.external_attr >> 16 & EXECUTABLE_BITS) or target.parent == directory / "bin"
            target.chmod(0o755 if is_program else 0o644)


def compile_modules(directory: Path) -> None:
    """Writes byte code for all modules but tests; modules that do not compile (templates, say) are left as they are."""
    compileall.compile_dir(
        str(directory),
        quiet=2,
        rx=re.compile(r"/(tests?|testing)/"),
        stripdir=str(directory),
        prependdir="",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def main(wheel: str, directory: str, python_version: str, complete: str) -> None:
    """Unpacks and compiles; refuses an interpreter other than the configured one."""
    if platform.python_version() != python_version:
        sys.exit(
            f"{sys.executable} is Python {platform.python_version()}, but was {python_version} when the workspace was "
            "configured; run 'tools/bazel sync --configure', then build again"
        )
    unpack(Path(wheel), Path(directory))
    compile_modules(Path(directory))
    count = sum(path.is_file() for path in Path(directory).rglob("*"))
    Path(complete).write_text(f"{count} files\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
