"""Which baselines there are where, that they compute attention, and how the device's operator is called."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bench import baselines
from bench.baselines import FUSED, NUMPY_FP32, BaselineError, default_baselines, make_baseline
from flash_atten.check_inputs import make_inputs
from flash_atten.reference import attention_reference
from kernels.fake_npu import FakeTensor, FakeTorch

INPUTS = make_inputs("normal", 128, 256, seed=0)


def test_what_there_is_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "has_torch", lambda: True)
    assert default_baselines("host") == ("sdpa_fp16", "sdpa_fp32")
    monkeypatch.setattr(baselines, "has_torch", lambda: False)
    assert default_baselines("host") == (NUMPY_FP32,)
    assert default_baselines("npu") == (FUSED,)


def test_numpy_is_attention() -> None:
    np.testing.assert_array_equal(
        make_baseline(NUMPY_FP32, INPUTS).result(), attention_reference(INPUTS.q, INPUTS.k, INPUTS.v)
    )


def test_a_missing_torch_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BaselineError, match="unless with --config=no_torch"):
        make_baseline("sdpa_fp16", INPUTS)


class Expandable(FakeTensor):
    """A fake tensor that can be given a batch dimension, and gives one back."""

    def __getitem__(self, index: Any) -> "Expandable":
        return Expandable(self.array[index], self.log, self.device)

    def npu(self, device: int = 0) -> "Expandable":
        return Expandable(self.array, self.log)

    def cpu(self) -> "Expandable":
        return Expandable(self.array, self.log, "cpu")

    def float(self) -> "Expandable":
        return Expandable(self.array.astype(np.float32), self.log, self.device)


def test_the_fused_operator_gets_bsh_one_head_and_the_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def fused(q: Expandable, k: Expandable, v: Expandable, **settings: Any) -> tuple[Expandable, None]:
        given.update(settings, shapes=[q.shape, k.shape, v.shape], devices={q.device, k.device, v.device})
        result = attention_reference(q.array[0], k.array[0], v.array[0])
        return Expandable(result.astype(np.float16)[None], q.log), None

    log = FakeTorch().log
    torch, torch_npu = ModuleType("torch"), ModuleType("torch_npu")
    torch.__dict__.update(from_numpy=lambda array: Expandable(array, log, "cpu"))
    torch_npu.__dict__.update(npu_fused_infer_attention_score=fused)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch_npu", torch_npu)
    result = make_baseline(FUSED, INPUTS).result()
    np.testing.assert_allclose(result, attention_reference(INPUTS.q, INPUTS.k, INPUTS.v), atol=1e-3)
    assert given == {
        "num_heads": 1,
        "input_layout": "BSH",
        "scale": pytest.approx(128**-0.5),
        "next_tokens": 65535,
        "shapes": [(1, 128, 128), (1, 256, 128), (1, 256, 128)],
        "devices": {"npu:0"},
    }


def test_an_error_of_the_operator_is_the_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*tensors: object, **settings: object) -> object:
        raise RuntimeError("unsupported shape")

    log = FakeTorch().log
    torch, torch_npu = ModuleType("torch"), ModuleType("torch_npu")
    torch.__dict__.update(from_numpy=lambda array: Expandable(array, log, "cpu"))
    torch_npu.__dict__.update(npu_fused_infer_attention_score=failing)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch_npu", torch_npu)
    baseline = make_baseline(FUSED, INPUTS)
    with pytest.raises(BaselineError, match="npu_fused_infer_attention_score failed: unsupported shape"):
        baseline.operation()


def test_a_missing_torch_npu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    monkeypatch.setitem(sys.modules, "torch_npu", None)
    with pytest.raises(BaselineError, match="torch_npu cannot be imported"):
        make_baseline(FUSED, INPUTS)
