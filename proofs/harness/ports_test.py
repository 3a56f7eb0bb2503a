"""A server is waited for until it listens, has ended, or takes too long."""

import socket
import subprocess
import sys

import pytest

from proofs.harness.ports import LOOPBACK, comes_up, free_port, listens

LATE = """
import socket, sys, time
time.sleep(0.3)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
input()
"""


def test_a_free_port_is_one_that_nobody_listens_on() -> None:
    port = free_port()
    assert not listens(port)
    with socket.create_server((LOOPBACK, port)):
        assert listens(port)


@pytest.mark.parametrize(
    ("program", "seconds", "up"),
    [(LATE, 60, True), ("", 60, False), ("input()", 0.2, False)],
    ids=["late", "ended", "never"],
)
def test_a_server_is_waited_for(program: str, seconds: float, up: bool) -> None:
    port = free_port()
    command = [sys.executable, "-c", program, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert comes_up(process, port, seconds) == up
        process.kill()
