"""C++ of functions and of the whole file."""

import pytest

from ptodsl.dialect.testing import snippet
from tools.ptoas.assemble import Options, Sync, assemble
from tools.ptoas.diagnostics import AssemblerError

KERNEL = """func.func @{0}(%p: !pto.ptr<f16>, %n: i64) attributes {{pto.kernel_kind = #pto.kernel_kind<{1}>}} {{
func.return
}}
"""
ENTRY = """func.func @call_both(%ffts: memref<256xi64>, %p: !pto.ptr<f16>, %n: i64) attributes {pto.entry} {
pto.set_ffts %ffts : memref<256xi64>
func.call @cube_kernel(%p, %n) : (!pto.ptr<f16>, i64) -> ()
func.call @vector_kernel(%p, %n) : (!pto.ptr<f16>, i64) -> ()
func.return
}
"""
KERNELS = KERNEL.format("cube_kernel", "cube") + KERNEL.format("vector_kernel", "vector")

TAIL = """static AICORE inline void ptoas_tail_sync() {
  pipe_barrier(PIPE_ALL);
}
"""


def cpp(text: str, sync: Sync = Sync.NONE) -> str:
    return assemble(text, "a.mlir", Options(sync))


def test_the_file() -> None:
    assert (
        cpp(KERNELS + ENTRY)
        == """#include "pto/pto-inst.hpp"
using namespace pto;

AICORE void cube_kernel(__gm__ half* v1, int64_t v2) {
#if defined(__DAV_CUBE__)
#endif // __DAV_CUBE__
}

AICORE void vector_kernel(__gm__ half* v1, int64_t v2) {
#if defined(__DAV_VEC__)
  set_mask_norm();
  set_vector_mask(-1, -1);
#endif // __DAV_VEC__
}

extern "C" __global__ AICORE void call_both(__gm__ int64_t* v1, __gm__ half* v2, int64_t v3) {
  set_ffts_base_addr((uint64_t)v1);
  cube_kernel(v2, v3);
  vector_kernel(v2, v3);
}
"""
    )


def test_an_entry_ends_with_a_barrier_when_the_assembler_synchronises() -> None:
    text = cpp(KERNELS + ENTRY, Sync.BARRIER_ALL)
    assert TAIL in text
    assert text.endswith("  vector_kernel(v2, v3);\n  ptoas_tail_sync();\n}\n")


def test_functions_that_are_called_before_they_are_defined_have_prototypes() -> None:
    text = cpp(ENTRY + KERNELS)
    prototypes = "AICORE void cube_kernel(__gm__ half*, int64_t);\nAICORE void vector_kernel(__gm__ half*, int64_t);\n"
    assert prototypes in text
    assert text.index(prototypes) < text.index("call_both")


def test_sections_are_guarded() -> None:
    text = cpp(
        "func.func @run(%n: i64) attributes {pto.entry} {\n"
        "pto.section.vector {\n%i = pto.get_block_idx\n}\nfunc.return\n}"
    )
    assert "#if defined(__DAV_VEC__)\n  set_mask_norm();\n" in text
    assert "  int64_t v2 = get_block_idx();\n#endif // __DAV_VEC__\n}\n" in text


def test_a_function_may_return_a_value() -> None:
    text = cpp(
        "func.func @twice(%n: i64) -> i64 {\n%m = arith.addi %n, %n : i64\nfunc.return %m : i64\n}\n"
        "func.func @run(%n: i64) attributes {pto.entry} {\n%m = func.call @twice(%n) : (i64) -> i64\nfunc.return\n}"
    )
    assert "AICORE int64_t twice(int64_t v1) {\n  int64_t v2 = v1 + v1;\n  return v2;\n}\n" in text
    assert "  int64_t v2 = twice(v1);\n" in text


