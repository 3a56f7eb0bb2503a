"""Single elements of global memory: what the scalar unit reads and writes is computed, checked and recorded."""

import re
from pathlib import Path

import numpy as np
import pytest

from isa.pipes import Pipe
from runtime.host_kernel import Argument, HostKernel, KernelFailure
from runtime.testing import HEAD, TILE, VIEW, compile_text, vec_entry
from tracing.file import read_trace
from tracing.format import Buffer, Rw, Trace

STORE = f"{TILE} t; TASSIGN(t, 0); {VIEW} g(v1); TSTORE(g, t);"

KERNELS = "".join(
    [
        vec_entry("copy", "__gm__ float* v1, int64_t v2, int64_t v3", "float v4 = v1[v2];", "v1[v3] = v4;"),
        vec_entry(
            "narrow",
            "__gm__ half* v1, __gm__ bfloat16_t* v2, __gm__ int8_t* v3, __gm__ uint16_t* v4",
            "half v5 = v1[0];",
            "float v6 = (float)v5 + (float)v2[0] + v1[1];",
            "v1[2] = (half)v6;",
            "v2[1] = (bfloat16_t)v6;",
            "v3[1] = (int8_t)(v3[0] - 1);",
            "v4[1] = v4[0];",
        ),
        vec_entry("count", "__gm__ float* v1", "v1[0] += 1.0f;"),
        vec_entry(
            "pointers",
            "__gm__ float* v1, int64_t v2",
            "__gm__ float* v3 = v1 + v2;",
            "__gm__ int32_t* v4 = reinterpret_cast<__gm__ int32_t*>(reinterpret_cast<uint64_t>(v1));",
            "__gm__ float* v5 = v2 == 0 ? v1 : v3;",
            "v5[1] = (float)v4[0];",
        ),
        vec_entry("null", "__gm__ float* v1", "v1[3] = 1.0f;"),
        vec_entry(
            "loop",
            "__gm__ int32_t* v1, __gm__ float* v2",
            "int32_t v3 = v1[0];",
            "v1[1] = v3 + 1;",
            "int32_t v4 = v1[1];",
            f"{TILE} t; TASSIGN(t, 0);",
            "for (int64_t v5 = 0; v5 < v4; v5 += 1) { TEXP(t, t); }",
        ),
        vec_entry("factor", "__gm__ float* v1", STORE, "float v2 = v1[127];", "TMULS(t, t, v2);", "v1[0] = v2;"),
        vec_entry("equal", "__gm__ float* v1", STORE, "float v2 = v1[127];", "if (v2 == 7.5f) {", "TEXP(t, t);", "}"),
        vec_entry(
            "kept",
            "__gm__ float* v1, __gm__ float* v2",
            STORE,
            "float v3 = v1[126];",
            "v2[0] = v3 * 2.0f;",
            "float v4 = v2[0];",
            "bool v5 = v4 == 7.0f;",
            "if (v5) {",
            "TEXP(t, t);",
            "}",
        ),
        vec_entry("branch", "__gm__ float* v1", STORE, "float v2 = v1[127];", "if (v2 > 5.0f) {", "TEXP(t, t);", "}"),
        vec_entry(
            "trips",
            "__gm__ float* v1, __gm__ int32_t* v2",
            STORE,
            "int32_t v3 = ((__gm__ int32_t*)v1)[5];",
            "for (int32_t v4 = 0; v4 < v3; v4 += 1) { TEXP(t, t); }",
        ),
        vec_entry(
            "overwritten",
            "__gm__ float* v1",
            STORE,
            "v1[5] = 2.0f;",
            "float v2 = v1[5];",
            "if (v2 == 2.0f) TEXP(t, t);",
        ),
    ]
)


def line_of(statement: str) -> int:
    """The line of kernel.cpp where `statement`, which is there once, stands."""
    lines = [number for number, line in enumerate((HEAD + KERNELS).splitlines(), 1) if statement in line]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compile_text(tmp_path_factory.mktemp("execute"), KERNELS, "copy")


