"""Errors of a task come through; Ctrl-C does not wait for it; the process ends at once and says why."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from cli.interrupt import EXIT_INTERRUPTED, Interrupted, interruptible


def test_the_task_runs_and_its_error_comes_through() -> None:
    done = []
    interruptible(lambda: done.append(1))
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)


def test_an_interrupt_gets_through_while_the_task_goes_on() -> None:
    finished = threading.Event()
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    start = time.monotonic()
    with pytest.raises(Interrupted):
        interruptible(lambda: finished.wait(20))
    assert time.monotonic() - start < 10
    finished.set()


def test_leaving_prints_what_was_buffered_and_waits_for_no_thread() -> None:
    program = (
        "import threading, time; from cli.interrupt import leave\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "print('a row'); leave('interrupted')"
    )
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_INTERRUPTED, "a row\n", "interrupted\n")
