"""What the kernel is compared with, in the same run and in turns with it.

On the host: torch's scaled_dot_product_attention on the CPU, in FP16 and FP32. On the device: the vendor's fused
operator. torch is imported here and only here, and only when a baseline is asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.timing import Operation
from flash_atten.check_inputs import AttentionInputs
from flash_atten.config import HEAD
from flash_atten.reference import attention_reference
from kernels.library import HOST

AUTO = "auto"
NONE = "none"
SDPA_FP16 = "sdpa_fp16"
SDPA_FP32 = "sdpa_fp32"
SDPA_BF16 = "sdpa_bf16"
NUMPY_FP32 = "numpy_fp32"
FUSED = "npu_fused"

HOST_WITH_TORCH = (SDPA_FP16, SDPA_FP32)
HOST_WITHOUT_TORCH = (NUMPY_FP32,)
ON_DEVICE = (FUSED,)
"""Baselines by what there is; the first one is what the speed-up column is about."""

NO_TORCH = (
    "the baseline is NumPy, because this build has no torch; for torch's scaled_dot_product_attention in FP16 and "
    "FP32 leave out --config=no_torch"
)
"""Said where a user might miss torch's operators."""

UNMASKED = 65535
"""next_tokens of the fused operator, as the vendor's harness gives it: no key is hidden from any query."""

LABELS = {
    SDPA_FP16: "torch SDPA FP16 (host CPU)",
    SDPA_FP32: "torch SDPA FP32 (host CPU)",
    SDPA_BF16: "torch SDPA BF16 (host CPU)",
    NUMPY_FP32: "NumPy FP32 (host CPU)",
    FUSED: "npu_fused_infer_attention_score",
}
"""Baseline -> how reports name it."""


class BaselineError(RuntimeError):
    """A baseline cannot be run here; the text says why and what to do."""


@dataclass(frozen=True)
class Baseline:
    """One operation to compare with. `operation` returns its own kind of array, which `to_numpy` makes [q rows, 128]
    FP32.
    """

    name: str
    operation: Operation
    to_numpy: Callable[[Any], npt.NDArray[np.float32]]

    def result(self) -> npt.NDArray[np.float32]:
        """Run once and return the result."""
        return self.to_numpy(self.operation())


def has_torch() -> bool:
    """Whether torch is part of this build; it is not imported."""
    return importlib.util.find_spec("torch") is not None


def default_baselines(backend: str) -> tuple[str, ...]:
    """Return what is timed beside the kernel unless the user says otherwise."""
    if backend != HOST:
        return ON_DEVICE
    return HOST_WITH_TORCH if has_torch() else HOST_WITHOUT_TORCH


def import_torch() -> Any:
    """Return torch. Raises BaselineError if it cannot be imported."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise BaselineError(
            f"no baseline: torch cannot be imported ({error}); tools/bazel run //bench:fa brings it along, unless with "
            "--config=no_torch"
        ) from error


def make_baseline(name: str, inputs: AttentionInputs) -> Baseline:
    """Return the baseline `name` on `inputs`, its operands already in place.

    Raises BaselineError, and so does its operation, if it cannot be run.
    """
    if name == NUMPY_FP32:
        return Baseline(name, lambda: attention_reference(inputs.q, inputs.k, inputs.v), lambda out: out)
    torch = import_torch()
    return _guarded(_fused(torch, inputs) if name == FUSED else _sdpa(torch, name, inputs))


def _guarded(baseline: Baseline) -> Baseline:
    """Tell an error of the baseline (out of memory, an unsupported shape) from one of the kernel."""

    def operation() -> object:
        try:
            return baseline.operation()
        except RuntimeError as error:
            raise BaselineError(f"no baseline: {LABELS[baseline.name]} failed: {error}") from error

    return replace(baseline, operation=operation)


def _sdpa(torch: Any, name: str, inputs: AttentionInputs) -> Baseline:
    dtype = {SDPA_FP16: torch.float16, SDPA_FP32: torch.float32, SDPA_BF16: torch.bfloat16}[name]
    # A batch of one and one head; converted here, so that no conversion is timed.
    q, k, v = (torch.from_numpy(array)[None, None].to(dtype) for array in (inputs.q, inputs.k, inputs.v))

    def operation() -> Any:
        with torch.no_grad():
            return torch.nn.functional.scaled_dot_product_attention(q, k, v)

    return Baseline(name, operation, lambda out: out[0, 0].float().numpy())


def _fused(torch: Any, inputs: AttentionInputs) -> Baseline:
    try:
        torch_npu = importlib.import_module("torch_npu")
    except ImportError as error:
        raise BaselineError(f"no baseline: torch_npu cannot be imported ({error})") from error
    q, k, v = (torch.from_numpy(array)[None].npu() for array in (inputs.q, inputs.k, inputs.v))

    def operation() -> Any:
        # BSH: [batch, rows, heads * head dimension], one head; scaled explicitly because the operator's default is 1.
        return torch_npu.npu_fused_infer_attention_score(
            q, k, v, num_heads=1, input_layout="BSH", scale=1.0 / math.sqrt(HEAD), next_tokens=UNMASKED
        )[0]

    return Baseline(FUSED, operation, lambda out: out[0].float().cpu().numpy())
