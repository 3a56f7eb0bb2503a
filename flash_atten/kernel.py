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

from collections.abc import Mapping

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute

from flash_atten.config import KernelConfig
from flash_atten.fast_cube import build_fast_cube_kernel
from flash_atten.fast_vector import build_fast_vector_kernel
from flash_atten.kernel_cube import build_cube_kernel
from flash_atten.kernel_reduce import build_reduce_kernel
from flash_atten.kernel_vector import build_vector_kernel
from flash_atten.memory import check_budgets
from flash_atten.plan import ENTRY, REDUCE_ENTRY, kernel_entries
from kernels.signature import FFTS
from ptodsl import pto
from ptodsl.module import ModuleBuilder

TYPES = {
    FFTS: pto.ffts_type,
    "f16*": pto.PtrType(pto.float16),
    "f32*": pto.PtrType(pto.float32),
    "i64": pto.int64,
}
"""The DSL's types of the parameters in the signature."""

REDUCE_KERNEL = "reduce_kernel"
"""The function that combines partial results. No barrier pattern is for it: its TADD adds what the TROWEXPANDMUL before
it has just scaled, and nothing but the barrier between them orders the two.
"""


def build_module(config: KernelConfig) -> ModuleOp:
    """Return the module of the kernel for `config`.

    Raises:
        BudgetError: its tiles do not fit on a core.
    """
    check_budgets(config)
    entry, *second = ({name: TYPES[type] for name, type in entry.types} for entry in kernel_entries(config))
    parameters = without_ffts(entry)
    module = ModuleBuilder()
    with module.function("cube_kernel", parameters, kernel="cube") as arguments:
        (build_cube_kernel if config.by_recipe else build_fast_cube_kernel)(config, arguments)
    cube_kernel = arguments.function
    with module.function("vector_kernel", parameters, kernel="vector") as arguments:
        (build_vector_kernel if config.by_recipe else build_fast_vector_kernel)(config, arguments)
    vector_kernel = arguments.function
    with module.function(ENTRY, entry) as arguments:
        ffts, *rest = arguments
        pto.set_ffts(ffts)
        pto.call(cube_kernel, *rest)
        pto.call(vector_kernel, *rest)
    for entry in second:
        with module.function(REDUCE_KERNEL, without_ffts(entry), kernel="vector") as arguments:
            build_reduce_kernel(config, arguments)
        reduce_kernel = arguments.function
        with module.function(REDUCE_ENTRY, entry) as arguments:
            ffts, *rest = arguments
            pto.set_ffts(ffts)
            pto.call(reduce_kernel, *rest)
    return module.finish()


def without_ffts(entry: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """Return the parameters of a kernel function: those of its entry but for the signal address."""
    return {name: type for name, type in entry.items() if type != pto.ffts_type}
