"""The callers: what the device's hands to the kernel and must not contain, what the host's refuses."""

import ctypes
import json
import re
import subprocess
from pathlib import Path

import pytest

from cli.testing import ROOT
from flash_atten.config import KernelConfig
from flash_atten.stand_in import SWITCHES, build_info, build_stand_in, compile_stand_in
from tools.bisheng.host_toolchain import host_toolchain

KERNEL = """
#define __gm__
using half = uint16_t;
inline void call_both(int64_t*, float*, half*, half*, half*, half*, float*, int64_t, int64_t) {}
#define FA_LAUNCH(kernel, block_dim, stream) (void)block_dim; (void)stream; kernel
"""
"""A kernel that does nothing, with the keywords of CCE defined away."""

VARIABLES = re.compile(r"^\s*\.(?:data|bss|comm|lcomm)\b.*|^\s*\.section\s+\.t?(?:data|bss).*", re.MULTILINE)
"""Directives of the assembler that make room for variables."""


def test_the_kernel_gets_the_slots_under_both_of_their_types(tmp_path: Path) -> None:
    library = ctypes.CDLL(str(build_stand_in(tmp_path, KernelConfig(), backend="npu")))
    q, k, v = ((ctypes.c_uint16 * (128 * 128))() for _ in range(3))
    slots, out = (ctypes.c_float * 1)(), (ctypes.c_float * (128 * 128))()
    pointers = [ctypes.cast(array, ctypes.c_void_p) for array in (slots, q, k, v, out)]
    assert library.call_kernel(1, None, *pointers, ctypes.c_int64(128), ctypes.c_int64(128)) == 0
    library.stand_in_slots.restype = ctypes.c_void_p
    assert [library.stand_in_slots(index) for index in (0, 1)] == [pointers[0].value] * 2


def test_there_is_no_variable_in_what_is_compiled_for_the_device(tmp_path: Path) -> None:
    kernel, info, listing = (tmp_path / name for name in ("kernel.cpp", "info.inc", "caller.s"))
    kernel.write_text(KERNEL, encoding="utf-8")
    info.write_text('"{}"\n', encoding="utf-8")
    files = [f'-DPTO_KERNEL_FILE="{kernel}"', f'-DPTO_BUILD_INFO_FILE="{info}"']
    source = ROOT / "flash_atten/caller_npu.cpp"
    command = [host_toolchain().cxx, "-std=c++17", "-fPIC", "-S", *files, str(source), "-o", str(listing)]
    subprocess.run(command, check=True)
    text = listing.read_text(encoding="utf-8")
    assert "call_kernel:" in text
    assert VARIABLES.findall(text) == []


@pytest.mark.parametrize(
    ("block_dim", "s0", "s1", "words"),
    [
        (1, 128, 2817, "s1 = 2817 must be a multiple of s1_tile = 256"),
        (1, 128, 512, "at least 3 of them"),
        (1, 100, 1024, "s0 = 100 must be a positive multiple of 128"),
        (0, 128, 1024, "block_dim = 0 must be 1 to 1"),
        (2**31, 128, 1024, "block_dim = 2147483648 must be 1 to 1"),
    ],
)
def test_the_host_refuses_what_the_launcher_refuses(
    tmp_path: Path, block_dim: int, s0: int, s1: int, words: str
) -> None:
    stand_in = ROOT / "flash_atten/testdata/stand_in_host.cpp"
    text = stand_in.read_text(encoding="utf-8")
    refusal = 'extern "C" int pto_refuse(const char*) { return 1; }'
    assert refusal in text
    text = text.replace(
        refusal,
        "static char text[200];\n"
        'extern "C" int pto_refuse(const char* report) { std::snprintf(text, sizeof text, "%s", report); return 1; }',
    )
    text += '\nextern "C" const char* refused() { return text; }\n'
    source = tmp_path / "stand_in.cpp"
    source.write_text(text, encoding="utf-8")
    compile_stand_in(source, tmp_path / "fa.so", json.dumps(build_info(KernelConfig())), dict.fromkeys(SWITCHES, 0))
    library = ctypes.CDLL(str(tmp_path / "fa.so"))
    library.refused.restype = ctypes.c_char_p
    null = [ctypes.c_void_p(0)] * 6
    arguments = [ctypes.c_uint32(block_dim), *null, ctypes.c_int64(s0), ctypes.c_int64(s1)]
    assert library.call_kernel(*arguments) == 1
    assert words in library.refused().decode()
