"""Ctrl-C for programs that are inside the kernel most of the time."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

POLL_SECONDS = 0.1


class Interrupted(Exception):
    """The user pressed Ctrl-C; the task goes on in its thread until the process ends."""


def interruptible(task: Callable[[], object]) -> None:
    """Run `task` in a thread and wait for it; raise what it raises, or Interrupted on Ctrl-C.

    A kernel is one long call into C++: Python would notice a signal only when it returns, minutes later. After
    Interrupted the process must end with `leave`.
    """
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            task()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(POLL_SECONDS)
    except KeyboardInterrupt:
        raise Interrupted from None
    if raised:
        raise raised[0]


def leave(message: str) -> NoReturn:
    """Print `message` on stderr and end the process at once with exit code 130.

    A kernel may still run in its threads; exit handlers would pull the library from under it.
    """
    print(message, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)
