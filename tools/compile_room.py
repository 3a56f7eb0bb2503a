"""Compiles Python sources to byte code that depends on them and on the Python version alone.

Usage: compile_room.py PYTHON_VERSION SOURCE BYTECODE [SOURCE BYTECODE ...]. The byte code contains no path, and whoever
imports it compares it with the source: an edited file that Bazel has not seen yet counts as it stands. For a source
that does not compile the byte code is empty, which Python passes over: who imports it gets the message, nobody else.
"""

import platform
import py_compile
import sys
from pathlib import Path


def compile_source(source: str, bytecode: str) -> None:
    """Writes the byte code of `source`, or an empty file."""
    Path(bytecode).parent.mkdir(parents=True, exist_ok=True)
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    try:
        # Imports name the file where they find it; here any name would do that is the same everywhere.
        py_compile.compile(source, bytecode, dfile=Path(source).name, doraise=True, invalidation_mode=mode)
    except py_compile.PyCompileError:
        Path(bytecode).write_bytes(b"")


def main(python_version: str, *paths: str) -> None:
    """Compiles the sources; refuses an interpreter other than the configured one."""
    if platform.python_version() != python_version:
        sys.exit(
            f"{sys.executable} is Python {platform.python_version()}, but was {python_version} when the workspace was "
            "configured; run 'tools/bazel sync --configure', then build again"
        )
    for source, bytecode in zip(paths[::2], paths[1::2], strict=True):
        compile_source(source, bytecode)


if __name__ == "__main__":
    main(*sys.argv[1:])
