"""Tests of explicit synchronisation: what it prints."""

from __future__ import annotations

import pytest

from ptodsl import pto
from ptodsl.errors import DslError
from ptodsl.module import ModuleBuilder
from ptodsl.printing import module_text
from ptodsl.values import Scalar


def _lines(module: ModuleBuilder) -> list[str]:
    lines = [line.strip() for line in module_text(module.finish(), locations=False).splitlines()]
    return lines[2 : lines.index("func.return")]


def test_flags_and_barriers_accept_short_and_full_names() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        pto.record_event("MTE2", "V", 0)
        pto.wait_event("PIPE_MTE2", "PIPE_V", "EVENT_ID0")
        pto.record_wait_pair("V", "MTE3", 7)
        pto.barrier("V")
    assert _lines(module) == [
        "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]",
        "pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]",
        "pto.set_flag[<PIPE_V>, <PIPE_MTE3>, <EVENT_ID7>]",
        "pto.wait_flag[<PIPE_V>, <PIPE_MTE3>, <EVENT_ID7>]",
        "pto.barrier <PIPE_V>",
    ]


@pytest.mark.parametrize(
    ("operation", "pipe"),
    [
        ("LOAD", "MTE2"),
        ("TLOAD", "MTE2"),
        ("store_vec", "MTE3"),
        ("TSTORE_ACC", "FIX"),
        ("mov_m2l", "MTE1"),
        ("MOV_M2B", "MTE1"),
        ("MOV_M2S", "FIX"),
        ("MOV_M2V", "V"),
        ("MOV_V2M", "FIX"),
        ("tmatmul", "M"),
        ("VEC", "V"),
        ("TVECWAIT_EVENT", "V"),
    ],
)
def test_an_operation_stands_for_the_pipe_that_runs_it(operation: str, pipe: str) -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        pto.barrier(operation)
    assert _lines(module) == [f"pto.barrier <PIPE_{pipe}>"]


def test_the_event_is_0_by_default_and_a_list_is_one_flag_each() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        pto.record_event("LOAD", "VEC")
        pto.wait_event("LOAD", "VEC", event_id=[1, 2])
    assert _lines(module) == [
        "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]",
        "pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID1>]",
        "pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID2>]",
    ]


def test_an_unknown_name_lists_pipes_and_operations() -> None:
    wrong = pytest.raises(DslError, match=r"no pipe 'GEMM'; the pipes are PIPE_S, .* operations .* LOAD, STORE_ACC")
    with wrong, ModuleBuilder().function("main", {}):
        pto.barrier("GEMM")


def test_pipes_have_names() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        pto.record_event(pto.PIPE_MTE2, pto.PIPE_V)
        pto.wait_event(pto.PIPE_MTE2, pto.PIPE_V)
        pto.barrier(pto.PIPE_ALL)
    assert _lines(module) == [
        "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]",
        "pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]",
        "pto.barrier <PIPE_ALL>",
    ]


def test_flags_between_cores() -> None:
    module = ModuleBuilder()
    with module.function("main", {"n": pto.index}) as arguments:
        pto.sync_set(pto.PIPE_FIX, 3)
        pto.sync_wait("MTE2", Scalar(arguments["n"].ssa))
    assert _lines(module)[-2:] == ["pto.sync.set <PIPE_FIX>, 3", "pto.sync.wait <PIPE_MTE2>, %n"]


def test_there_are_sixteen_of_them() -> None:
    with (
        ModuleBuilder().function("main", {}),
        pytest.raises(DslError, match=r"pto\.sync\.set: there is no flag 16: a block has 0 to 15"),
    ):
        pto.sync_set("PIPE_FIX", 16)
