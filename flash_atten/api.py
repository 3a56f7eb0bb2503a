"""`attention(q, k, v)`: the kernel as a Python function, for NumPy arrays and torch tensors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from flash_atten.attend import attend
from flash_atten.config import KernelConfig
from kernels.library import HOST


def attention(
    q: Any,
    k: Any,
    v: Any,
    config: KernelConfig | None = None,
    *,
    library: str | os.PathLike[str] | None = None,
    return_lse: bool = False,
) -> Any:
    """Return softmax(q k^T / sqrt(128)) v in FP32, in the shape of q and of its kind (NumPy array or torch tensor).

    q is [q rows, 128] or [batch, heads, q rows, 128], k and v are [s1, 128] or [batch, heads, s1, 128]; all FP16,
    contiguous and on one device. Heads share one launch. torch tensors go through the custom ops
    `torch.ops.flash_atten.attention` and `attention_lse`; there is no backward. Without `config` tile and split are
    chosen by the shape and the device's cores; `config.heads` is set as needed. `library` is a fa_*.so to use instead
    of those beside this package: outside of Bazel there are none. Its knobs are taken from it.

    With `return_lse` return (output, lse): lse is the log-sum-exp of each row, ln sum exp(q k^T / sqrt(128)), FP32 in
    the shape of q without its last dimension. It merges results of several sets of keys, as ring attention does: with
    o_i and lse_i of each set, lse = ln sum exp(lse_i) and o = sum o_i exp(lse_i - lse).

    Raises ValueError for operands that the kernel does not take, LibraryError if its library is not there or is for
    another backend, KernelError if it fails.
    """
    if config is not None and not isinstance(config, KernelConfig):
        raise ValueError(
            f"config is a {type(config).__name__}; give a flash_atten.config.KernelConfig, or leave it out"
        )
    in_numpy = [_is_numpy(name, operand) for name, operand in (("q", q), ("k", k), ("v", v))]
    if all(in_numpy):
        out, lse = attend(q, k, v, config, HOST, None if library is None else Path(library), with_lse=return_lse)
        return (out, lse) if return_lse else out
    if any(in_numpy):
        kinds = ", ".join(f"{name} is a {type(x).__name__}" for name, x in (("q", q), ("k", k), ("v", v)))
        raise ValueError(f"{kinds}; all three must be numpy.ndarray, or all three torch.Tensor")
    # Here, not above: it imports torch, without which NumPy arrays are computed.
    from flash_atten.op_torch import attention_lse_op, attention_op, op_knobs

    op = attention_lse_op if return_lse else attention_op
    return op(q, k, v, *op_knobs(config), "" if library is None else str(Path(library).resolve()))


def _is_numpy(name: str, operand: Any) -> bool:
    """Tell NumPy arrays from torch tensors, without importing torch. Raises ValueError for anything else."""
    if isinstance(operand, np.ndarray):
        return True
    if type(operand).__module__.startswith("torch"):
        return False
    raise ValueError(f"{name} is a {type(operand).__name__}; attention takes numpy.ndarray or torch.Tensor")
