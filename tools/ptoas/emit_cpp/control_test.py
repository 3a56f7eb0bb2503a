"""C++ of control flow."""

import pytest

from tools.ptoas.diagnostics import AssemblerError
from tools.ptoas.testing import cpp, cpp_lines


def test_loop() -> None:
    body = "scf.for %i = %c0 to %n step %c8 {\npto.store_scalar %x, %p[%i] : !pto.ptr<f32>, f32\n}"
    assert cpp_lines(body) == ["for (int64_t a = 0; a < v4; a += 8) {", "v1[a] = v6;", "}"]


def test_carried_values_are_variables() -> None:
    body = (
        "%r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %m) -> (i64) {\n"
        "%t = arith.addi %s, %m : i64\nscf.yield %t : i64\n}\n%u = arith.muli %r, %r : i64"
    )
    assert cpp_lines(body) == [
        "int64_t a = v5;",
        "for (int64_t b = 0; b < v4; b += 1) {",
        "int64_t c = a + v5;",
        "a = c;",
        "}",
        "int64_t d = a * a;",
    ]


def test_values_that_change_places_go_through_copies() -> None:
    body = (
        "%r, %s = scf.for %i = %c0 to %n step %c1 iter_args(%u = %m, %v = %n) -> (i64, index) {\n"
        "scf.yield %u, %v : i64, index\n}\n"
        "%t, %w = scf.for %j = %c0 to %n step %c1 iter_args(%y = %n, %z = %c1) -> (index, index) {\n"
        "scf.yield %z, %y : index, index\n}"
    )
    lines = cpp_lines(body)
    assert lines[2:4] == ["for (int64_t c = 0; c < v4; c += 1) {", "}"]
    assert lines[7:11] == ["int64_t g = e;", "int64_t h = d;", "d = g;", "e = h;"]


def test_a_while_loop_tests_in_its_middle() -> None:
    body = (
        "%r = scf.while (%a = %m, %e = %m) : (i64, i64) -> i64 {\n%t = arith.addi %a, %e : i64\n"
        "scf.condition(%b) %t : i64\n} do {\n^bb0(%z: i64):\nscf.yield %z, %z : i64, i64\n}\n"
        "%u = arith.muli %r, %r : i64"
    )
    assert cpp_lines(body) == [
        "int64_t a = v5;",
        "int64_t b = v5;",
        "int64_t c;",
        "while (true) {",
        "int64_t d = a + b;",
        "c = d;",
        "if (!(v7)) break;",
        "a = c;",
        "b = c;",
        "}",
        "int64_t e = c * c;",
    ]


def test_if_and_else() -> None:
    store = "pto.store_scalar %x, %p[%c0] : !pto.ptr<f32>, f32"
    assert cpp_lines(f"scf.if %b {{\n{store}\n}}") == ["if (v7) {", "v1[0] = v6;", "}"]
    assert cpp_lines(f"scf.if %b {{\n{store}\n}} else {{\n}}") == ["if (v7) {", "v1[0] = v6;", "}"]
    assert cpp_lines(f"scf.if %b {{\n{store}\n}} else {{\n{store}\n}}") == [
        "if (v7) {",
        "v1[0] = v6;",
        "} else {",
        "v1[0] = v6;",
        "}",
    ]


def test_results_of_an_if() -> None:
    body = (
        "%r = scf.if %b -> (i64) {\nscf.yield %m : i64\n} else {\n%t = arith.addi %m, %m : i64\nscf.yield %t : i64\n}"
    )
    assert cpp_lines(body) == ["int64_t a;", "if (v7) {", "a = v5;", "} else {", "int64_t b = v5 + v5;", "a = b;", "}"]


def test_guards() -> None:
    for kind, guard in (("cube", "__DAV_CUBE__"), ("vector", "__DAV_VEC__")):
        lines = cpp("pto.set_ffts %ffts : memref<256xi64>", kind).splitlines()
        assert lines[-3:] == ["  set_ffts_base_addr((uint64_t)v3);", f"#endif // {guard}", "}"]
        assert f"#if defined({guard})" in lines
        assert ("  set_mask_norm();" in lines) == (kind == "vector")


def test_stores_of_the_scalar_unit_are_written_back_at_the_end() -> None:
    store = "pto.store_scalar %x, %p[%c0] : !pto.ptr<f32>, f32"
    lines = cpp(f"scf.if %b {{\n{store}\n}}").splitlines()
    assert lines[-5:] == [
        "  pipe_barrier(PIPE_ALL);",
        "  dcci((__gm__ void*)0, ENTIRE_DATA_CACHE, CACHELINE_OUT);",
        "  dsb((mem_dsb_t)0);",
        "#endif // __DAV_VEC__",
        "}",
    ]
    assert "dcci" not in cpp("%v = pto.load_scalar %p[%n] : !pto.ptr<f32> -> f32")


def test_a_tile_may_be_carried() -> None:
    body = (
        "%w = pto.alloc_tile : !vec\n"
        "%r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %vec) -> (!vec) {\n"
        "pto.texp ins(%t : !vec) outs(%t : !vec)\nscf.yield %w : !vec\n}"
    )
    lines = cpp_lines(body)
    assert lines[4].startswith("Tile<")
    assert lines[4].endswith("> c = a;")
    assert lines[-3:] == ["TEXP(c, c);", "c = b;", "}"]


def test_what_has_no_type_cannot_be_carried() -> None:
    body = "%r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %slice) -> (!slice) {\nscf.yield %t : !slice\n}"
    with pytest.raises(AssemblerError, match=r"there is no C\+\+ type for !pto.partition_tensor_view"):
        cpp_lines(body)
