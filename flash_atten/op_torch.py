"""The torch custom ops `flash_atten::attention` and `attention_lse`, with fake kernels, so that graphs of torch.compile
can hold them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from flash_atten.attend import attend, check_ranks
from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.knobs import DEFAULT_ASKED, choose_config
from isa.a3 import CUBE_CORES
from kernels.library import HOST, NPU

DEVICES = ("cpu", NPU)
"""Device types of torch that a backend serves."""

AUTO = 0
"""Value of all three of the ops' knobs that leaves them to the kernel's rules, or to the library that is named."""


def op_knobs(config: KernelConfig | None) -> tuple[int, int, int]:
    """Return `s1_tile`, `qk_preload` and `kv_split` of the ops for a configuration, or for the kernel's rules."""
    return (AUTO, AUTO, AUTO) if config is None else (config.s1_tile, config.qk_preload, config.kv_split)


def _config(s1_tile: int, qk_preload: int, kv_split: int) -> KernelConfig | None:
    """Return the configuration of an op's knobs, None for the kernel's rules. Raises ValueError."""
    if s1_tile == qk_preload == kv_split == AUTO:
        return None
    return KernelConfig(s1_tile, qk_preload, kv_split=kv_split)


def _path(library: str) -> Path | None:
    """Return the library that is asked for; empty is the one beside this package."""
    return Path(library) if library else None


def _check(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> None:
    """Raise ValueError for what can be seen without the tensors' memory: dtype, ranks, devices."""
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        if tensor.dtype != torch.float16:
            raise ValueError(f"{name} is {tensor.dtype}; the kernel takes float16 only. Convert it: {name}.half()")
        if tensor.device.type not in (*DEVICES, "meta") or tensor.device != q.device:
            raise ValueError(
                f"{name} is on {tensor.device} and q on {q.device}; attention takes three CPU or three NPU tensors"
            )
        if not tensor.is_contiguous():
            raise ValueError(f"{name} is not contiguous; pass {name}.contiguous()")
    check_ranks(tuple(q.shape), tuple(k.shape), tuple(v.shape))


def _attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, knobs: tuple[int, int, int], library: str, *, with_lse: bool
) -> tuple[torch.Tensor, Any]:
    """Return what `attend` does, as tensors. CPU tensors are used in place, without a copy."""
    _check(q, k, v)
    config, path = _config(*knobs), _path(library)
    if q.device.type == NPU:
        return attend(q, k, v, config, NPU, path, with_lse=with_lse)
    in_numpy = [operand.detach().numpy() for operand in (q, k, v)]
    out, lse = attend(in_numpy[0], in_numpy[1], in_numpy[2], config, HOST, path, with_lse=with_lse)
    # Dimensions of size 1 may have any stride in q; those of the results are the fake kernel's.
    out = torch.from_numpy(out).reshape(-1).view(q.shape)
    return out, lse if lse is None else torch.from_numpy(lse).reshape(-1).view(q.shape[:-1])


@torch.library.custom_op("flash_atten::attention", mutates_args=())
def attention_op(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int, kv_split: int, library: str = ""
) -> torch.Tensor:
    """Return attention in FP32; see `flash_atten.attention`."""
    out, _ = _attend(q, k, v, (s1_tile, qk_preload, kv_split), library, with_lse=False)
    return out


@torch.library.custom_op("flash_atten::attention_lse", mutates_args=())
def attention_lse_op(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int, kv_split: int, library: str = ""
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return attention and the log-sum-exps of its rows in FP32; see `flash_atten.attention`."""
    return _attend(q, k, v, (s1_tile, qk_preload, kv_split), library, with_lse=True)


def _check_fake(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, knobs: tuple[int, int, int], library: str) -> None:
    """Raise ValueError for what the real ops refuse and can be seen without memory."""
    _check(q, k, v)
    q_rows, s1 = q.shape[-2], k.shape[-2]
    # A graph with dynamic shapes knows its sizes when it runs.
    if not all(type(size) is int for size in (q_rows, s1)):
        return
    config = _config(*knobs)
    if config is None:
        choose_config(DEFAULT_ASKED, q_rows=q_rows, s1=s1, cores=lambda: CUBE_CORES, library=_path(library))
    else:
        LaunchShape(q_rows, s1).check(config)


@attention_op.register_fake
def _(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int, kv_split: int, library: str = ""
) -> torch.Tensor:
    _check_fake(q, k, v, (s1_tile, qk_preload, kv_split), library)
    return q.new_empty(q.shape, dtype=torch.float32)


@attention_lse_op.register_fake
def _(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int, kv_split: int, library: str = ""
) -> tuple[torch.Tensor, torch.Tensor]:
    _check_fake(q, k, v, (s1_tile, qk_preload, kv_split), library)
    return q.new_empty(q.shape, dtype=torch.float32), q.new_empty(q.shape[:-1], dtype=torch.float32)
