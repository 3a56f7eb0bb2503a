"""What can go wrong with a cache: damage to the stored files, and accidents of the server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

Damage = Callable[[bytes], bytes]
"""Content as it was stored -> content as it is after the accident."""


def halved(content: bytes) -> bytes:
    """An upload that ended early."""
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    """A file whose blocks never reached the disk."""
    return b""


def flipped(content: bytes) -> bytes:
    """One bit in the middle is another; the length is the same."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :] if content else b"\x01"


def foreign(content: bytes) -> bytes:
    """Another program's file."""
    return b"<html><body>502 Bad Gateway</body></html>\n"


DAMAGES: Mapping[str, Damage] = {"truncated": halved, "empty": emptied, "altered": flipped, "foreign": foreign}

KINDS: Mapping[str, str] = {"cas": "contents", "ac": "action results"}
"""Directories of the store, and what is in them."""


def copy_store(source: Path, target: Path) -> None:
    """Makes `target` a store with the contents of `source`; files are shared until one of them is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=os.link)


def damage_store(store: Path, kind: str, damage: Damage) -> int:
    """Damages every file of one kind in the store; returns how many there are."""
    files = sorted((store / kind).iterdir())
    for path in files:
        content = path.read_bytes()
        path.unlink()  # the copy that shares it stays whole
        path.write_bytes(damage(content))
    return len(files)
