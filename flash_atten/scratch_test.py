"""Tests of the layout of a launch's scratch."""

import pytest

from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.fifo import fifo_bytes_per_core
from flash_atten.scratch import PARTIAL_BYTES, scratch_bytes, scratch_of

SHAPE = LaunchShape(256, 4096)
CORES = 3


def test_without_split_and_heads_there_are_only_fifos() -> None:
    """As many bytes as before there was anything else."""
    assert scratch_bytes(KernelConfig(), SHAPE, CORES) == CORES * fifo_bytes_per_core(KernelConfig())


@pytest.mark.parametrize("split", [2, 4])
def test_partial_results_follow_the_fifos(split: int) -> None:
    """Output, maxima, sums of all units, in this order, without a gap."""
    config = KernelConfig(512, kv_split=split)
    scratch, units = scratch_of(config, LaunchShape(256, 8192), CORES), 2 * split
    assert scratch.output * 4 == CORES * fifo_bytes_per_core(config)
    assert scratch.row_max - scratch.output == units * 128 * 128
    assert scratch.row_sum - scratch.row_max == scratch.lse - scratch.row_sum == units * 128
    assert scratch.end == scratch.lse
    assert (scratch.end - scratch.output) * 4 == units * PARTIAL_BYTES


def test_log_sum_exps_of_all_heads_come_last() -> None:
    """One for each row of Q."""
    shape = LaunchShape(256, 4096, heads=5)
    scratch = scratch_of(KernelConfig(heads=True), shape, CORES)
    assert scratch.lse == scratch.output == scratch.end - 5 * 256