@pytest.fixture(scope="module")
def tracer(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compile_text(tmp_path_factory.mktemp("trace"), KERNELS, "copy", mode="trace")


def traced(tracer: HostKernel, directory: Path, entry: str, *arguments: Argument, blocks: int = 1) -> Trace:
    tracer.trace(directory / "trace", blocks, *arguments, entry=entry)
    return read_trace(directory / "trace")


def names(trace: Trace) -> list[str]:
    return [trace.ops[op] for op in trace.events["op"]]


def test_elements_are_read_and_written(kernel: HostKernel) -> None:
    x = np.arange(8, dtype=np.float32)
    kernel.launch(1, x, 2, 7)
    assert x.tolist() == [0, 1, 2, 3, 4, 5, 6, 2]


def test_every_element_type_keeps_its_values(kernel: HostKernel) -> None:
    f16 = np.array([1.5, 0.25, 0], np.float16)
    bf16 = np.array([0x4000, 0], np.uint16)  # 2.0
    i8, u16 = np.array([-128, 0], np.int8), np.array([65535, 0], np.uint16)
    kernel.launch(1, f16, bf16, i8, u16, entry="narrow")
    assert f16[2] == 3.75
    assert bf16[1] == 0x4070
    assert i8[1] == 127
    assert u16[1] == 65535


@pytest.mark.parametrize("offset", [0, 3])
def test_pointers_are_moved_selected_and_cast(kernel: HostKernel, offset: int) -> None:
    x = np.arange(8, dtype=np.float32)
    kernel.launch(1, x, offset, entry="pointers")
    assert x[offset + 1] == np.float32(0).view(np.int32)


@pytest.mark.parametrize(
    ("source", "target", "statement", "places"),
    [
        (8, 0, "load_scalar", r"bytes \[32, 36\) of argument 0, which has 32"),
        (-1, 0, "load_scalar", r"bytes \[-4, 0\) of argument 0"),
        (0, 8, "store_scalar", r"bytes \[32, 36\) of argument 0"),
    ],
)
@pytest.mark.parametrize("mode", ["execute", "trace"])
def test_an_element_outside_of_its_array_is_refused(
    kernel: HostKernel, tracer: HostKernel, mode: str, source: int, target: int, statement: str, places: str
) -> None:
    launched = {"execute": kernel, "trace": tracer}[mode]
    line = line_of("float v4 = v1[v2];" if statement == "load_scalar" else "v1[v3] = v4;")
    access = f"{statement} of global memory at {places}"
    message = rf"kernel\.cpp:{line}: block 0, vec0: {access}.* lies in no buffer of the launch"
    with pytest.raises(KernelFailure, match=message):
        launched.launch(1, np.zeros(8, np.float32), source, target)


def test_a_null_pointer_is_refused_at_any_offset(kernel: HostKernel) -> None:
    with pytest.raises(KernelFailure, match="store_scalar on global memory without an address"):
        kernel.launch(1, 0, entry="null")


def test_accesses_are_recorded_with_their_bytes(tracer: HostKernel, tmp_path: Path) -> None:
    x = np.arange(8, dtype=np.float32)
    trace = traced(tracer, tmp_path, "copy", x, 2, 7)
    assert names(trace) == ["load_scalar", "store_scalar"]
    assert set(trace.events["pipe"]) == {Pipe.S}
    assert trace.events["line"].tolist() == [line_of("float v4 = v1[v2];"), line_of("v1[v3] = v4;")]
    base = x.ctypes.data
    assert [tuple(access)[:6] for access in trace.accesses] == [
        (base + 8, 4, 1, 4, Buffer.GM, Rw.READ),
        (base + 28, 4, 1, 4, Buffer.GM, Rw.WRITE),
    ]


def test_a_trace_follows_the_given_arrays_and_leaves_them_alone(tracer: HostKernel, tmp_path: Path) -> None:
    counts = np.array([3, -7], np.int32)
    trace = traced(tracer, tmp_path, "loop", counts, np.zeros(128, np.float32))
    assert names(trace).count("TEXP") == 4
    assert counts.tolist() == [3, -7]


def test_a_scalar_that_only_is_data_may_come_from_a_tile_store(tracer: HostKernel, tmp_path: Path) -> None:
    trace = traced(tracer, tmp_path, "factor", np.zeros(128, np.float32))
    assert names(trace) == ["TSTORE", "load_scalar", "TMULS", "store_scalar"]


@pytest.mark.parametrize(
    ("entry", "decision", "reads_before"),
    [
        ("branch", "if (v2 > 5.0f) {", 1),
        ("equal", "if (v2 == 7.5f) {", 1),
        ("trips", "for (int32_t v4 = 0; v4 < v3; v4 += 1) { TEXP(t, t); }", 1),
        ("kept", "if (v5) {", 2),
    ],
)
def test_control_flow_that_depends_on_a_tile_store_is_refused(
    tracer: HostKernel, tmp_path: Path, entry: str, decision: str, reads_before: int
) -> None:
    decides = line_of(decision)
    message = (
        rf"kernel\.cpp:{decides - reads_before}: block 0, vec0: load_scalar reads what a tile operation of this launch "
        rf"has stored, and kernel\.cpp:{decides} decides by the value what the kernel does"
    )
    arguments = [np.zeros(128, np.float32), np.zeros(1, np.int32)][: 2 if entry in ("trips", "kept") else 1]
    with pytest.raises(KernelFailure, match=message):
        tracer.trace(tmp_path / "trace", 1, *arguments, entry=entry)
    assert re.match(message, read_trace(tmp_path / "trace").error)


def test_a_scalar_store_over_a_tile_store_is_known(tracer: HostKernel, tmp_path: Path) -> None:
    trace = traced(tracer, tmp_path, "overwritten", np.zeros(128, np.float32))
    assert names(trace) == ["TSTORE", "store_scalar", "load_scalar", "TEXP"]
