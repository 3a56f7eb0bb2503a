"""The host's torch baselines compute attention; needs torch."""

import numpy as np
import pytest

from bench.baselines import SDPA_FP16, SDPA_FP32, default_baselines, make_baseline
from flash_atten.check_inputs import make_inputs
from flash_atten.reference import attention_reference


def test_torch_is_there_and_is_the_default() -> None:
    assert default_baselines("host") == (SDPA_FP16, SDPA_FP32)


@pytest.mark.parametrize(("name", "tolerance"), [(SDPA_FP16, 2e-3), (SDPA_FP32, 2e-6)])
def test_sdpa_is_attention(name: str, tolerance: float) -> None:
    inputs = make_inputs("normal", 256, 512, seed=0)
    result = make_baseline(name, inputs).result()
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, attention_reference(inputs.q, inputs.k, inputs.v), rtol=0, atol=tolerance)
