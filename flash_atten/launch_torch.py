"""The torch custom op `flash_atten::attention`, with a fake kernel, so that graphs of torch.compile can hold it."""

from __future__ import annotations

import torch

from flash_atten.config import KernelConfig
from flash_atten.launch_attention import attend, check_ranks
from flash_atten.launch_library import HOST, NPU

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
    check_ranks(tuple(q.shape), tuple(k.shape), tuple(v.shape))


@torch.library.custom_op("flash_atten::attention", mutates_args=())
def attention_op(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int) -> torch.Tensor:
    """Return attention in FP32; see `flash_atten.attention`. CPU tensors are used in place, without a copy."""
    _check(q, k, v)
    config = None if s1_tile == AUTO_TILE else KernelConfig(s1_tile=s1_tile, qk_preload=qk_preload)
    if q.device.type == NPU:
        result: torch.Tensor = attend(q, k, v, config, NPU)
        return result
    return torch.from_numpy(attend(q.detach().numpy(), k.detach().numpy(), v.detach().numpy(), config, HOST))


@attention_op.register_fake
def _(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, s1_tile: int, qk_preload: int) -> torch.Tensor:
    _check(q, k, v)
    return torch.empty_like(q, dtype=torch.float32)
