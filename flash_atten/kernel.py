"""The Flash Attention module: a cube kernel, a vector kernel, and the entry that starts both.

    call_both(ffts, gm_slots: float*, gm_slots_f16: half*, q: half*, k: half*, v: half*, o: float*, s0: i64, s1: i64)

s0 and s1 are the rows of Q and of K, V; `LaunchShape` says which are allowed. gm_slots has `Fifos.bytes_per_core` bytes
for each block of the launch; gm_slots_f16 is the same buffer once more, for the FIFO of half. Block b of n handles the
Q blocks b, b + n, b + 2n, ...
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from flash_atten.config import KernelConfig
from flash_atten.kernel_cube import build_cube_kernel
from flash_atten.kernel_parts import SLOT_ARGUMENTS
from flash_atten.kernel_vector import build_vector_kernel
from flash_atten.memory import check_budgets
from ptodsl import pto
from ptodsl.module import ModuleBuilder

ENTRY = "call_both"
"""Symbol of the entry; the callers launch it by this name."""


def build_module(config: KernelConfig) -> ModuleOp:
    """Return the module of the kernel for `config`.

    Raises:
        BudgetError: its tiles do not fit on a core.
    """
    check_budgets(config)
    half, single = pto.PtrType(pto.float16), pto.PtrType(pto.float32)
    parameters = {
        SLOT_ARGUMENTS["f32"]: single,
        SLOT_ARGUMENTS["f16"]: half,
        "q": half,
        "k": half,
        "v": half,
        "o": single,
        "s0": pto.int64,
        "s1": pto.int64,
    }
    module = ModuleBuilder()
    with module.function("cube_kernel", parameters, kernel="cube") as arguments:
        build_cube_kernel(config, arguments)
    cube_kernel = arguments.function
    with module.function("vector_kernel", parameters, kernel="vector") as arguments:
        build_vector_kernel(config, arguments)
    vector_kernel = arguments.function
    with module.function(ENTRY, {"ffts": pto.ffts_type, **parameters}) as arguments:
        ffts, *rest = arguments
        pto.set_ffts(ffts)
        pto.call(cube_kernel, *rest)
        pto.call(vector_kernel, *rest)
    return module.finish()
