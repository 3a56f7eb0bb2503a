"""Flash Attention as programs for any kernel see it: sizes, operands, reference, plan, and shapes to judge it on.

Its libraries name `kernel_of`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from flash_atten.check_compare import Expected
from flash_atten.check_inputs import INPUT_KINDS, AttentionInputs, make_inputs
from flash_atten.config import HEAD, S0, KernelConfig, LaunchShape
from flash_atten.libraries import library_name
from flash_atten.plan import HEADS_ARGUMENT, block_dim, launch_plan
from flash_atten.trials import AUDIT_CORES, audit_shapes, proof_shapes, representative_shapes
from kernels.kernel import Array, Case, Judge, Judgement, Kernel, Shape, Size, Trial
from kernels.library import LibraryError
from kernels.signature import Knobs

ZEROS = "zeros"
"""The kind of operands that is drawn for traces: quickly. What the kernel does goes by the shape alone."""


@dataclass(frozen=True)
class AttentionKernel:
    """A `kernels.kernel.Kernel`: the kernel of one configuration."""

    config: KernelConfig

    @property
    def name(self) -> str:
        """That of its target."""
        return library_name(self.config)

    @property
    def sizes(self) -> Sequence[Size]:
        """Rows of Q and of K and V, and where a launch has many, heads."""
        s1 = max(4096, self.config.least_s1)
        rows = (Size("q_rows", 2 * S0, S0), Size("s1", s1, self.config.part_rows))
        return (*rows, Size(HEADS_ARGUMENT, 2)) if self.config.heads else rows

    @property
    def kinds(self) -> Sequence[str]:
        """Those of `check_inputs`, and zeros."""
        return (*INPUT_KINDS, ZEROS)

    @property
    def traced_kind(self) -> str:
        """Zeros."""
        return ZEROS

    @property
    def trials(self) -> Sequence[Trial]:
        """See flash_atten/trials.py."""
        return [self.trial(shape) for shape in representative_shapes(self.config)]

    @property
    def proof_trials(self) -> Sequence[Trial]:
        """See flash_atten/trials.py."""
        return [self.trial(shape) for shape in proof_shapes(self.config)]

    @property
    def audit_trials(self) -> Sequence[Trial]:
        """See flash_atten/trials.py."""
        return [self.trial(shape, AUDIT_CORES) for shape in audit_shapes(self.config)]

    def trial(self, shape: LaunchShape, cores: int = 1) -> Trial:
        """Return a shape under the names of `sizes`."""
        values = asdict(shape)
        return Trial({size.name: values[size.name] for size in self.sizes}, cores)

    def case(self, shape: Shape, seed: int, cube_cores: int, kind: str = "") -> Case:
        """Return a launch of q_rows, s1 and perhaps heads on inputs of a kind. Raises ValueError."""
        launch = LaunchShape(**shape)
        launch.check(self.config)
        # Each head has a seed of its own, so that exchanged heads are seen.
        heads = [_inputs(kind or self.kinds[0], launch, seed + head) for head in range(launch.heads)]
        q, k, v = (np.concatenate([getattr(head, name) for head in heads]) for name in "qkv")
        out = np.full((launch.rows, HEAD), np.nan, np.float32)
        plan = launch_plan(self.config, launch, block_dim(self.config, launch, cube_cores))
        return Case(plan, {"q": q, "k": k, "v": v, "o": out}, lambda: _judge(heads, seed))


def _inputs(kind: str, shape: LaunchShape, seed: int) -> AttentionInputs:
    if kind == ZEROS:
        q, k, v = (np.zeros((rows, HEAD), np.float16) for rows in (shape.q_rows, shape.s1, shape.s1))
        return AttentionInputs(q, k, v)
    if kind not in INPUT_KINDS:
        raise ValueError(f"there are no inputs of the kind {kind!r}: choose from {', '.join(INPUT_KINDS)}")
    return make_inputs(kind, shape.q_rows, shape.s1, seed)


def _judge(heads: Sequence[AttentionInputs], seed: int) -> Judge:
    expected = [Expected.of(inputs, seed) for inputs in heads]

    def words(out: Array) -> Iterator[Judgement]:
        for number, (of_head, result) in enumerate(zip(expected, np.split(out, len(heads)), strict=True)):
            found = of_head.judge(result)
            yield Judgement(found.ok, f"head {number}: " * (len(heads) > 1) + found.describe())

    def judge(results: Mapping[str, Array]) -> Judgement:
        found = list(words(results["o"]))
        return Judgement(all(one.ok for one in found), "; ".join(one.text for one in found))

    return judge


def attention_of(kernel: Kernel) -> AttentionKernel:
    """Return what a library says that it is a kernel of, if that is Flash Attention. Raises LibraryError."""
    if not isinstance(kernel, AttentionKernel):
        raise LibraryError(f"{kernel.name} is not a Flash Attention kernel")
    return kernel


def kernel_of(knobs: Knobs) -> AttentionKernel:
    """Return the kernel with these knobs. Raises ValueError for others."""
    return AttentionKernel(KernelConfig.of(knobs))
