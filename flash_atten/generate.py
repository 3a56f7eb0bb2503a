"""//flash_atten:generate: write the kernel of a configuration as MLIR.

generate --s1_tile=256 --qk_preload=3 [--generic] -o out.mlir
"""

from __future__ import annotations

import sys

from flash_atten.config import KernelConfig
from flash_atten.kernel import build_module
from flash_atten.plan import kernel_entries
from kernels.generator import Knob, Source, main

_DEFAULT = KernelConfig()


SOURCE = Source(
    knobs=(
        Knob("s1_tile", _DEFAULT.s1_tile, "K rows per tile: 256 or 512"),
        Knob("qk_preload", _DEFAULT.qk_preload, "tiles that QK runs ahead of PV: 3 or 4"),
        Knob("kv_split", _DEFAULT.kv_split, "parts that S1 is cut into: 1, 2 or 4"),
        Knob("schedule", _DEFAULT.schedule, "order of the work: recipe, fast or single"),
        Knob("heads", _DEFAULT.heads, "a kernel of many heads, which leaves log-sum-exps too"),
    ),
    check=KernelConfig.of,
    build=lambda knobs: build_module(KernelConfig.of(knobs)),
    entries=lambda knobs: kernel_entries(KernelConfig.of(knobs)),
)

if __name__ == "__main__":
    sys.exit(main(SOURCE, __doc__))
