"""Libraries are loaded as they lie there, Ctrl-C ends a launch, and a child of a launching process can launch."""

import _ctypes
import ctypes
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from runtime.host_kernel import HostKernel
from runtime.loading import load_library
from runtime.testing import TILE, VIEW, compile_text, vec_entry

LOOP = f"{TILE} t; TASSIGN(t, 0); {VIEW} g(v1);"


def text(number: int) -> str:
    return vec_entry("number", "__gm__ float* v1", f"v1[0] = {number}.0f;") + vec_entry(
        "spin", "__gm__ float* v1, int64_t v2", LOOP, "for (int64_t v3 = 0; v3 < v2; v3 += 1) { TLOAD(t, g); }"
    )


def number_of(kernel: HostKernel) -> float:
    x = np.zeros(1, np.float32)
    kernel.launch(1, x, entry="number")
    return float(x[0])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    return compile_text(tmp_path_factory.mktemp("kernel"), text(1), "number")


def test_a_rebuilt_library_is_loaded_anew(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = compile_text(tmp_path, text(1), "number")
    library = tmp_path / "kernel.execute.so"
    assert number_of(HostKernel(library)) == 1
    compile_text(tmp_path / "other", text(2), "number")
    os.replace(tmp_path / "other" / library.name, library)
    assert number_of(HostKernel(library)) == 2
    assert number_of(first) == 1


def test_a_name_without_a_folder_is_the_file_that_lies_here(
    kernel: HostKernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_text(tmp_path, text(4), "number")
    monkeypatch.chdir(tmp_path)
    assert number_of(HostKernel(Path("kernel.execute.so"))) == 4


def test_a_process_holds_many_libraries(kernel: HostKernel, tmp_path: Path) -> None:
    compile_text(tmp_path, text(3), "number")
    for copy in range(100):
        shutil.copy(tmp_path / "kernel.execute.so", tmp_path / f"{copy}.so")
        assert number_of(HostKernel(tmp_path / f"{copy}.so")) == 3


def test_a_closed_library_stays_since_its_threads_may_wait_in_it(tmp_path: Path) -> None:
    library = tmp_path / "closed.so"
    compile_text(tmp_path, text(1), "number")
    shutil.copy(tmp_path / "kernel.execute.so", library)  # that one is loaded already
    _ctypes.dlclose(load_library(library)._handle)
    ctypes.CDLL(str(library), mode=os.RTLD_NOLOAD)


def test_ctrl_c_ends_a_launch_and_the_process_goes_on(kernel: HostKernel) -> None:
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        kernel.launch(1, np.zeros(128, np.float32), 2**40, entry="spin")
    assert time.monotonic() - start < 30
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert number_of(kernel) == 1


def test_ctrl_c_that_means_something_else_does_not_end_a_launch(kernel: HostKernel) -> None:
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        while not pressed:
            kernel.launch(1, np.zeros(128, np.float32), 2**18, entry="spin")
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed == [signal.SIGINT]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_forked_during_a_launch_of_another_thread_can_launch(kernel: HostKernel) -> None:
    thread = threading.Thread(target=lambda: kernel.launch(1, np.zeros(128, np.float32), 2**22, entry="spin"))
    thread.start()
    time.sleep(0.05)
    child = os.fork()
    if child == 0:
        os._exit(0 if number_of(kernel) == 1 else 1)
    deadline = time.monotonic() + 30
    done, status = os.waitpid(child, os.WNOHANG)
    while not done and time.monotonic() < deadline:
        time.sleep(0.05)
        done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    thread.join()
    assert done == child
    assert status == 0
