"""Errors of a task come through; Ctrl-C does not wait for it; nothing but the case is printed where there is no
terminal.
"""

import io
import signal
import threading
import time

import pytest
from rich.console import Console

from bench.progress import Interrupted, Progress, interruptible


def test_the_task_runs_and_its_error_comes_through() -> None:
    done = []
    interruptible(lambda: done.append(1))
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)  # type: ignore[arg-type]


def test_an_interrupt_gets_through_while_the_task_goes_on() -> None:
    finished = threading.Event()
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    start = time.monotonic()
    with pytest.raises(Interrupted):
        interruptible(lambda: finished.wait(20))  # type: ignore[arg-type]
    assert time.monotonic() - start < 10
    finished.set()


def test_without_a_terminal_there_is_a_line_per_case() -> None:
    out = io.StringIO()
    with Progress(Console(file=out), total=2) as progress:
        progress.start("case1 1024 x 1024")
        progress.stage("timing")
        progress.start("case2 2048 x 2048")
    assert out.getvalue() == "[1/2] case1 1024 x 1024\n[2/2] case2 2048 x 2048\n"


def test_a_single_case_is_not_announced() -> None:
    out = io.StringIO()
    with Progress(Console(file=out), total=1) as progress:
        progress.start("case1 1024 x 1024")
    assert out.getvalue() == ""
