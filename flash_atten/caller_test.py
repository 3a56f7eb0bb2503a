"""The caller of the device: what it hands to the kernel, and what it must not contain."""

import ctypes
import re
import subprocess
from pathlib import Path

from flash_atten.config import KernelConfig
from flash_atten.stand_in import ROOT, build_stand_in
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
