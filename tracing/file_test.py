"""Tests of the trace format: round trip and messages for broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isa.pipes import Pipe
from tracing.builder import TraceBuilder, span
from tracing.file import parse_trace, read_trace, write_trace
from tracing.format import MAGIC, Buffer, Trace, TraceError, blocks_of


def small_trace() -> Trace:
    build = TraceBuilder()
    fifo = build.fifo("c2v", slots=2, slot_bytes=512)
    cube, vec = build.core("cube"), build.core("vec")
    cube.talloc(fifo)
    cube.op("TSTORE", Pipe.FIX, reads=[span(Buffer.L0C, 0, 64)], writes=[span(Buffer.GM, 4096, 16, 4, 32)])
    cube.tpush(fifo, Pipe.FIX)
    vec.tpop(fifo)
    vec.tfree(fifo)
    return build.build()


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    write_trace(small_trace(), tmp_path / "t")
    return (tmp_path / "t").read_bytes()


def test_round_trip_keeps_everything(tmp_path: Path) -> None:
    trace = small_trace()
    write_trace(trace, tmp_path / "t")
    again = read_trace(tmp_path / "t")
    assert np.array_equal(trace.events, again.events)
    assert np.array_equal(trace.accesses, again.accesses)
    assert (again.cores, again.fifos, again.ops, again.source) == (trace.cores, trace.fifos, trace.ops, trace.source)


def test_names_the_file_and_the_wrong_magic(tmp_path: Path) -> None:
    (tmp_path / "x.trace").write_bytes(b"hello world, not a trace")
    with pytest.raises(TraceError, match=r"x\.trace: not a trace: it begins with b'hello worl'"):
        read_trace(tmp_path / "x.trace")


def test_every_truncation_is_an_error(data: bytes) -> None:
    for length in range(len(data)):
        with pytest.raises(TraceError, match=r"truncated|not a trace"):
            parse_trace(data[:length])


def test_trailing_bytes_are_an_error(data: bytes) -> None:
    with pytest.raises(TraceError, match="garbled: 5 events and 2 accesses need"):
        parse_trace(data + b"\0")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"version": 1', b'"version": 7', "trace version 7, this reader knows 1"),
        (b'"version": 1', b'"version"; 1', "garbled header"),
        (b'"accesses"', b'"Accesses"', "it lacks accesses"),
        (b'"kind": "cube"', b'"kind": "cuBe"', "core kind 'cuBe' of block 0 is neither"),
        (b'"first_event": 3', b'"first_event": 2', "begins at event 2, expected 3"),
        (b'"slots": 2', b'"slot_": 2', "an entry lacks 'slots'"),
        (b'"events": 3', b'"events": "', "garbled header"),
        (b'"events": 5', b'"events":[]', "garbled header: int"),
        (b'"TSTORE"', b"       7", "is not a list of names"),
        (b'"id": 0', b'"id": 4', "FIFO 0 is used but not described"),
    ],
)
def test_broken_header_is_explained(data: bytes, old: bytes, new: bytes, message: str) -> None:
    assert old in data
    with pytest.raises(TraceError, match=message):
        parse_trace(data.replace(old, new, 1))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("op", 9, "record 1 has op 9, but there are only 5 operation names"),
        ("kind", 8, "record 1 has kind 8"),
        ("pipe", 8, "record 1 has pipe 8"),
        ("pipe", 7, "record 1 names all pipes, but only a barrier can"),
        ("first_access", 7, "refers to access 8, the trace has 2"),
    ],
)
def test_index_out_of_range_is_explained(tmp_path: Path, field: str, value: int, message: str) -> None:
    trace = small_trace()
    trace.events[field][1] = value
    write_trace(trace, tmp_path / "t")
    with pytest.raises(TraceError, match=message):
        read_trace(tmp_path / "t")


def test_random_garbage_never_escapes_as_another_error(data: bytes) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        broken = bytearray(data)
        broken[rng.integers(len(MAGIC), len(data))] = rng.integers(256)
        try:
            parse_trace(bytes(broken))
        except TraceError:
            pass


def test_blocks_list_the_cube_first() -> None:
    build = TraceBuilder()
    for block in (1, 0):
        build.core("vec", block=block, subblock=1)
        build.core("vec", block=block)
        build.core("cube", block=block)
    names = {block: [core.name for core in cores] for block, cores in blocks_of(build.build()).items()}
    assert list(names) == [0, 1]
    assert names[1] == ["block 1 cube", "block 1 vec0", "block 1 vec1"]
