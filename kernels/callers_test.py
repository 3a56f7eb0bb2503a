"""The callers: what they hand to kernel and runtime, what they refuse, and what the device's must not contain."""

import ctypes
import re
import subprocess
from pathlib import Path

import pytest

from cli.testing import ROOT
from kernels.callers import REFUSED, host_caller, npu_caller
from kernels.signature import FFTS, Entry, Parameter
from tools.bisheng.host_toolchain import host_toolchain

SCALE = Entry(
    "scale",
    (
        Parameter("ffts", FFTS),
        Parameter("x", "f32*"),
        Parameter("x_bytes", "ui8*", same_as="x"),
        Parameter("rows", "i64", multiple_of=32, least=64),
        Parameter("factor", "f32"),
    ),
    blocks_of="rows",
)
CLEAR = Entry("clear", (Parameter("x", "f32*"),), caller="call_clear")

NPU_KERNEL = """
#define __gm__
static uint64_t seen[8];
static uint32_t launched_blocks;
static void* launched_stream;
inline void scale(int64_t* ffts, float* x, uint8_t* bytes, int64_t rows, float factor) {
    const uint64_t values[] = {(uint64_t)ffts, (uint64_t)x, (uint64_t)bytes, (uint64_t)rows, (uint64_t)(factor * 4)};
    for (int i = 0; i < 5; ++i) seen[i] = values[i];
}
inline void clear(float* x) { seen[5] = (uint64_t)x; }
#define PTO_LAUNCH(kernel, block_dim, stream) launched_blocks = block_dim; launched_stream = stream; kernel
"""
"""A kernel that notes what it gets, with the keywords of CCE defined away."""

NPU_RUNTIME = """
extern "C" int rtGetC2cCtrlAddr(uint64_t* address, uint32_t*) { *address = 0xFF75; return 0; }
extern "C" uint64_t seen_value(int i) {
    return i == 6 ? launched_blocks : i == 7 ? (uint64_t)launched_stream : seen[i];
}
"""

HOST_RUNTIME = """
#include <cstring>
static char text[200];
static uint64_t seen[8];
extern "C" int pto_refuse(const char* report) { std::strncpy(text, report, sizeof text - 1); return 1; }
extern "C" const char* refused() { return text; }
extern "C" int pto_launch_entry(const char* name, uint32_t blocks, const uint64_t* args, const uint64_t*, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) seen[i] = args[i];
    seen[6] = blocks; seen[7] = std::strlen(name);
    return 0;
}
extern "C" uint64_t seen_value(int i) { return seen[i]; }
"""

VARIABLES = re.compile(r"^\s*\.(?:data|bss|comm|lcomm)\b.*|^\s*\.section\s+\.t?(?:data|bss).*", re.MULTILINE)
"""Directives of the assembler that make room for variables."""


def _compile(source: Path, out: Path, *options: str) -> None:
    command = [host_toolchain().cxx, "-std=c++17", "-fPIC", "-Wall", "-Wextra", *options, str(source), "-o", str(out)]
    subprocess.run(command, check=True)


def _npu_options(directory: Path, kernel: str) -> list[str]:
    (directory / "kernel.cpp").write_text(kernel, encoding="utf-8")
    (directory / "info.inc").write_text('"{}"\n', encoding="utf-8")
    return [
        f'-DPTO_KERNEL_FILE="{directory / "kernel.cpp"}"',
        f'-DPTO_BUILD_INFO_FILE="{directory / "info.inc"}"',
    ]


