"""bisheng and headers are found where CANN puts them, what is missing is one paragraph, flags are the reference's."""

import shutil
from pathlib import Path

import pytest

from tools.bisheng.library import CompileError, LibraryRequest
from tools.bisheng.npu_compile import FLAGS, compile_npu, npu_build_info
from tools.bisheng.npu_toolchain import NpuToolchain, detect_npu_toolchain
from tools.bisheng.probe import WIDTH, ProbeError

RECORDER = """#!/bin/sh
if [ "$1" = --version ]; then echo "bisheng clang 15.0.5"; exit 0; fi
for argument; do echo "$argument" >> "{log}"; last=$argument; done
pwd > "{log}.cwd"
echo library > "$last"
"""


def make_recorder(directory: Path) -> Path:
    """A bisheng that records its arguments and writes the file named last."""
    bisheng = directory / "cann" / "bin" / "bisheng"
    bisheng.parent.mkdir(parents=True)
    bisheng.write_text(RECORDER.format(log=directory / "log"), encoding="utf-8")
    bisheng.chmod(0o755)
    return bisheng


PUSH_HEADER = "npu/a2a3/TPush.hpp"
FINISHED = "    int countPendingFreeCredits() const;\n"


def make_headers(directory: Path, text: str = "", push: str = FINISHED, push_header: str = PUSH_HEADER) -> Path:
    """A PTO-ISA library whose TPush header has the text `push`."""
    root = directory / "pto-isa"
    shutil.rmtree(root, ignore_errors=True)
    for name, content in (("pto-inst.hpp", text), (push_header, push)):
        header = root / "include" / "pto" / name
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(content, encoding="utf-8")
    return root


def make_toolchain(directory: Path) -> NpuToolchain:
    bisheng, headers = make_recorder(directory), make_headers(directory)
    return detect_npu_toolchain({"BISHENG": str(bisheng), "PTO_LIB_PATH": str(headers)})


def make_request(directory: Path, mode: str = "execute") -> LibraryRequest:
    cpp, shim = directory / "fa.cpp", directory / "caller_npu.cpp"
    cpp.touch()
    shim.touch()
    return LibraryRequest(cpp, directory / "fa.so", mode=mode, shims=(shim,), build_info={"name": "fa"})


@pytest.mark.parametrize("directory", ["bin", "compiler/ccec_compiler/bin"])
def test_bisheng_is_found_in_cann(tmp_path: Path, directory: str) -> None:
    bisheng = make_recorder(tmp_path)
    placed = tmp_path / "home" / directory / "bisheng"
    placed.parent.mkdir(parents=True)
    bisheng.rename(placed)
    environment = {"ASCEND_HOME_PATH": str(tmp_path / "home"), "PTO_LIB_PATH": str(make_headers(tmp_path))}
    toolchain = detect_npu_toolchain(environment)
    assert toolchain.bisheng == str(placed)
    assert toolchain.version == "bisheng clang 15.0.5"
    assert toolchain.problem == ""


def test_other_headers_are_another_toolchain(tmp_path: Path) -> None:
    before = make_toolchain(tmp_path)
    make_headers(tmp_path, "// newer")
    environment = {"BISHENG": before.bisheng, "PTO_LIB_PATH": str(tmp_path / "pto-isa")}
    assert detect_npu_toolchain(environment).headers_sha256 != before.headers_sha256


