"""C++ of scalar operations."""

import pytest

from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.testing import cpp_lines


@pytest.mark.parametrize(
    ("op", "expression"),
    [
        ("arith.addi", "v5 + v5"),
        ("arith.divsi", "v5 / v5"),
        ("arith.remsi", "v5 % v5"),
        ("arith.ceildivsi", "v5 / v5 + ((v5 % v5 != 0) && ((v5 < 0) == (v5 < 0)))"),
        ("arith.floordivsi", "v5 / v5 - ((v5 % v5 != 0) && ((v5 < 0) != (v5 < 0)))"),
        ("arith.minsi", "v5 < v5 ? v5 : v5"),
        ("arith.maxui", "(int64_t)((uint64_t)v5 > (uint64_t)v5 ? (uint64_t)v5 : (uint64_t)v5)"),
        ("arith.divui", "(int64_t)((uint64_t)v5 / (uint64_t)v5)"),
        ("arith.ceildivui", "(int64_t)((uint64_t)v5 / (uint64_t)v5 + ((uint64_t)v5 % (uint64_t)v5 != 0))"),
        ("arith.shrui", "(int64_t)((uint64_t)v5 >> (uint64_t)v5)"),
        ("arith.cmpi slt,", "v5 < v5"),
        ("arith.cmpi uge,", "(uint64_t)v5 >= (uint64_t)v5"),
    ],
)
def test_integers(op: str, expression: str) -> None:
    ty = "bool" if "cmpi" in op else "int64_t"
    assert cpp_lines(f"%r = {op} %m, %m : i64") == [f"{ty} a = {expression};"]


@pytest.mark.parametrize(
    ("op", "expression"),
    [
        ("arith.addf", "v6 + v6"),
        ("arith.maximumf", "v6 != v6 || v6 > v6 || (v6 == v6 && 1 / v6 > 0) ? v6 : v6"),
        ("arith.minnumf", "v6 < v6 || v6 != v6 ? v6 : v6"),
        ("arith.cmpf olt,", "v6 < v6"),
        ("arith.cmpf une,", "v6 != v6"),
    ],
)
def test_floats(op: str, expression: str) -> None:
    ty = "bool" if "cmpf" in op else "float"
    assert cpp_lines(f"%r = {op} %x, %x : f32") == [f"{ty} a = {expression};"]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("%r = arith.negf %x : f32", "float a = -v6;"),
        ("%r = arith.select %b, %m, %m : i64", "int64_t a = v7 ? v5 : v5;"),
        ("%r = arith.truncf %x : f32 to f16", "half a = (half)v6;"),
        ("%r = arith.sitofp %m : i64 to f32", "float a = (float)v5;"),
        ("%r = arith.uitofp %m : i64 to f32", "float a = (float)(uint64_t)v5;"),
        ("%r = arith.extui %b : i1 to i64", "int64_t a = (int64_t)v7;"),
        ("%r = arith.trunci %m : i64 to i32", "int32_t a = (int32_t)v5;"),
        ("%r = arith.index_castui %n : index to i32", "int32_t a = (int32_t)(uint64_t)v4;"),
        ("%r = arith.bitcast %m : i64 to f64", "double a = __builtin_bit_cast(double, v5);"),
        ("%r = arith.fptoui %x : f32 to i32", "int32_t a = (int32_t)(uint32_t)v6;"),
        ("%r = pto.ptrtoint %p : !pto.ptr<f32> -> i64", "int64_t a = reinterpret_cast<int64_t>(v1);"),
        (
            "%r = pto.inttoptr %m : i64 -> !pto.ptr<i32>",
            "__gm__ int32_t* a = reinterpret_cast<__gm__ int32_t*>(v5);",
        ),
        ("%r = pto.get_block_idx", "int64_t a = get_block_idx();"),
        ("%r = pto.get_subblock_idx", "int64_t a = get_subblockid();"),
        ("%r = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32", "float a = v1[v4];"),
        ("pto.store_scalar %x, %p[%n] : !pto.ptr<f32>, f32", "v1[v4] = v6;"),
        ('pto.print ins("%ld \\"x\\"\\n", %m : i64)', 'cce::printf("%ld \\"x\\"\\n", v5);'),
    ],
)
def test_others(body: str, line: str) -> None:
    assert cpp_lines(body) == [line]


def test_an_array_of_numbers() -> None:
    body = (
        "%a = pto.declare_local_array -> !pto.local_array<4xf32>\n"
        "pto.local_array_set %a[%n], %x : !pto.local_array<4xf32>, f32\n"
        "%r = pto.local_array_get %a[%n] : !pto.local_array<4xf32> -> f32"
    )
    assert cpp_lines(body) == ["float a[4];", "a[v4] = v6;", "float b = a[v4];"]


def test_a_cast_between_equal_types_is_a_name() -> None:
    assert cpp_lines("%i = arith.index_cast %n : index to i64\n%r = arith.addi %i, %m : i64") == [
        "int64_t a = v4 + v5;"
    ]


@pytest.mark.parametrize(
    ("constant", "ty", "text"),
    [
        ("1.0", "f32", "1.0f"),
        ("0.08838834764831845", "f32", "0.0883883461f"),
        ("1.0e-30", "f32", "1e-30f"),
        ("0.5", "f16", "0.5f"),
        ("0.0", "f32", "0.0f"),
        ("-0.0", "f32", "-0.0f"),
        ("0x7F800000", "f32", "__builtin_inff()"),
        ("0xFF800000", "f32", "-__builtin_inff()"),
        ("-3", "i64", "-3"),
        ("true", "", "true"),
    ],
)
def test_literals(constant: str, ty: str, text: str) -> None:
    suffix = f" : {ty}" if ty else ""
    body = f"%c = arith.constant {constant}{suffix}\n%r = arith.select %b, %c, %c : {ty or 'i1'}"
    assert cpp_lines(body)[0].endswith(f"= v7 ? {text} : {text};")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "%r, %s = arith.mulsi_extended %m, %m : i64",
            "arith.mulsi_extended: the assembler has no C++ for this operation",
        ),
        ("%r = arith.extsi %m : i64 to i128", "arith.extsi: there is no C++ type for i128"),
        ("%r = arith.extsi %b : i1 to i64", "arith.extsi: an i1 has no sign; use arith.extui"),
    ],
)
def test_what_has_no_cpp(body: str, message: str) -> None:
    with pytest.raises(AssemblerError) as error:
        cpp_lines(body)
    assert message in str(error.value)
