"""Where the lines of a kernel's C++ come from: the assembler's side table, NAME.origins.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """What a C++ line was made from."""

    mlir: int
    """Line of the operation in the kernel's MLIR."""
    operation: str
    file: str
    """Of the kernel's Python; empty if the operation does not say."""
    line: int

    def __str__(self) -> str:
        """`file:line`, or the operation's name where that is all there is."""
        return f"{self.file}:{self.line}" if self.file else self.operation


def origins_beside(trace_library: Path) -> Mapping[int, Origin]:
    """Return the origins in the file that the build leaves beside a trace library. Raises ValueError."""
    # Two suffixes, .trace.so; other dots are part of the name.
    name = trace_library.name.removesuffix("".join(trace_library.suffixes[-2:]))
    return read_origins(trace_library.with_name(f"{name}.origins.json"))


def read_origins(path: Path) -> Mapping[int, Origin]:
    """Return the origin of each C++ line that has one; nothing if there is no such file.

    Raises:
        ValueError: the file is not the assembler's.
    """
    if not path.is_file():
        return {}
    try:
        return {
            int(cpp): Origin(int(mlir), str(op), str(file), int(line))
            for cpp, mlir, op, file, line in json.loads(path.read_text())
        }
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is not what the assembler writes with --origins ({error}): build it again") from None
