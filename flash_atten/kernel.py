"""The Flash Attention module: a cube kernel, a vector kernel, and the entry that starts both.

    call_both(ffts, gm_slots: float*, gm_slots_f16: half*, q: half*, k: half*, v: half*, o: float*, s0: i64, s1: i64)
    call_reduce(ffts, gm_slots: float*, gm_slots_f16: half*, o: float*, s0: i64, s1: i64)

s0 and s1 are the rows of Q and of K, V; `LaunchShape` says which are allowed. gm_slots has `scratch_bytes` bytes;
gm_slots_f16 is the same buffer once more, for the FIFO of half. Block b of n handles the units b, b + n, b + 2n, ...

A kernel that splits S1 leaves partial results in gm_slots, and call_reduce, launched behind call_both on the same
stream with as many blocks, combines them in o. Other kernels have no call_reduce. Those of heads have one argument more
at the end, `heads: i64`, and s0 and s1 are the rows of one head.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from flash_atten.config import KernelConfig
from flash_atten.kernel_cube import build_cube_kernel
from flash_atten.kernel_parts import HEADS_ARGUMENT, SLOT_ARGUMENTS
from flash_atten.kernel_reduce import build_reduce_kernel
from flash_atten.kernel_vector import build_vector_kernel
from flash_atten.memory import check_budgets
from ptodsl import pto
from ptodsl.module import ModuleBuilder

ENTRY = "call_both"
"""Symbol of the entry; the callers launch it by this name."""

REDUCE_ENTRY = "call_reduce"
"""Symbol of the second entry of a kernel that splits S1."""

REDUCE_KERNEL = "reduce_kernel"
"""The function that combines partial results. No barrier pattern is for it: its TADD adds what the TROWEXPANDMUL before
it has just scaled, and nothing but the barrier between them orders the two.
"""

REDUCED = ("q", "k", "v")
"""Arguments that the second entry does not have."""


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
        **({HEADS_ARGUMENT: pto.int64} if config.heads else {}),
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
    if config.kv_split > 1:
        operands = {name: ty for name, ty in parameters.items() if name not in REDUCED}
        with module.function(REDUCE_KERNEL, operands, kernel="vector") as arguments:
            build_reduce_kernel(config, arguments)
        reduce_kernel = arguments.function
        with module.function(REDUCE_ENTRY, {"ffts": pto.ffts_type, **operands}) as arguments:
            ffts, *rest = arguments
            pto.set_ffts(ffts)
            pto.call(reduce_kernel, *rest)
    return module.finish()
