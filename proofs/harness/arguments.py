"""Types of command-line arguments, for argparse: each returns the value, or says what is wrong with the text."""

from __future__ import annotations

import argparse
import os
import socket
from pathlib import Path

from proofs.harness.ports import LOOPBACK

LAST_PORT = 65535


def targets(text: str) -> tuple[str, ...]:
    """Labels and patterns of targets, separated by commas."""
    labels = tuple(label.strip() for label in text.split(","))
    if not all(labels):
        raise argparse.ArgumentTypeError(
            f"{text!r} has an empty label; give labels as in //flash_atten:fa_s1tile256,//sim/..."
        )
    return labels


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def unused_port(text: str) -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; ports are 1 to {LAST_PORT}")
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: connections that have ended do not count
        try:
            probe.bind((LOOPBACK, int(text)))
        except OSError as error:
            raise argparse.ArgumentTypeError(
                f"port {text} of {LOOPBACK} cannot be used ({error.strerror}); end what listens there or give another"
            ) from error
    return int(text)


def directory(text: str) -> Path:
    """A directory to write to, which is there or can be made; absolute, ~ expanded."""
    path = Path(text).expanduser().resolve()
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"{there} is no directory; give another place")
    if not os.access(there, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{there} cannot be written to; give another place")
    return path


def file_to_write(text: str) -> Path:
    """A file to write, in a directory that is there; absolute, ~ expanded."""
    path = Path(text).expanduser().resolve()
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is a directory; give the name of a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no directory {path.parent}; make it first")
    directory(str(path.parent))
    return path
