"""The dialect and the runtime's headers say the same of the machine: each fact stands in both, once."""

import subprocess
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import pytest
from xdsl.dialects.builtin import bf16, f16, f32, i8, i32
from xdsl.ir import Attribute

from ptodsl.dialect import (
    ACC_MOVE_TYPES,
    ACC_STORE_TYPES,
    RESULT_TYPES,
)
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.emit_cpp.spelling import SCALARS

INCLUDE = Path("runtime/include")

CUBE_TABLES: dict[str, Mapping[Attribute, Sequence[Attribute]]] = {
    "multiplies": {dtype: (result,) for dtype, result in RESULT_TYPES.items()},
    "fix_stores": ACC_STORE_TYPES,
    "fix_moves": ACC_MOVE_TYPES,
}
CUBE_CLAIMS = [
    f"{'' if second in table.get(first, ()) else '!'}{name}<{SCALARS[first]}, {SCALARS[second]}>"
    for name, table in CUBE_TABLES.items()
    for first, second in product((f16, bf16, f32, i8, i32), repeat=2)
]


@pytest.mark.parametrize("wrong", [False, True])
def test_both_sides_agree(wrong: bool, tmp_path: Path) -> None:
    """One compiler run; with one claim turned round it fails, so the claims are looked at."""
    claims = [*CUBE_CLAIMS]
    claims += ["takes<OpId::TADD, int8_t>"] if wrong else []
    source = tmp_path / "claims.cpp"
    lines = [
        "#include <string_view>",
        '#include "pto/pto-inst.hpp"',
        "using namespace pto;",
        "using namespace pto::host;",
    ]
    lines += ["using text = std::string_view;", *(f"static_assert({claim});" for claim in claims)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [host_toolchain().cxx, "-std=c++17", "-fsyntax-only", f"-I{INCLUDE}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == wrong, done.stderr[:5000]