def _loaded(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.seen_value.restype = ctypes.c_uint64
    library.launch_scale.argtypes = [
        ctypes.c_uint32,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_float,
    ]
    return library


@pytest.fixture(scope="module")
def npu(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    directory = tmp_path_factory.mktemp("npu")
    source = directory / "caller.cpp"
    source.write_text(npu_caller("scale_256", [SCALE, CLEAR]) + NPU_RUNTIME, encoding="utf-8")
    _compile(source, directory / "npu.so", "-shared", *_npu_options(directory, NPU_KERNEL))
    return _loaded(directory / "npu.so")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    directory = tmp_path_factory.mktemp("host")
    source = directory / "caller.cpp"
    source.write_text(host_caller("scale_256", [SCALE, CLEAR]) + HOST_RUNTIME, encoding="utf-8")
    _compile(source, directory / "host.so", "-shared", "-Werror")
    return _loaded(directory / "host.so")


def _seen(library: ctypes.CDLL) -> list[int]:
    return [library.seen_value(number) for number in range(8)]


def test_the_device_gets_the_signal_address_the_stream_and_one_buffer_under_both_types(npu: ctypes.CDLL) -> None:
    assert npu.launch_scale(2, 0x5EED, 0x1000, 64, 0.75) == 0
    assert _seen(npu)[:5] == [0xFF75, 0x1000, 0x1000, 64, 3]
    assert _seen(npu)[6:] == [2, 0x5EED]


def test_launchers_name_an_entry_of_the_device_library(npu: ctypes.CDLL) -> None:
    bits = (ctypes.c_uint64 * 5)(0, 0x2000, 0x2000, 96, 0x40000000)
    assert npu.pto_launch_on_stream(b"scale", 3, None, bits, 5) == 0
    assert _seen(npu)[:5] == [0xFF75, 0x2000, 0x2000, 96, 8]
    assert npu.pto_launch_on_stream(b"clear", 1, None, (ctypes.c_uint64 * 1)(0x3000), 1) == 0
    assert _seen(npu)[5] == 0x3000
    assert npu.pto_launch_on_stream(b"other", 1, None, bits, 5) == REFUSED
    assert npu.pto_launch_on_stream(b"scale", 1, None, bits, 4) == REFUSED


def test_the_host_hands_over_the_same_but_for_the_signal_address(host: ctypes.CDLL) -> None:
    assert host.launch_scale(2, None, 0x1000, 64, 0.75) == 0
    assert _seen(host) == [0, 0x1000, 0x1000, 64, 0x3F400000, 0, 2, len("scale")]
    assert host.call_clear(1, None, ctypes.c_void_p(0x3000)) == 0
    assert _seen(host)[0] == 0x3000


@pytest.mark.parametrize(
    ("block_dim", "rows", "words"),
    [
        (1, 33, "rows = 33: rows must be a multiple of 32 and at least 64"),
        (1, 32, "rows = 32: rows must be"),
        (1, -32, "rows = -32: rows must be"),
        (0, 64, "block_dim = 0: block_dim must be 1 to the blocks of rows, 32 each"),
        (3, 64, "block_dim = 3: block_dim must be"),
        (2**31, 64, "block_dim = 2147483648: block_dim must be"),
    ],
)
def test_sizes_that_the_kernel_cannot_run_are_refused(
    host: ctypes.CDLL, npu: ctypes.CDLL, block_dim: int, rows: int, words: str
) -> None:
    assert host.launch_scale(block_dim, None, 0, rows, 1.0) == 1
    host.refused.restype = ctypes.c_char_p
    assert words in host.refused().decode()
    assert npu.launch_scale(block_dim, None, 0, rows, 1.0) == REFUSED
    npu.pto_last_error.restype = ctypes.c_char_p
    assert (
        "if the code is 22, a size is not what the kernel takes (rows must be a multiple"
        in npu.pto_last_error().decode()
    )


def test_there_is_no_variable_in_what_is_compiled_for_the_device(tmp_path: Path) -> None:
    kernel = (
        "#define __gm__\ninline void scale(int64_t*, float*, uint8_t*, int64_t, float) {}\n"
        "inline void clear(float*) {}\n#define PTO_LAUNCH(kernel, block_dim, stream) (void)stream; kernel\n"
    )
    source, listing = tmp_path / "caller.cpp", tmp_path / "caller.s"
    source.write_text(npu_caller("scale_256", [SCALE, CLEAR]), encoding="utf-8")
    _compile(source, listing, "-S", *_npu_options(tmp_path, kernel))
    text = listing.read_text(encoding="utf-8")
    assert "launch_scale:" in text
    assert VARIABLES.findall(text) == []


def test_the_callers_stand_alone() -> None:
    assert "#include PTO_KERNEL_FILE" in npu_caller("x", [CLEAR])
    assert not re.findall(r'#include "', host_caller("x", [CLEAR]) + npu_caller("x", [CLEAR]))
    assert (ROOT / "kernels" / "build_info.cpp").is_file()
