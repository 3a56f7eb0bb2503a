"""C++ of snippets, for tests: the lines of the function, with its constants put back where they are used."""

from __future__ import annotations

import re

from ptodsl.dialect.testing import snippet
from tools.ptoas.assemble import Options, assemble

_CONSTANT = re.compile(r"const \w+ (v\d+) = (.*);")

_FRAME = (
    "set_mask_norm();",
    "set_vector_mask(-1, -1);",
    "pipe_barrier(PIPE_ALL);",
    "dcci((__gm__ void*)0, ENTIRE_DATA_CACHE, CACHELINE_OUT);",
    "dsb((mem_dsb_t)0);",
)
"""What a kernel starts and, if it stores scalars, ends with."""


def cpp(body: str, kind: str = "vector", options: Options = Options()) -> str:
    """The whole C++ text of `snippet(body)`."""
    return assemble(snippet(body, kind), "test.mlir", options)


def cpp_lines(body: str, kind: str = "vector") -> list[str]:
    """Lines of the body of `f` in the C++ of `snippet(body)`, without indentation.

    Constants are replaced by their values. Arguments keep their names: v1 is `%p`, v2 `%h`, v3 `%ffts`, v4 `%n`,
    v5 `%m`, v6 `%x`, v7 `%b`. The other values are called a, b, c, ... in order of appearance.
    """
    text = cpp(body, kind)
    inner = text[text.index("{\n") + 2 : text.rindex("}\n")]
    constants = dict(_CONSTANT.findall(inner))
    lines = [line.strip() for line in inner.splitlines() if "const " not in line and not line.startswith("#")]
    code = "\n".join(line for line in lines if line not in _FRAME)
    names = list(dict.fromkeys(re.findall(r"\bv\d+\b", code)))
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    for name in names:
        if name in constants:
            new = constants[name]
        elif int(name[1:]) <= ARGUMENTS:
            continue
        else:
            new = next(letters)
        code = re.sub(rf"\b{name}\b", new, code)
    return code.splitlines()


ARGUMENTS = 7
"""Arguments of a snippet's function."""
