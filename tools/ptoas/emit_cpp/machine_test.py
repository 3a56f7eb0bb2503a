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
    CONVERSIONS,
    ELEMENT_TYPES,
    RESULT_TYPES,
    Saturation,
    element_type,
)
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.emit_cpp.spelling import SCALARS

INCLUDE = Path("runtime/include")

VECTOR_TYPES = [name for name in ELEMENT_TYPES if name != "i1"]
"""Element types of tiles in UB. To C++ an i1 is a byte like ui8."""


def same_conversion(pair: tuple[Attribute, Attribute]) -> list[str]:
    """Claims on one pair of element types."""
    types = ", ".join(SCALARS[dtype] for dtype in pair)
    conversion = CONVERSIONS.get(pair)
    if conversion is None:
        return [f"!converts<{types}>"]
    saturates = {Saturation.ALWAYS: "Always", Saturation.AS_ASKED: "AsAsked"}[conversion.saturation]
    found = f"conversion_of<{types}>()"
    scratch = "" if conversion.uses_library_scratch else "!"
    return [
        f'text({found}.rounding) == "{conversion.rounding}"',
        f"{found}.saturates == Saturates::{saturates}",
        f"{scratch}{found}.uses_library_scratch",
    ]


CONVERSION_CLAIMS = [
    claim
    for pair in product(VECTOR_TYPES, repeat=2)
    for claim in same_conversion((element_type(pair[0]), element_type(pair[1])))
]

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
    claims = [*CONVERSION_CLAIMS, *CUBE_CLAIMS]
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
