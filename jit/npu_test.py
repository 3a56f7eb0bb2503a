"""`jit` on a device: stand-ins for bisheng and torch_npu; what is between them is real."""

# mypy: disable-error-code="valid-type, untyped-decorator"

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jit.npu
from jit.wrapper import JitWrapper
from jit.wrapper import jit as compiled_when_called
from kernels.fake_npu import STREAM, FakeTensor, FakeTorch
from ptodsl import pto, scalar, tile
from tools.bisheng.library import CompileError

BISHENG = """#!/bin/sh
# Compiles host code alone: options of the device are left out.
if [ "$1" = --version ]; then echo "clang version 15.0.5"; exit 0; fi
while [ $# -gt 0 ]; do
    case $1 in
        -o) out=$2; shift ;;
        -iquote*|-I*|-D*|*.cpp) kept="$kept '$1'" ;;
    esac
    shift
done
eval "exec g++ -std=c++20 -shared -fPIC -w $kept -o '$out'"
"""

HEADER = """
#include <cstdint>
#define AICORE
#define __global__
#define __gm__
namespace pto {}
enum pipe_t { PIPE_ALL };
inline void pipe_barrier(pipe_t) {}
inline void set_ffts_base_addr(uint64_t) {}
struct Seen { uint64_t blocks, stream, values[8]; };
static Seen seen;
extern "C" uint64_t seen_value(int i) { return i == 0 ? seen.blocks : i == 1 ? seen.stream : seen.values[i - 2]; }
extern "C" int rtGetC2cCtrlAddr(uint64_t* address, uint32_t*) { *address = 0xFF75; return 0; }
struct Launch {
    template <typename... Values>
    void operator()(Values... values) {
        int i = 0;
        ((seen.values[i++] = uint64_t(values)), ...);
    }
};
inline Launch launch(uint64_t blocks, void* stream) {
    seen.blocks = blocks;
    seen.stream = uint64_t(stream);
    return {};
}
#define PTO_LAUNCH(kernel, block_dim, stream) launch(block_dim, stream)
"""
"""The device library's header, with the keywords of CCE defined away and a launch that notes what it gets."""


@pytest.fixture
def torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTorch:
    bisheng, include = tmp_path / "bisheng", tmp_path / "lib" / "include" / "pto"
    (include / "npu" / "a2a3").mkdir(parents=True)
    bisheng.write_text(BISHENG)
    bisheng.chmod(0o755)
    (include / "pto-inst.hpp").write_text(HEADER)
    (include / "npu" / "a2a3" / "TPush.hpp").write_text("// countPendingFreeCredits")
    monkeypatch.setenv("BISHENG", str(bisheng))
    monkeypatch.setenv("PTO_LIB_PATH", str(tmp_path / "lib"))
    fake = FakeTorch()
    monkeypatch.setattr(jit.npu, "import_torch_npu", lambda: fake)
    return fake


def _kernel(directory: Path, **options: Any) -> JitWrapper:
    @compiled_when_called(output_dir=directory, block_dim=3, **options)
    def doubled(ffts: pto.ffts_type, x: pto.PtrType(pto.float32), rows: pto.int32) -> None:
        pto.set_ffts(ffts)
        with pto.vector_section():
            view = pto.as_tensor(ptr=x, shape=[scalar.index_cast(rows), 64], strides=[64, 1])
            buffer = pto.alloc_tile(pto.TileBufType([16, 64], pto.float32))
            part = pto.slice_view(source=view, offsets=[0, 0], sizes=[16, 64])
            pto.load(part, buffer)
            tile.add(buffer, buffer, buffer)
            pto.store(buffer, part)

    return doubled


def _tensor(torch: FakeTorch, device: str = "npu:1", dtype: Any = np.float32) -> FakeTensor:
    return FakeTensor(np.zeros((16, 64), dtype), torch.log, device, "x")


def _seen(directory: Path) -> list[int]:
    (path,) = directory.rglob("*.npu.so")
    library = ctypes.CDLL(str(path))
    library.seen_value.restype = ctypes.c_uint64
    return [library.seen_value(i) for i in range(5)]


def test_a_launch_is_queued_on_the_current_stream_of_the_tensors_device(torch: FakeTorch, tmp_path: Path) -> None:
    x = _tensor(torch)
    _kernel(tmp_path / "kept")(x, 16)
    assert _seen(tmp_path / "kept") == [3, STREAM, 0xFF75, x.data_ptr(), 16]
    assert torch.log == ["device 1", f"record x on {STREAM:#x}"]


def test_another_stream_may_be_given_and_nothing_is_compiled_twice(torch: FakeTorch, tmp_path: Path) -> None:
    kernel, kept = _kernel(tmp_path / "kept"), tmp_path / "kept"
    kernel(_tensor(torch), 16)
    (library,) = kept.rglob("*.npu.so")
    before = library.stat().st_mtime_ns
    torch.log.clear()
    kernel(None, _tensor(torch), 16, stream_ptr=0x77)
    assert _seen(kept)[1] == 0x77
    assert torch.log == ["device 1"], "the current stream has nothing to do with it"
    kernel(None, _tensor(torch), 16, stream_ptr=STREAM)
    assert torch.log[-1] == f"record x on {STREAM:#x}"
    assert library.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("dtype", "device", "rows", "error", "message"),
    [
        (np.float16, "npu:0", 16, TypeError, "doubled: x points to f32: pass a tensor of float32, not torch.float16"),
        (np.float32, "npu:0", 0.5, TypeError, r"doubled: rows is a whole number \(i32\), not 0\.5"),
        (np.float32, "npu:0", 1 << 40, ValueError, "doubled: rows = 1099511627776 does not fit into i32"),
    ],
)
def test_wrong_arguments_are_named(
    dtype: Any, device: str, rows: float, error: type[Exception], message: str, torch: FakeTorch, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        _kernel(tmp_path)(_tensor(torch, device, dtype), rows)
    assert not list(tmp_path.rglob("*.npu.so"))


def test_what_is_of_the_host_is_refused(torch: FakeTorch, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="detect_races, trace and interleave are of the host"):
        _kernel(tmp_path, detect_races=True)(_tensor(torch), 16)


@pytest.mark.usefixtures("torch")
def test_without_a_compiler_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BISHENG", str(tmp_path / "nowhere"))
    with pytest.raises(CompileError, match="cannot compile for the NPU"):
        _kernel(tmp_path)(_tensor(FakeTorch()), 16)
