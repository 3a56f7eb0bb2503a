"""Loads kernel libraries."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from pathlib import Path


def load_library(path: Path) -> ctypes.CDLL:
    """Load the library that lies at `path` now, also if another one was loaded from there before. Raises OSError.

    The dynamic linker knows libraries by name: of a rebuilt one it would return the old. So that one is loaded as a
    copy, under a name of its own.
    """
    path = path.absolute()  # a name without a folder is looked up in the system's folders
    if not path.is_file() or _loaded_inode(path) in (None, path.stat().st_ino):
        return ctypes.CDLL(str(path))
    with tempfile.TemporaryDirectory(prefix="pto_library_") as directory:
        # The copy may go at once: what is mapped stays when its file is deleted.
        return ctypes.CDLL(str(shutil.copy(path, directory)))


def _loaded_inode(path: Path) -> int | None:
    """Inode of the library that has been loaded under this name, None if none has."""
    try:
        library = ctypes.CDLL(str(path), mode=os.RTLD_NOLOAD)
    except OSError:
        return None
    # A handle of glibc's points to its struct link_map, whose first member is where the library begins.
    begin = ctypes.cast(library._handle, ctypes.POINTER(ctypes.c_size_t))[0]
    for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
        if int(line.split("-")[0], 16) == begin:
            return int(line.split()[4])
    return None
