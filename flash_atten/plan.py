"""How Flash Attention is launched: its entries, and the plan of a shape."""

from __future__ import annotations

from flash_atten import scratch
from flash_atten.config import S0, KernelConfig, LaunchShape
from kernels.plan import Launch, LaunchPlan, Scratch
from kernels.signature import FFTS, Entry, Parameter

ENTRY = "call_both"
"""Symbol of the entry that starts cube and vector kernel."""

REDUCE_ENTRY = "call_reduce"
"""Symbol of the second entry of a kernel that splits S1. It is launched behind the first one, on as many cores: what it
combines lies behind the FIFOs of all of them.
"""

REDUCED = ("q", "k", "v")
"""Arguments that the second entry does not have."""

SLOT_ARGUMENTS = {"f32": "gm_slots", "f16": "gm_slots_f16"}
"""The kernel's arguments that point to its scratch: one buffer, under each of the FIFOs' element types. A FIFO needs a
base of its entries' type, and the assembler has no cast between pointers.
"""

HEADS_ARGUMENT = "heads"
"""The argument that a kernel of heads has besides: how many there are."""


def kernel_entries(config: KernelConfig) -> tuple[Entry, ...]:
    """Return the entries' signatures in the order of launches, with the rules of `LaunchShape` for their sizes."""
    slots, slots_f16 = SLOT_ARGUMENTS["f32"], SLOT_ARGUMENTS["f16"]
    heads = (Parameter(HEADS_ARGUMENT, "i64", multiple_of=1, least=1),) if config.heads else ()
    parameters = (
        Parameter("ffts", FFTS),
        Parameter(slots, "f32*"),
        Parameter(slots_f16, "f16*", same_as=slots),
        *(Parameter(name, "f16*") for name in ("q", "k", "v")),
        Parameter("o", "f32*"),
        Parameter("s0", "i64", multiple_of=S0, least=S0),
        Parameter("s1", "i64", multiple_of=config.part_rows, least=config.least_s1),
        *heads,
    )
    # Heads multiply the units of work; a caller in C is trusted not to ask for more cores than there are.
    # Where S1 is split, a Q block is as many units of work, so a unit is that part of its rows.
    blocks_of, block_rows = ("", 0) if config.heads else ("s0", S0 // config.kv_split)
    whole = Entry(ENTRY, parameters, "call_kernel", blocks_of, block_rows)
    if config.kv_split == 1:
        return (whole,)
    combined = tuple(parameter for parameter in parameters if parameter.name not in REDUCED)
    return whole, Entry(REDUCE_ENTRY, combined, "combine_parts", blocks_of, block_rows)


def block_dim(config: KernelConfig, shape: LaunchShape, cube_cores: int) -> int:
    """Return the cores that a launch of `shape` asks for: a unit of work each, as far as there are cores."""
    return min(shape.units(config), cube_cores)


def launch_plan(config: KernelConfig, shape: LaunchShape, blocks: int) -> LaunchPlan:
    """Return the plan of `shape` on `blocks` cores.

    Raises ValueError if a kernel built with `config` cannot run it, or not on so many cores.
    """
    shape.check(config)
    if not 1 <= blocks <= shape.units(config):
        raise ValueError(
            f"block_dim = {blocks} is not possible with q_rows = {shape.q_rows}: use 1 to {shape.units(config)}, the "
            "number of Q blocks"
        )
    return LaunchPlan(
        launches=tuple(Launch(entry.name, blocks) for entry in kernel_entries(config)),
        scratch=(Scratch(scratch.scratch_bytes(config, shape, blocks), tuple(SLOT_ARGUMENTS.values())),),
        scalars={"s0": shape.q_rows, "s1": shape.s1, HEADS_ARGUMENT: shape.heads},
        outputs=("o",),
    )
