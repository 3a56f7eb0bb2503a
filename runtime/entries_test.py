"""A library with several entries, and what kernels print."""

import threading
from pathlib import Path

import numpy as np
import pytest

from runtime.host_kernel import HostKernel, KernelFailure
from runtime.testing import TILE, VIEW, compile_text, vec_entry
from tools.bisheng.library import CompileError
from tracing.file import read_trace

KERNELS = (
    'extern "C" AICORE int32_t twice(int32_t v1) {\nreturn 2 * v1;\n}\n'
    + vec_entry("set_one", "__gm__ float* v1", "v1[0] = 1.0f;")
    + vec_entry("set_both", "__gm__ float* v1, int32_t v2", "v1[0] = 2.0f;", "v1[1] = (float)twice(v2);")
    + vec_entry(
        "say",
        "__gm__ float* v1, int32_t v2",
        'cce::printf("x=%d y=%.2f \\"%s\\"\\n", v2, (half)v1[0], "z");',
        f"{TILE} t; TASSIGN(t, 0); {VIEW} g(v1); TLOAD(t, g);",
        "set_flag(PIPE_MTE2, PIPE_S, EVENT_ID0); wait_flag(PIPE_MTE2, PIPE_S, EVENT_ID0);",
        "TPRINT(t);",
    )
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compile_text(tmp_path_factory.mktemp("execute"), KERNELS, "set_both")


def test_the_chosen_entry_comes_first_and_all_can_be_launched(kernel: HostKernel) -> None:
    assert kernel.entries == ("set_both", "set_one", "say")
    x = np.zeros(2, np.float32)
    kernel.launch(1, x, 21)
    assert x.tolist() == [2, 42]
    kernel.launch(1, x, entry="set_one")
    assert x.tolist() == [1, 42]


def test_an_unknown_entry_is_refused_with_the_known_ones(kernel: HostKernel) -> None:
    with pytest.raises(KernelFailure, match="the kernel has no entry set_none; it has set_both, set_one, say"):
        kernel.launch(1, np.zeros(2, np.float32), entry="set_none")


def test_each_entry_has_its_own_arguments(kernel: HostKernel) -> None:
    with pytest.raises(KernelFailure, match="the kernel takes 1 arguments, the launch gave 2"):
        kernel.launch(1, np.zeros(2, np.float32), 1, entry="set_one")


def test_an_entry_that_the_kernel_does_not_have_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"has no entry call_both.*entries there: set_one, set_both, say"):
        compile_text(tmp_path, KERNELS, "call_both")


def test_scalars_and_tiles_are_printed(kernel: HostKernel, capfd: pytest.CaptureFixture[str]) -> None:
    x = np.arange(128, dtype=np.float32)
    x[0] = 0.25
    kernel.launch(1, x, -7, entry="say")
    first, head, *rows = capfd.readouterr().out.splitlines()
    assert first == 'x=-7 y=0.25 "z"'
    assert head.endswith(": 8 x 16 f32")
    assert [[float(value) for value in row.split()] for row in rows] == x.reshape(8, 16).tolist()


def test_a_trace_of_what_prints_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tracer = compile_text(tmp_path, KERNELS, "say", mode="trace")
    tracer.trace(tmp_path / "trace", 1, np.zeros(128, np.float32), 1)
    assert capfd.readouterr().out == ""
    trace = read_trace(tmp_path / "trace")
    assert [trace.ops[op] for op in trace.events["op"]] == ["load_scalar", "TLOAD", "set_flag", "wait_flag", "TPRINT"]


def test_a_launch_has_at_most_as_many_blocks_as_the_device_allows(kernel: HostKernel) -> None:
    with pytest.raises(KernelFailure, match="block_dim is 2147483648: a launch has at most 65535 blocks"):
        kernel.launch(2**31, np.zeros(2, np.float32), entry="set_one")


def test_reports_belong_to_the_thread_that_launched(kernel: HostKernel) -> None:
    seen: list[str] = []

    def fail(number: int) -> None:
        for _ in range(50):
            try:
                kernel.launch(1, entry=f"none{number}")
            except KernelFailure as error:
                seen.append(str(error))
            kernel.launch(1, np.zeros(1, np.float32), entry="set_one")

    threads = [threading.Thread(target=fail, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [f"the kernel has no entry none{n}; it has set_both, set_one, say" for n in range(4) for _ in range(50)]
    assert sorted(seen) == expected
