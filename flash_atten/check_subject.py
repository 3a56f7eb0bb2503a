"""What a numeric mutant is judged on: one Q block, its reference, and the comparison of `check`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flash_atten.check_broken import Mutant
from flash_atten.check_compare import Comparison, compare
from flash_atten.check_inputs import AttentionInputs, make_inputs
from flash_atten.config import S0, KernelConfig
from flash_atten.reference import Float32Array, attention_reference


@dataclass(frozen=True)
class Subject:
    """The inputs of one kind for one Q block, with their reference."""

    inputs: AttentionInputs
    reference: Float32Array

    @classmethod
    def draw(cls, kind: str, s1: int, seed: int) -> Subject:
        """Draw S0 rows of q."""
        inputs = make_inputs(kind, S0, s1, seed)
        with np.errstate(invalid="ignore"):
            return cls(inputs, attention_reference(inputs.q, inputs.k, inputs.v))

    def judge(self, mutant: Mutant, config: KernelConfig) -> Comparison:
        """Compare what a mutant computes, as `check` compares what a kernel computes."""
        with np.errstate(all="ignore"):  # faults make infinities, and some kinds hold them
            result = mutant.build(self.inputs, config).result()
        return compare(result, self.reference, spoiled=self.inputs.spoiled_mask(np.arange(S0)))
