"""Pointers of generated C++ are rewritten, all else and all line numbers stay; entries and C functions are found."""

import pytest

from tools.bisheng.host_source import CAST, POINTER, host_source


@pytest.mark.parametrize(
    ("device", "host"),
    [
        ("AICORE void f(__gm__ float* v1, int64_t v2);", "AICORE void f(P<float> v1, int64_t v2);"),
        ("__gm__ float * v1;", "P<float> v1;"),
        ("const __gm__ half* v1; __gm__ const half* v2;", "P<const half> v1; P<const half> v2;"),
        ("__gm__ half* __restrict__ v1;", "P<half> v1;"),
        ("__gm__ typename T::DType* p = t.data();", "P<typename T::DType> p = t.data();"),
        ("dcci((__gm__ void*)0, ENTIRE_DATA_CACHE);", "dcci((P<void>)0, ENTIRE_DATA_CACHE);"),
        ("v2 = reinterpret_cast<__gm__ int32_t*>(v1);", "v2 = C<P<int32_t>>(v1);"),
        ("f(__gm__\n  float\n* v1);\ng();", "f(\n\nP<float> v1);\ng();"),
        ("// __gm__ float* v1\n__gm__ float* v2;", "// __gm__ float* v1\nP<float> v2;"),
        (
            '/* __gm__ float*\n */ g("__gm__ float* \\"", \'"\');',
            '/* __gm__ float*\n */ g("__gm__ float* \\"", \'"\');',
        ),
        ("Tile<TileType::Vec, float, 8, 16> v3; float v4 = v5 * v6;",) * 2,
    ],
)
def test_pointers_become_checked_ones(device: str, host: str) -> None:
    assert host_source(device).text == host.replace("P<", f"{POINTER}<").replace("C<", f"{CAST}<")


def test_entries_and_c_functions_are_found_in_the_order_of_the_file() -> None:
    source = host_source(
        '// extern "C" __global__ AICORE void commented() {}\n'
        'extern "C" AICORE int32_t ext(int32_t);\n'
        "AICORE void helper(__gm__ float* v1) {}\n"
        'extern "C" __global__ AICORE void second(__gm__ float* v1) { helper(v1); }\n'
        'extern "C" __global__ AICORE\nvoid first(__gm__ float* v1) {}\n'
        'extern "C" AICORE __gm__ float* pointer(int64_t v1);\n'
    )
    assert source.entries == ("second", "first")
    assert source.c_functions == ("ext", "second", "first", "pointer")
