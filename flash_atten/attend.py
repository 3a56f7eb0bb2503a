"""Attention on the arrays of a backend: one head or many in one launch, with a library that is loaded once."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from flash_atten.backend import AttentionBackend, cube_cores, open_backend
from flash_atten.config import HEAD, KernelConfig
from flash_atten.knobs import DEFAULT_ASKED, choose_config
from flash_atten.libraries import library_path
from flash_atten.operands import numpy_operand, torch_operand
from kernels.backend import Choice
from kernels.library import HOST, NPU, LibraryError

OPEN_LIBRARIES = 8
"""Libraries that stay loaded between calls: all sets of knobs that are built."""

RANKS = {2: "[rows, 128]", 4: "[batch, heads, rows, 128]"}
"""Number of dimensions -> the shape that it stands for."""


def attend(
    q: Any, k: Any, v: Any, config: KernelConfig | None, device: str, path: Path | None, *, with_lse: bool
) -> tuple[Any, Any]:
    """Run the kernel on arrays of `device`'s backend; see `attention`. The result is a new array of that backend.

    With it comes the log-sum-exp of each row, FP32 in the shape of q without its last dimension; None if not asked for.
    """
    backend, heads = _chosen(q, k, v, config, device, path, with_lse=with_lse)
    if heads is None:
        return backend.launch(q, k, v), None
    out = backend.empty_like(q)
    bound = _bind(backend, q, k, v, out, heads)
    bound.run()
    return out, bound.lse().reshape(tuple(q.shape[:-1])) if with_lse else None


def _chosen(
    q: Any, k: Any, v: Any, config: KernelConfig | None, device: str, path: Path | None, *, with_lse: bool
) -> tuple[AttentionBackend, int | None]:
    """Return the backend for the operands, and the number of heads if its kernel is one of heads."""
    check_ranks(tuple(q.shape), tuple(k.shape), tuple(v.shape))
    heads = math.prod(q.shape[:-2]) if q.ndim > 2 or with_lse else None
    if config is None:
        choice = Choice(NPU if device == NPU else HOST)
        config = choose_config(
            DEFAULT_ASKED,
            q_rows=int(q.shape[-2]),
            s1=int(k.shape[-2]),
            cores=lambda: cube_cores(choice, path),
            heads=heads,
            library=path,
        )
    # A library of heads that the user names serves one head, too.
    heads = 1 if heads is None and path is not None and config.heads else heads
    return _backend(replace(config, heads=heads is not None), device, path), heads


def _bind(backend: AttentionBackend, q: Any, k: Any, v: Any, out: Any, heads: int) -> Any:
    """Bind operands of any rank, the heads' rows one below the other. Raises ValueError."""
    describe = numpy_operand if backend.name == HOST else torch_operand
    for name, operand in (("q", q), ("k", k), ("v", v)):
        describe(name, operand).check_memory()  # or the flattened array would be a copy
    return backend.bind(*(operand.reshape((-1, HEAD)) for operand in (q, k, v, out)), heads=heads)


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
            "own k and v (repeat them for grouped-query attention)"
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
