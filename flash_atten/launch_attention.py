"""`attention(q, k, v)`: the kernel as a Python function, for NumPy arrays and torch tensors."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from flash_atten.config import HEAD, KernelConfig
from flash_atten.launch_backend import AUTO_TILE, Backend, choose_config, open_backend
from flash_atten.launch_library import HOST, NPU, library_path

DEFAULT_QK_PRELOAD = KernelConfig().qk_preload

OPEN_LIBRARIES = 8
"""Libraries that stay loaded between calls: all sets of knobs that are built."""

RANKS = {2: "[rows, 128]", 4: "[batch, heads, rows, 128]"}
"""Number of dimensions -> the shape that it stands for."""


def attention(q: Any, k: Any, v: Any, config: KernelConfig | None = None) -> Any:
    """Return softmax(q k^T / sqrt(128)) v in FP32, in the shape of q and of its kind (NumPy array or torch tensor).

    q is [q rows, 128] or [batch, heads, q rows, 128], k and v are [s1, 128] or [batch, heads, s1, 128]; all FP16,
    contiguous and on one device. Heads are launched one after the other. torch tensors go through the custom op
    `torch.ops.flash_atten.attention`; there is no backward. Without `config` the tile is chosen by s1.

    Raises ValueError for operands that the kernel does not take, LibraryError if its library is not there or is for
    another backend, KernelError if it fails.
    """
    if config is not None and not isinstance(config, KernelConfig):
        raise ValueError(
            f"config is a {type(config).__name__}; give a flash_atten.config.KernelConfig, or leave it out"
        )
    in_numpy = [_is_numpy(name, operand) for name, operand in (("q", q), ("k", k), ("v", v))]
    if all(in_numpy):
        return attend(q, k, v, config)
    if any(in_numpy):
        kinds = ", ".join(f"{name} is a {type(x).__name__}" for name, x in (("q", q), ("k", k), ("v", v)))
        raise ValueError(f"{kinds}; all three must be numpy.ndarray, or all three torch.Tensor")
    from flash_atten.launch_torch import attention_op

    tile, preload = (0, DEFAULT_QK_PRELOAD) if config is None else (config.s1_tile, config.qk_preload)
    return attention_op(q, k, v, tile, preload)


def _is_numpy(name: str, operand: Any) -> bool:
    """Tell NumPy arrays from torch tensors, without importing torch. Raises ValueError for anything else."""
    if isinstance(operand, np.ndarray):
        return True
    if type(operand).__module__.startswith("torch"):
        return False
    raise ValueError(f"{name} is a {type(operand).__name__}; attention takes numpy.ndarray or torch.Tensor")


def attend(q: Any, k: Any, v: Any, config: KernelConfig | None, device: str = HOST) -> Any:
    """Run the kernel on arrays of `device`'s backend; see `attention`. The result is a new array of that backend."""
    check_ranks(tuple(q.shape), tuple(k.shape), tuple(v.shape))
    if config is None:
        config = choose_config(AUTO_TILE, DEFAULT_QK_PRELOAD, q_rows=int(q.shape[-2]), s1=int(k.shape[-2]))
    backend = _backend(config, device)
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


def _backend(config: KernelConfig, device: str) -> Backend:
    """Return the backend with the library that lies there now: one that has been rebuilt is loaded again."""
    status = library_path(config).stat()
    return _open_once(config, device, (status.st_ino, status.st_mtime_ns, status.st_size))


@functools.lru_cache(maxsize=OPEN_LIBRARIES)
def _open_once(config: KernelConfig, device: str, file: tuple[int, ...]) -> Backend:
    """Load a library once; the backend also keeps the device's GM slots. `file` tells when it was rebuilt."""
    return open_backend(config, NPU if device == NPU else HOST).backend
