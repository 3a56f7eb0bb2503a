"""Kernels compile to the same bytes wherever they lie, libraries tell what they are, compiler messages get through."""

import ctypes
import json
from pathlib import Path

import pytest

from tools.bisheng.host_compile import compile_host, compile_kernel, host_build_info, link_kernel
from tools.bisheng.host_toolchain import HostToolchain, host_toolchain
from tools.bisheng.library import CompileError, build_info_literal

KERNEL = """#include "pto/pto-inst.hpp"
using namespace pto;
extern "C" __global__ AICORE void add_one(__gm__ int32_t* v1) {
#if defined(__DAV_VEC__)
  if (get_block_idx() == 0 && get_subblockid() == 0) v1[0] = v1[0] + 1;
#endif
}
"""

INFO_SHIM = """extern "C" const char* info() {
  return
#include PTO_BUILD_INFO_FILE
      ;
}
"""


@pytest.fixture(scope="module")
def toolchain() -> HostToolchain:
    return host_toolchain()


def write_kernel(directory: Path, text: str = KERNEL) -> Path:
    directory.mkdir(exist_ok=True)
    cpp = directory / "add_one.cpp"
    cpp.write_text(text, encoding="utf-8")
    return cpp


def test_library_runs_and_tells_its_build_info(tmp_path: Path, toolchain: HostToolchain) -> None:
    cpp = write_kernel(tmp_path)
    shim = tmp_path / "info.cpp"
    shim.write_text(INFO_SHIM, encoding="utf-8")
    build_info = host_build_info({"name": 'add "one"'}, toolchain, "execute")
    out = tmp_path / "add_one.so"
    compile_host(cpp, out, toolchain=toolchain, entry="add_one", shims=[shim], build_info=build_info)
    library = ctypes.CDLL(str(out))
    library.info.restype = ctypes.c_char_p
    assert json.loads(library.info()) == build_info
    value = ctypes.c_int32(41)
    arguments = (ctypes.c_uint64 * 1)(ctypes.addressof(value))
    assert library.pto_launch(1, arguments, 1) == 0
    assert value.value == 42


def test_place_and_time_do_not_change_the_library(tmp_path: Path, toolchain: HostToolchain) -> None:
    libraries = [
        compile_host(write_kernel(tmp_path / name), tmp_path / f"{name}.so", toolchain=toolchain, entry="add_one")
        for name in ("here", "elsewhere")
    ]
    assert libraries[0].read_bytes() == libraries[1].read_bytes()
    assert str(tmp_path).encode() not in libraries[0].read_bytes()


def test_one_compiled_kernel_is_linked_for_both_modes(tmp_path: Path, toolchain: HostToolchain) -> None:
    kernel = compile_kernel(write_kernel(tmp_path), tmp_path / "add_one.o", toolchain=toolchain, entry="add_one")
    libraries = {
        mode: ctypes.CDLL(str(link_kernel(kernel, tmp_path / f"{mode}.so", toolchain=toolchain, mode=mode)))
        for mode in ("execute", "trace")
    }
    value = ctypes.c_int32(41)
    arguments, sizes = (ctypes.c_uint64 * 1)(ctypes.addressof(value)), (ctypes.c_uint64 * 1)(4)
    assert libraries["trace"].pto_launch_sized(1, arguments, sizes, 1) == 0
    assert value.value == 41
    assert libraries["execute"].pto_launch_sized(1, arguments, sizes, 1) == 0
    assert value.value == 42
    assert hasattr(libraries["trace"], "pto_trace_to")
    assert not hasattr(libraries["execute"], "pto_trace_to")


def test_a_library_says_which_launch_it_refuses(tmp_path: Path, toolchain: HostToolchain) -> None:
    library = ctypes.CDLL(
        str(compile_host(write_kernel(tmp_path), tmp_path / "add_one.so", toolchain=toolchain, entry="add_one"))
    )
    library.pto_last_error.restype = ctypes.c_char_p
    assert library.pto_launch(1, (ctypes.c_uint64 * 2)(), 2) == 1
    assert library.pto_last_error() == b"the kernel takes 1 arguments, the launch gave 2"


def test_compiler_message_is_passed_on_and_no_library_appears(tmp_path: Path, toolchain: HostToolchain) -> None:
    cpp = write_kernel(tmp_path, KERNEL.replace("v1[0] + 1", "no_such_name"))
    with pytest.raises(CompileError, match="no_such_name"):
        compile_host(cpp, tmp_path / "add_one.so", toolchain=toolchain, entry="add_one")
    assert [path.name for path in tmp_path.iterdir()] == ["add_one.cpp"]


def test_build_info_may_not_end_its_literal() -> None:
    with pytest.raises(ValueError, match="may not contain"):
        build_info_literal({"name": ")json"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "fast"}, "mode 'fast' is not one of execute, trace"),
        ({"entry": "a b"}, "entry 'a b' is not a C\\+\\+ identifier"),
        ({"shims": [Path("/none.cpp")]}, "there is no file /none.cpp"),
    ],
)
def test_wrong_arguments_are_named(
    tmp_path: Path, toolchain: HostToolchain, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        compile_host(write_kernel(tmp_path), tmp_path / "x.so", toolchain=toolchain, **arguments)  # type: ignore[arg-type]