def test_toolchain_survives_json(tmp_path: Path) -> None:
    toolchain = make_toolchain(tmp_path)
    assert NpuToolchain.from_json(toolchain.to_json()) == toolchain


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, ["bisheng was not found", "not set: BISHENG, ASCEND_HOME_PATH", "set_env.sh", "leave out --config=npu"]),
        ({}, ["pto/pto-inst.hpp was not found", "not set: PTO_LIB_PATH", "set PTO_LIB_PATH"]),
        ({"BISHENG": "/no/bisheng"}, ["(looked at /no/bisheng;"]),
        ({"ASCEND_HOME_PATH": "/no/cann"}, ["/no/cann/bin/bisheng", "/no/cann/compiler/ccec_compiler/bin/bisheng"]),
    ],
)
def test_missing_bisheng_is_told_with_the_cure(tmp_path: Path, environment: dict[str, str], words: list[str]) -> None:
    toolchain = detect_npu_toolchain({**environment, "PATH": str(tmp_path)})
    with pytest.raises(CompileError) as caught:
        compile_npu(make_request(tmp_path), toolchain)
    lines = str(caught.value).splitlines()
    assert lines[0] == "cannot compile for the NPU:"
    assert lines[-1] == f"PATH is {tmp_path}"
    assert sum(line.startswith("  ") for line in lines) == 2  # bisheng and the headers
    assert all(len(line) <= WIDTH for line in lines if line.startswith(("Install", "leave")))
    said = " ".join(str(caught.value).split())
    assert all(word in said for word in [*words, "docs/npu.md"])


def test_missing_headers_are_named(tmp_path: Path) -> None:
    environment = {"BISHENG": str(make_recorder(tmp_path)), "PTO_LIB_PATH": "/no/headers"}
    assert "pto/pto-inst.hpp was not found (looked at /no/headers/include;" in detect_npu_toolchain(environment).problem


@pytest.mark.parametrize("push_header", [PUSH_HEADER, "arch/A2A3/tpush_impl.h", "a2a3/fifo/TPush.hpp"])
def test_a_finished_library_is_taken_wherever_its_push_header_lies(tmp_path: Path, push_header: str) -> None:
    headers = make_headers(tmp_path, push_header=push_header)
    toolchain = detect_npu_toolchain({"BISHENG": str(make_recorder(tmp_path)), "PTO_LIB_PATH": str(headers)})
    assert toolchain.problem == ""
    assert toolchain.include == str(headers / "include")


@pytest.mark.parametrize(
    ("push", "push_header", "words"),
    [
        ("struct TPipe {};\n", PUSH_HEADER, "pto/npu/a2a3/TPush.hpp has no countPendingFreeCredits)"),
        (FINISHED, "npu/a5/TPush.hpp", "include/pto has no TPush header for a2a3)"),
        (FINISHED, "npu/a2a3/TPop.hpp", "include/pto has no TPush header for a2a3)"),
    ],
    ids=["before August 14", "another device's", "no FIFO"],
)
def test_a_library_whose_fifos_do_not_work_is_refused(tmp_path: Path, push: str, push_header: str, words: str) -> None:
    headers = make_headers(tmp_path / "a2a3", push=push, push_header=push_header)
    problem = detect_npu_toolchain({"BISHENG": str(make_recorder(tmp_path)), "PTO_LIB_PATH": str(headers)}).problem
    assert words in problem
    assert "only with the PTO-ISA library of 2026-08-14 (f51c92f6) or newer" in problem
    assert "05-20 to 07-16 do not compile, that of 08-10 leaves FIFO credits behind, that of 08-13 hangs" in problem


def make_cann_headers(directory: Path, push: str) -> Path:
    """A CANN with headers of its own; its compiler is elsewhere."""
    home = directory / "cann-home"
    make_headers(directory, push=push).rename(home)
    return home


def test_headers_of_cann_are_taken_only_if_their_fifos_work(tmp_path: Path) -> None:
    old, new = (make_cann_headers(tmp_path / name, push) for name, push in (("old", ""), ("new", FINISHED)))
    environment = {"BISHENG": str(make_recorder(tmp_path)), "ASCEND_HOME_PATH": str(old)}
    assert f"too old ({old}/include/pto/npu/a2a3/TPush.hpp has no" in detect_npu_toolchain(environment).problem
    both = detect_npu_toolchain({**environment, "ASCEND_TOOLKIT_HOME": str(new)})
    assert (both.problem, both.include) == ("", str(new / "include"))
    chosen = detect_npu_toolchain({**environment, "PTO_LIB_PATH": str(new)})
    assert (chosen.problem, chosen.include) == ("", str(new / "include"))


