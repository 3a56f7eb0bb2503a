"""Tests of the calls among statements."""

import pytest

from patchers.calls import Call, Calls, is_load_wait, is_vector_barrier, parse_call, parse_tile
from patchers.scanner import scan


@pytest.mark.parametrize("text", ["TADD(v1, v2, v3)", " TADD ( v1,v2 ,\n v3 ) ", "TADD\t(v1,v2,v3)"])
def test_a_call_is_its_name_and_arguments(text: str) -> None:
    assert parse_call(text) == Call("TADD", ("v1", "v2", "v3"))


def test_commas_inside_brackets_separate_nothing() -> None:
    assert parse_call("f(g(a, b), c[d, e], (uint64_t) h)") == Call("f", ("g(a, b)", "c[d, e]", "(uint64_t) h"))


@pytest.mark.parametrize(
    "text", ["v1 = f(a)", "if (a) f(b)", "else f(b)", "f(a), g(b)", "f(a)(b)", "x: f(a)", "mine::f(a)", "f<1>(a)", "f"]
)
def test_anything_around_a_call_makes_it_no_call_of_the_patterns(text: str) -> None:
    call = parse_call(text)
    assert call is None or call.name != "f"


@pytest.mark.parametrize("qualifier", ["pto::", "::", "::pto ::", " pto:: "])
def test_names_of_the_library_may_be_qualified(qualifier: str) -> None:
    assert parse_call(f"{qualifier}TADD(a, b, c)") == Call("TADD", ("a", "b", "c"))
    assert is_vector_barrier(parse_call(f"{qualifier}pipe_barrier({qualifier}PIPE_V)"))
    assert is_load_wait(parse_call(f"wait_flag({qualifier}PIPE_MTE2, {qualifier}PIPE_V, (event_t) 0)"))
    assert parse_tile(f"{qualifier}Tile<{qualifier}TileType::Vec, float, 8, 8> v1") is not None


def test_barriers_and_waits_are_told_apart_by_their_pipes() -> None:
    assert is_vector_barrier(parse_call("pipe_barrier( PIPE_V )"))
    assert not is_vector_barrier(parse_call("pipe_barrier(PIPE_MTE3)"))
    assert not is_vector_barrier(parse_call("pipe_barrier(PIPE_V, 1)"))
    assert is_load_wait(parse_call("wait_flag(PIPE_MTE2, PIPE_V, v7)"))
    assert not is_load_wait(parse_call("wait_flag(PIPE_MTE3, PIPE_V, EVENT_ID0)"))
    assert not is_load_wait(parse_call("wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0)"))
    assert not is_load_wait(parse_call("set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0)"))
    assert not is_load_wait(parse_call("wait_flag(PIPE_MTE2, PIPE_V)"))


def test_the_scratch_tile_of_a_reduction_is_written() -> None:
    call = Call("TROWSUM", ("v1", "v2", "v3"))
    assert call.written == ("v1", "v3")
    assert call.read == ("v2",)


def test_the_scratch_tile_of_an_xor_is_written() -> None:
    call = Call("TXOR", ("v1", "v2", "v3", "v4"))
    assert call.written == ("v1", "v4")
    assert call.read == ("v2", "v3")


def test_an_operation_with_another_number_of_operands_is_not_the_known_one() -> None:
    assert Call("TADD", ("a", "b", "c")).is_tile_op("TADD")
    assert not Call("TADD", ("a", "b")).is_tile_op("TADD")


@pytest.mark.parametrize("macro", ["TADD", "v2", "TADD(a, b, c)"])
def test_a_call_with_a_macro_of_the_file_is_opaque(macro: str) -> None:
    source = scan(f"#define {macro} 1\nTADD(v1, v2, v3);\nTEXP(v1, v1);")
    calls = Calls(source)
    assert calls[1] is None
    assert calls[2] == Call("TEXP", ("v1", "v1"))


def test_there_is_no_call_beyond_the_ends() -> None:
    calls = Calls(scan("f(a);"))
    assert calls[-1] is None
    assert calls[1] is None


def test_a_tile_declaration_has_arguments_and_a_name() -> None:
    assert parse_tile("Tile< TileType::Vec, float, 1 > v7") == (("TileType::Vec", "float", "1"), "v7")
    assert parse_tile("Tile<TileType::Vec, float, 1> v7(v8, v9)") == (("TileType::Vec", "float", "1"), "v7")
    assert parse_tile("Tile<TileType::Vec, float, 1> v7 = v8") is None
    assert parse_tile("Tile<TileType::Vec, float, 1> v7, v8") is None
