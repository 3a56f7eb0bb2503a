"""Attention on the arrays of a backend: one head or many, with a library that is loaded once."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from flash_atten.backend import AUTO_TILE, AttentionBackend, choose_config, open_backend
from flash_atten.config import HEAD, KernelConfig
from flash_atten.libraries import library_path
from kernels.backend import Choice
from kernels.library import HOST, NPU, LibraryError

OPEN_LIBRARIES = 8
"""Libraries that stay loaded between calls: all sets of knobs that are built."""

RANKS = {2: "[rows, 128]", 4: "[batch, heads, rows, 128]"}
"""Number of dimensions -> the shape that it stands for."""


def attend(q: Any, k: Any, v: Any, config: KernelConfig | None, device: str = HOST, path: Path | None = None) -> Any:
    """Run the kernel on arrays of `device`'s backend; see `attention`. The result is a new array of that backend."""
    check_ranks(tuple(q.shape), tuple(k.shape), tuple(v.shape))
    if config is None:
        config = choose_config(AUTO_TILE, None, q_rows=int(q.shape[-2]), s1=int(k.shape[-2]), library=path)
    backend = _backend(config, device, path)
    if q.ndim == 2:
        return backend.launch(q, k, v)
    out = backend.empty_like(q)
    for batch in range(q.shape[0]):
        for head in range(q.shape[1]):
            backend.launch(q[batch, head], k[batch, head], v[batch, head], out[batch, head])
    return out


def check_ranks(q: tuple[int, ...], k: tuple[int, ...], v: tuple[int, ...]) -> None:
    """Raise ValueError unless the shapes fit together as one or as many heads."""
    expected = " or ".join(RANKS.values())
    for name, shape in (("q", q), ("k", k), ("v", v)):
        if len(shape) not in RANKS or shape[-1] != HEAD or 0 in shape:
            raise ValueError(f"{name} has shape {list(shape)}; attention takes {expected}, not empty")
    if k != v:
        raise ValueError(f"k has shape {list(k)} and v has {list(v)}; they must be the same: one row per key")
    if len(q) != len(k) or q[:-2] != k[:-2]:
        raise ValueError(
            f"q has shape {list(q)} and k has {list(k)}; all but the rows must be the same: every head of q has its "
            "own k and v "
            "(repeat them for grouped-query attention)"
        )


def _backend(config: KernelConfig, device: str, path: Path | None) -> AttentionBackend:
    """Return the backend with the library that lies there now: one that has been rebuilt is loaded again.

    Raises LibraryError if there is none.
    """
    path = path or library_path(config)
    try:
        status = path.stat()
    except OSError as error:
        raise LibraryError(f"the library {path} cannot be read: {error.strerror}") from error
    return _open_once(config, device, path, (status.st_ino, status.st_mtime_ns, status.st_size))


@functools.lru_cache(maxsize=OPEN_LIBRARIES)
def _open_once(config: KernelConfig, device: str, path: Path, file: tuple[int, ...]) -> AttentionBackend:
    """Load a library once; the backend also keeps the device's GM slots. `file` tells when it was rebuilt."""
    return open_backend(config, Choice(NPU if device == NPU else HOST, fill=False), path=path).backend