def test_a_function_without_a_body_is_of_another_file() -> None:
    text = cpp(
        "func.func private @ext(i32, !pto.ptr<f16>) -> i32\n"
        "func.func @f(%n: i32, %p: !pto.ptr<f16>) -> i32 {\n"
        "%m = func.call @ext(%n, %p) : (i32, !pto.ptr<f16>) -> i32\nfunc.return %m : i32\n}"
    )
    assert '\nextern "C" AICORE int32_t ext(int32_t, __gm__ half*);\n' in text
    assert "AICORE int32_t f(int32_t v1, __gm__ half* v2) {\n  int32_t v3 = ext(v1, v2);\n" in text


@pytest.mark.parametrize(
    ("attributes", "linkage"),
    [
        ('pto.visibility = "external"', 'extern "C" AICORE'),
        ('pto.visibility = "internal"', "AICORE"),
        ("", "AICORE"),
        ('pto.entry, pto.visibility = "external"', 'extern "C" __global__ AICORE'),
        ("pto.kernel_kind = #pto.kernel_kind<vector>", "AICORE"),
    ],
)
def test_linkage(attributes: str, linkage: str) -> None:
    assert f"\n{linkage} void f() {{" in cpp(f"func.func private @f() attributes {{{attributes}}} {{\nfunc.return\n}}")


def test_each_of_several_entries_can_be_launched() -> None:
    text = cpp(KERNELS + ENTRY + ENTRY.replace("call_both", "call_again"), Sync.BARRIER_ALL)
    assert text.count('extern "C" __global__ AICORE void call_') == 2
    assert text.count("  ptoas_tail_sync();\n") == 2


def test_the_core_of_a_function_follows_from_its_tiles() -> None:
    tile = "!pto.tile_buf<vec, 16x64xf32>"
    text = cpp(f"func.func @f() attributes {{pto.entry}} {{\n%t = pto.alloc_tile : {tile}\nfunc.return\n}}")
    assert "#if defined(__DAV_VEC__)\n  set_mask_norm();" in text


def test_a_module_may_name_its_target() -> None:
    assert cpp(f'module attributes {{pto.target_arch = "a3"}} {{\n{KERNELS}{ENTRY}}}') == cpp(KERNELS + ENTRY)


def test_names_are_arguments_then_constants_then_the_rest() -> None:
    text = cpp(snippet("%q = pto.addptr %p, %c8 : !pto.ptr<f32> -> !pto.ptr<f32>"))
    assert "bool v7) {\n  const int64_t v8 = 8;\n" in text
    assert "  __gm__ float* v9 = v1 + v8;\n" in text


def test_constants_are_hoisted_once_per_type_and_value() -> None:
    body = "%a = arith.constant 8 : i64\n%r = arith.addi %a, %m : i64\n%s = arith.addi %n, %c8 : index\n"
    text = cpp(snippet(body + "%t = arith.constant 8 : i32\n%u = arith.addi %t, %t : i32"))
    assert text.count("const int64_t") == text.count("const int32_t") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "func.func @f(%n: i64) -> (i64, i64) {\nfunc.return %n, %n : i64, i64\n}",
            "func.func: @f can return one value at most, and a kernel none",
        ),
        ("func.func @f(%n: i128) {\nfunc.return\n}", "func.func: there is no C++ type for i128"),
    ],
)
def test_rejects(text: str, message: str) -> None:
    with pytest.raises(AssemblerError) as error:
        cpp(text)
    assert message in str(error.value)


def test_scalar_stores_of_a_section_are_written_back_once_at_its_end() -> None:
    text = cpp(
        "func.func @f(%p: !pto.ptr<f32>, %x: f32) attributes {pto.entry} {\n"
        "%i = arith.constant 0 : index\n"
        "pto.section.vector {\npto.store_scalar %x, %p[%i] : !pto.ptr<f32>, f32\n}\nfunc.return\n}\n"
    )
    assert text.count("dcci(") == 1
    assert text.index("dcci(") < text.index("#endif")