def test_headers_that_were_chosen_are_not_replaced_by_cann_s(tmp_path: Path) -> None:
    environment = {
        "BISHENG": str(make_recorder(tmp_path)),
        "PTO_LIB_PATH": str(make_headers(tmp_path, push="")),
        "ASCEND_HOME_PATH": str(make_cann_headers(tmp_path / "new", FINISHED)),
    }
    assert "the PTO-ISA headers are too old" in detect_npu_toolchain(environment).problem


def test_an_old_compiler_is_refused(tmp_path: Path) -> None:
    bisheng = make_recorder(tmp_path)
    bisheng.write_text("#!/bin/sh\necho clang version 14.0.6\n", encoding="utf-8")
    environment = {"BISHENG": str(bisheng), "PTO_LIB_PATH": str(make_headers(tmp_path))}
    assert "is too old: its clang is 14.0, needed is 15.0 or newer" in detect_npu_toolchain(environment).problem


@pytest.mark.parametrize(("version", "old"), [("8.2.RC1", True), ("8.5.0", False), ("9.0", False)])
def test_an_old_cann_is_refused(tmp_path: Path, version: str, old: bool) -> None:
    make_recorder(tmp_path)
    info = tmp_path / "cann" / "aarch64-linux" / "ascend_toolkit_install.info"
    info.parent.mkdir()
    info.write_text(f"package_name=Ascend-cann-toolkit\nversion={version}\n", encoding="utf-8")
    environment = {"ASCEND_HOME_PATH": str(tmp_path / "cann"), "PTO_LIB_PATH": str(make_headers(tmp_path))}
    problem = detect_npu_toolchain(environment).problem
    assert ("its CANN is 8.2, needed is 8.5 or newer" in problem) == old
    assert bool(problem) == old


def test_bisheng_gets_the_reference_flags_and_the_shim(tmp_path: Path) -> None:
    toolchain, request = make_toolchain(tmp_path), make_request(tmp_path)
    compile_npu(request, toolchain)
    arguments = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert arguments[0] == f"-I{toolchain.include}"
    assert tuple(arguments[1 : 1 + len(FLAGS)]) == FLAGS
    assert '-DPTO_KERNEL_FILE="fa.cpp"' in arguments
    assert arguments[-3:-1] == [str(tmp_path / "caller_npu.cpp"), "-o"]
    assert request.out.read_text(encoding="utf-8") == "library\n"
    assert (tmp_path / "log.cwd").read_text(encoding="utf-8").strip() == str(Path.cwd())


def test_a_compiler_or_headers_that_were_replaced_are_refused(tmp_path: Path) -> None:
    toolchain, request = make_toolchain(tmp_path), make_request(tmp_path)
    make_headers(tmp_path, "// newer")
    with pytest.raises(
        ProbeError, match=r"headers_sha256 is '\w+', not '\w+'\. If it was replaced, run 'tools/bazel sync"
    ):
        compile_npu(request, toolchain)
    make_headers(tmp_path)
    bisheng = Path(toolchain.bisheng)
    bisheng.write_text(bisheng.read_text(encoding="utf-8").replace("15.0.5", "15.0.6"), encoding="utf-8")
    with pytest.raises(ProbeError, match=r"version is 'bisheng clang 15\.0\.6', not 'bisheng clang 15\.0\.5'"):
        compile_npu(request, toolchain)
    assert not request.out.exists()


def test_trace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"host only; build fa\.so without --config=npu"):
        compile_npu(make_request(tmp_path, mode="trace"), make_toolchain(tmp_path))


def test_build_info_names_compiler_and_headers(tmp_path: Path) -> None:
    toolchain = make_toolchain(tmp_path)
    build_info = npu_build_info({"name": "fa"}, toolchain)
    assert build_info["backend"] == "npu"
    assert build_info["compiler"]["headers_sha256"] == toolchain.headers_sha256
