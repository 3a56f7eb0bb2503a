"""Tests of the GM FIFO layout."""

import pytest

from flash_atten.config import KernelConfig
from flash_atten.fifo import FIFO_SLOTS, Fifos, fifo_bytes_per_core

KIB = 1024


@pytest.mark.parametrize(("s1_tile", "per_core"), [(256, 2 * KIB * KIB), (512, 3584 * KIB)])
def test_fifos_follow_each_other_in_the_order_qk_pv_p(s1_tile: int, per_core: int) -> None:
    """No gap, no overlap, flags apart."""
    fifos = Fifos.of(KernelConfig(s1_tile))
    assert fifos.qk.offset == 0
    assert fifos.pv.offset == FIFO_SLOTS * 128 * s1_tile * 4
    assert fifos.p.offset == fifos.pv.offset + FIFO_SLOTS * 128 * 128 * 4
    assert fifo_bytes_per_core(KernelConfig(s1_tile)) == fifos.p.offset + FIFO_SLOTS * 128 * s1_tile * 2 == per_core
    assert [fifos.qk.flag_base, fifos.pv.flag_base, fifos.p.flag_base] == [0, 2, 4]
