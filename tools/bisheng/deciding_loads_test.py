"""Loads of scalars that decide over branches, loops or addresses are found, those that are mere data are not."""

import pytest

from tools.bisheng.deciding_loads import deciding_loads

KERNEL = """AICORE void other(__gm__ float* v3, int64_t v9) {
  for (int64_t v5 = 0; v5 < v9; v5 += 1) { v3[v5] = 0; }
}
extern "C" __global__ AICORE void f(__gm__ float* v1, __gm__ int32_t* v2, int64_t v3) {
  const float v4 = 2.0f;
  float v5 = v1[v3];
BODY
}
"""
LOAD = 6
"""The line of the load in KERNEL; the body begins behind it."""


def decisions(*body: str) -> dict[int, int]:
    return deciding_loads(KERNEL.replace("BODY", "\n".join(body)))


@pytest.mark.parametrize(
    "body",
    [
        ["if (v5 == v4) {", "}"],
        ["// v5", "bool v6 = v5 == v4;", "if (v6) TABS(t, t);"],
        ["float v6 = v5 * 3.0f;", "bool v7 = v4 > v6;", "while (v7) {", "}"],
        ["for (int64_t v6 = 0; v6 < (int64_t)v5; v6 += 1) {", "}"],
        ["int64_t v6 = v5;", "__gm__ float* v7 = v1 + v6;", "G v8(v7);"],
        ["int64_t v6 = static_cast<int64_t>(v5);", "GlobalTensor<float, S> v7(v1 + v6, shape, stride);"],
        ["int64_t v6 = v5;", "TASSIGN(t, v6);"],
        ["int64_t v6 = v5;", "TEXTRACT(t, s, v6, 0);"],
        ["int32_t v6 = (int32_t)v5;", "v1[v6] = v4;"],
        ["int32_t v6 = (int32_t)v5;", "float v7 = v1[v6];"],
        ["int32_t v6 = (int32_t)v5;", "TMULS(t, t, v1[v6]);"],
        ["__gm__ float* v6 = v5 > v4 ? v1 : v7;", "v6[0] = v4;"],
        ["other(v1, v5);"],
        ["float v6 = helper<float>(v5);"],
        ["float v6;", "if (v3) {", "v6 = v5;", "} else {", "v6 = v4;", "}", "bool v7 = v6 < v4;", "if (v7) {", "}"],
        ["return v5;"],
        ["auto v6 = TPipe<0, Direction::DIR_C2V, 16, 8, 8, false>(v5, v3, v3);"],
        ["values[0] = v5;"],
        ["state.value = v5;"],
        ["float v6{v5};"],
        ["float v6; float v7 = v6 = v5;"],
        ["float v6; float& v7 = v6;", "v7 = v5;"],
        ["do { TABS(t, t); } while (v5 > v4);"],
        ["switch ((int)v5) { case 1: TABS(t, t); }"],
    ],
)
def test_loads_that_decide_are_found_with_the_line_that_does(body: list[str]) -> None:
    found = decisions(*body)
    assert found[LOAD] in range(LOAD + 1, LOAD + 1 + len(body))


@pytest.mark.parametrize(
    "body",
    [
        ["TMULS(t, t, v5);", "TEXPANDS(t, v5);"],
        ["float v6 = (float)v5 + v4;", "TADDS(t, t, v6);"],
        ["v1[1] = v5;", "v2[v3] = (int32_t)v5;"],
        ["float v6 = v5 > v4 ? v5 : v4;", "v1[2] = v6;"],
        ["bool v6 = v4 == v4;", "if (v6) { TMULS(t, t, v5); }"],
        ["if (v3 == 0) v1[0] = v5; else v1[1] = v5;"],
        ["for (int64_t v6 = 0; v6 < v3; v6 += 1) {", "TMULS(t, t, v5);", "}"],
        ["if (v4 > 0) { /* v5 */ }"],
        ['cce::printf("v5 == %f", v5);'],
        [],
    ],
)
def test_loads_that_are_data_are_not(body: list[str]) -> None:
    assert decisions(*body) == {}


def test_names_of_another_function_are_others() -> None:
    """v9 bounds the loop of `other`, and is mere data here."""
    assert decisions("float v9 = v1[0];", "TMULS(t, t, v9);") == {}


def test_of_several_decisions_the_first_is_named() -> None:
    assert decisions("if (v5 > v4) {", "}", "if (v5 < v4) {", "}") == {LOAD: LOAD + 1}


def test_a_load_in_the_condition_itself_decides() -> None:
    assert decisions("if (v1[0] == v4) {", "}") == {LOAD + 1: LOAD + 1}
    assert decisions("if (v3) v1[0] = v4; else if (v1[0] == v4) TABS(t, t);")[LOAD + 1] == LOAD + 1


def test_a_statement_of_several_lines_is_found_on_each() -> None:
    assert decisions("float v6 = v4 +", "    v1[0];", "if (v6 > v4) {", "}") == {LOAD + 1: LOAD + 3, LOAD + 2: LOAD + 3}


@pytest.mark.parametrize(
    ("body", "decides"),
    [
        (["if (v6 > v4) {", "}"], True),
        (["int64_t v7 = (int64_t)v6;", "T.SetValue(v7, v4);"], True),
        (["T.SetValue(v3, v6);"], False),
        (["TAXPY(t, t, v6);"], False),
        (["TCI<Tile<A, B>, int32_t, 0>(t, v6);"], False),
    ],
)
def test_elements_of_tiles_are_loads_too(body: list[str], decides: bool) -> None:
    load = LOAD + 1
    assert (load in decisions("float v6 = T.GetValue(v3);", *body)) == decides
