"""The torch custom op `flash_atten::attention`, with a fake kernel, so that graphs of torch.compile can hold it."""

from __future__ import annotations

from pathlib import Path

import torch

from flash_atten.attend import attend, check_ranks
from flash_atten.backend import AUTO_TILE as AUTO_TILE_NAME
from flash_atten.backend import choose_config
from flash_atten.config import KernelConfig, LaunchShape
from kernels.library import HOST, NPU

DEVICES = ("cpu", NPU)
"""Device types of torch that a backend serves."""

AUTO_TILE = 0
"""Value of the op's `s1_tile` that leaves the choice to the kernel's rule."""


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


def _path(library: str) -> Path | None:
    return Path(library) if library else None


@torch.library.custom_op("flash_atten::attention", mutates_args=())
def attention_op(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int, library: str = ""
) -> torch.Tensor:
    """Return attention in FP32; see `flash_atten.attention`. CPU tensors are used in place, without a copy.

    `library` is empty for the one beside this package.
    """
    _check(q, k, v)
    config = None if s1_tile == AUTO_TILE else KernelConfig(s1_tile=s1_tile, qk_preload=qk_preload)
    if q.device.type == NPU:
        result: torch.Tensor = attend(q, k, v, config, NPU, _path(library))
        return result
    host_q, host_k, host_v = (tensor.detach().numpy() for tensor in (q, k, v))
    out = torch.from_numpy(attend(host_q, host_k, host_v, config, HOST, _path(library)))
    # Dimensions of size 1 may have any stride in q; those of the result are the fake kernel's.
    return out.reshape(-1).view(q.shape)


@attention_op.register_fake
def _(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int, library: str = ""
) -> torch.Tensor:
    _check(q, k, v)
    q_rows, s1 = q.shape[-2], k.shape[-2]
    # A graph with dynamic shapes knows its sizes when it runs.
    if all(type(size) is int for size in (q_rows, s1)):
        config = choose_config(AUTO_TILE_NAME, None, q_rows=q_rows, s1=s1, library=_path(library))
        if s1_tile != AUTO_TILE:
            config = KernelConfig(s1_tile=s1_tile, qk_preload=qk_preload)
        LaunchShape(q_rows, s1).check(config)
    return q.new_empty(q.shape, dtype=torch.float32)
