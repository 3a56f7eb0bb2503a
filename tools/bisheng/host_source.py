"""What the host compiler reads instead of a kernel's own text: the same lines, with pointers that can be watched.

On the device `v1[v2]` on a `__gm__ float*` is an access of the scalar unit. A host's `float*` would do it unseen, so
`__gm__ T*` becomes the runtime's `GmPointer<T>`, which checks and records it. Lines stay where they are: reports name
those of the kernel's file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

POINTER = "::pto::host::GmPointer"
CAST = "::pto::host::address_cast"

_PARTS = re.compile(
    r"""
    (?P<skip> //[^\n]* | /\*.*?\*/ | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
    | (?P<before> \bconst\s+ )? \b__gm__\s+ (?P<after> const\s+ )? (?P<type> (?:typename\s+)? [\w:]+ ) \s* \*
      (?: \s* __restrict(?:__)?\b )?
    | (?P<cast> \breinterpret_cast\b )
    """,
    re.VERBOSE | re.DOTALL,
)

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_C_FUNCTION = re.compile(r'extern\s+"C"\s+(?P<words>[\w\s*:]*?)\b(?P<name>\w+)\s*\(')


@dataclass(frozen=True)
class HostSource:
    """A kernel as the host compiler gets it."""

    text: str
    entries: tuple[str, ...]
    """Functions that a host launches (`extern "C" __global__`), in the order of the file."""
    c_functions: tuple[str, ...]
    """All functions with C linkage: their names can exist only once in a library."""


def host_source(text: str) -> HostSource:
    """Rewrite the generated C++ `text` for the host compiler."""
    bare = _COMMENT.sub("", text)
    functions = {match["name"]: match["words"] for match in _C_FUNCTION.finditer(bare)}
    entries = tuple(name for name, words in functions.items() if "__global__" in words.split())
    return HostSource(_PARTS.sub(_rewritten, text), entries, tuple(functions))


def _rewritten(match: re.Match[str]) -> str:
    if match["skip"]:
        return match[0]
    if match["cast"]:
        return CAST
    const = "const " if match["before"] or match["after"] else ""
    # As many lines as before: messages and traces name lines of the generated C++.
    lines = "\n" * match[0].count("\n")
    return f"{lines}{POINTER}<{const}{match['type']}>"
