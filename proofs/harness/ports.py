"""TCP ports of the loopback interface, and servers that are to listen there."""

from __future__ import annotations

import socket
import subprocess
import time

LOOPBACK = "127.0.0.1"

POLL_S = 0.05


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        # The system chooses a port for 0.
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody does."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def comes_up(process: subprocess.Popen[bytes], port: int, seconds: float) -> bool:
    """Waits until a server that was started listens; False if it has ended, or does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True
