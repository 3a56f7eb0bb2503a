"""Loads kernel libraries, and lets Ctrl-C end what they run."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

Poll = ctypes.CFUNCTYPE(ctypes.c_int)


def load_library(path: Path) -> ctypes.CDLL:
    """Load the library that lies at `path` now, also if another one was loaded from there before. Raises OSError.

    The dynamic linker knows libraries by name: of a rebuilt one it would return the old. So what has a name that is
    already known is loaded as a copy, under a name of its own.
    """
    if not _is_loaded(path):
        return ctypes.CDLL(str(path))
    with tempfile.TemporaryDirectory(prefix="pto_library_") as directory:
        return ctypes.CDLL(str(shutil.copy(path, directory)))


def _is_loaded(path: Path) -> bool:
    """Whether a library has been loaded under this name."""
    try:
        ctypes.CDLL(str(path), mode=os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


@contextmanager
def interruptible_launch(library: ctypes.CDLL) -> Iterator[None]:
    """Within it, Ctrl-C ends the launch of a host library and raises KeyboardInterrupt.

    A launch is one call into C++, and Python's handler of signals waits for its end. So the library asks now and then.
    Only in the main thread, where signals arrive, and only if Ctrl-C means KeyboardInterrupt there.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        pressed.append(number)

    poll: Callable[[], int] = Poll(lambda: len(pressed))
    signal.signal(signal.SIGINT, note)
    try:
        library.pto_poll(poll)
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if pressed:
            raise KeyboardInterrupt
