"""The pass on kernels in the structure for which the vendor's assembler was counted."""

import pytest

from flash_atten.config import KernelConfig
from ptodsl.dialect import BarrierOp, Pipe
from sim.reference_structure import build_reference_structure
from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.options import SyncOptions
from tools.ptoas.plan_memory import plan_memory

MOST = {(256, 3): 125, (256, 4): 175, (512, 3): 243, (512, 4): 337}
"""V barriers, by S1_TILE and QK_PRELOAD; the vendor's assembler prints 129, 176, 247 and 338."""


def barriers(config: KernelConfig, options: SyncOptions) -> list[Pipe]:
    module = build_reference_structure(config)
    insert_sync(module, plan_memory(module), options)
    return [op.pipe.data for op in module.walk() if isinstance(op, BarrierOp)]


@pytest.mark.parametrize("knobs", MOST)
def test_no_more_v_barriers_than_the_operands_demand(knobs: tuple[int, int]) -> None:
    config = KernelConfig(s1_tile=knobs[0], qk_preload=knobs[1])
    assert barriers(config, SyncOptions(hidden_scratch=False)) == [Pipe.V] * MOST[knobs]
    # Of the final divisions of a Q block nothing but a barrier keeps two apart that work in the library's scratch.
    assert barriers(config, SyncOptions()) == [Pipe.V] * (MOST[knobs] + config.tile_factor - 1)
