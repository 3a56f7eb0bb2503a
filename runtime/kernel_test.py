"""Whole kernels, written as the assembler prints them: compiled for the host, run, traced, broken."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from isa.pipes import Kind, Pipe
from runtime.host_kernel import HostKernel, KernelFailure
from runtime.testing import HEAD_SIZE, Array, attention_arguments, compiled
from tracing.file import read_trace
from tracing.format import Buffer


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compiled(tmp_path_factory.mktemp("attention"), "flash_attention", "call_both")


@pytest.fixture(scope="module")
def scaled_relu(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compiled(tmp_path_factory.mktemp("relu"), "scaled_relu", "scaled_relu")


def attention_reference(q: Array, k: Array, v: Array) -> NDArray[np.float64]:
    scores = q.astype(np.float64) @ k.astype(np.float64).T / np.sqrt(HEAD_SIZE)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = weights @ v.astype(np.float64) / weights.sum(axis=1, keepdims=True)
    return result


@pytest.mark.parametrize(("s0", "s1", "blocks"), [(128, 768, 1), (256, 2048, 2), (640, 1024, 2)])
def test_four_stage_attention_agrees_with_the_reference(attention: HostKernel, s0: int, s1: int, blocks: int) -> None:
    slots, q, k, v, o = attention_arguments(s0, s1, blocks)
    attention.launch(blocks, 0, slots, q, k, v, o, s0, s1)
    np.testing.assert_allclose(o.astype(np.float64), attention_reference(q, k, v), rtol=1e-3, atol=1e-3)


def test_launches_are_repeatable_bit_by_bit(attention: HostKernel) -> None:
    slots, q, k, v, o = attention_arguments(256, 1024, 2)
    again = o.copy()
    attention.launch(2, 0, slots, q, k, v, o, 256, 1024)
    attention.launch(1, 0, slots, q, k, v, again, 256, 1024)
    assert np.array_equal(o, again)


def test_a_buffer_that_is_too_small_is_refused(attention: HostKernel) -> None:
    slots, q, k, v, o = attention_arguments(128, 1024, 1)
    with pytest.raises(KernelFailure, match=r"flash_attention\.cpp:\d+: block 0, cube: TLOAD .* lies in no buffer"):
        attention.launch(1, 0, slots, q, k[:768], v, o, 128, 1024)


def test_the_number_of_arguments_is_checked(attention: HostKernel) -> None:
    with pytest.raises(KernelFailure, match="the kernel takes 8 arguments, the launch gave 2"):
        attention.launch(1, 0, 0)


def test_a_consumer_that_pops_too_often_gets_a_report(tmp_path: Path) -> None:
    once_more = ("int64_t v34 = v8 / v11;", "int64_t v34 = v8 / v11 + 1;")
    broken = compiled(tmp_path, "flash_attention", "call_both", edit=once_more)
    slots, q, k, v, o = attention_arguments(128, 1024, 1)
    expected = r"deadlock, no core can continue: vec0 waits at flash_attention\.cpp:\d+ in TPOP number 4 of FIFO 0"
    with pytest.raises(KernelFailure, match=expected):
        broken.launch(1, 0, slots, q, k, v, o, 128, 1024)


@pytest.mark.parametrize("count", [1, 999, 1000, 12345])
def test_a_dynamic_loop_covers_every_element(scaled_relu: HostKernel, count: int) -> None:
    rng = np.random.default_rng(count)
    x = rng.standard_normal(count).astype(np.float32)
    y = np.full(count, np.nan, np.float32)
    scaled_relu.launch(3, x, y, np.array([0.5], np.float16), 3.0, count)
    assert np.array_equal(y, np.maximum(x * np.float32(1.5), 0))


def test_the_trace_of_attention_has_every_operation(tmp_path: Path) -> None:
    kernel = compiled(tmp_path, "flash_attention", "call_both", mode="trace")
    slots, q, k, v, o = attention_arguments(256, 1024, 2)
    kernel.trace(tmp_path / "attention.trace", 2, 0, slots, q, k, v, o, 256, 1024)
    assert np.isnan(o).all()
    trace = read_trace(tmp_path / "attention.trace")
    assert [core.name for core in trace.cores[:4]] == ["block 0 cube", "block 0 vec0", "block 0 vec1", "block 1 cube"]
    assert [fifo.direction for fifo in trace.fifos] == ["c2v", "c2v", "v2c"]
    assert {(fifo.slots, fifo.split) for fifo in trace.fifos} == {(8, 1)}
    tiles, sub_tiles = 4, 2
    names = [trace.ops[op] for op in trace.core_events(trace.cores[0])["op"]]
    assert names.count("TMATMUL") + names.count("TMATMUL_ACC") == 2 * tiles * sub_tiles
    vector = trace.core_events(trace.cores[1])
    exps = vector[vector["op"] == trace.ops.index("TEXP")]
    assert set(exps["pipe"]) == {Pipe.V}
    assert set(zip(exps["rows"].tolist(), exps["cols"].tolist(), strict=True)) == {(32, 256), (1, 32)}
    assert (vector["kind"] == Kind.TPOP).sum() == 2 * tiles
    gm = trace.accesses[trace.accesses["buffer"] == Buffer.GM]
    stores = gm[(gm["start"] >= o.ctypes.data) & (gm["start"] < o.ctypes.data + o.nbytes)]
    assert (stores["row_bytes"].astype(np.int64) * stores["rows"]).sum() == o.nbytes
