"""Tests of the modules that split S1 or take many heads: their entries, and what stays as it was."""

from __future__ import annotations

import re
from functools import cache

import pytest
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from flash_atten.config import KV_SPLITS, KernelConfig
from flash_atten.kernel import REDUCE_KERNEL, build_module
from flash_atten.memory import ReduceTiles, declared
from flash_atten.plan import ENTRY, REDUCE_ENTRY
from ptodsl.dialect import PRODUCT_OPS, VECTOR_OPS, AllocTileOp, TStoreOp
from ptodsl.printing import module_text
from tools.ptoas.assemble import Options, Sync, assemble

SPLIT = [
    KernelConfig(tile, kv_split=split, heads=heads)
    for tile in (256, 512)
    for split in (2, 4)
    for heads in (False, True)
]

every_split = pytest.mark.parametrize("config", SPLIT, ids=lambda c: f"{c.s1_tile}-{c.kv_split}-{c.heads}")


@cache
def _functions(config: KernelConfig) -> dict[str, FuncOp]:
    return {op.sym_name.data: op for op in build_module(config).body.block.ops if isinstance(op, FuncOp)}


@cache
def _cpp(config: KernelConfig) -> str:
    return assemble(module_text(build_module(config)), "fa.mlir", Options(sync=Sync.INSERT))


def _names(function: FuncOp) -> list[str | None]:
    return [argument.name_hint for argument in function.body.block.args]


def _count(function: FuncOp, kind: type[Operation]) -> int:
    return sum(isinstance(op, kind) for op in function.walk())


def test_a_whole_s1_of_one_head_has_one_entry() -> None:
    assert list(_functions(KernelConfig())) == ["cube_kernel", "vector_kernel", ENTRY]


@every_split
def test_the_second_entry_takes_what_the_reference_s_takes(config: KernelConfig) -> None:
    """Without q, k and v; a kernel of heads is told their number last."""
    heads = ["heads"] if config.heads else []
    assert _names(_functions(config)[ENTRY]) == [*"ffts gm_slots gm_slots_f16 q k v o s0 s1".split(), *heads]
    assert _names(_functions(config)[REDUCE_ENTRY]) == [*"ffts gm_slots gm_slots_f16 o s0 s1".split(), *heads]
    entries = re.findall(r'extern "C" __global__ AICORE void (\w+)', _cpp(config))
    assert entries == [ENTRY, REDUCE_ENTRY]


@every_split
def test_combining_has_exactly_the_declared_tiles(config: KernelConfig) -> None:
    function = _functions(config)[REDUCE_KERNEL]
    assert _count(function, AllocTileOp) == sum(tile.count for tile in declared(ReduceTiles.of(config)))


@every_split
def test_event_ids_suffice_everywhere(config: KernelConfig) -> None:
    """The only barrier of all pipes is at the end of the C++, where it always is."""
    assert _cpp(config).count("pipe_barrier(PIPE_ALL)") == 1


@pytest.mark.parametrize("heads", [False, True])
@pytest.mark.parametrize("split", KV_SPLITS)
def test_stages_are_the_same_whatever_is_split(split: int, heads: bool) -> None:
    """Products and reductions are as many; only what is stored at a unit's end differs."""
    plain, other = _functions(KernelConfig()), _functions(KernelConfig(kv_split=split, heads=heads))
    for name, kinds in (
        ("cube_kernel", (PRODUCT_OPS["tmatmul"], PRODUCT_OPS["tmatmul.acc"], TStoreOp)),
        ("vector_kernel", (VECTOR_OPS["trowmax"], VECTOR_OPS["trowsum"])),
    ):
        for kind in kinds:
            assert _count(plain[name], kind) == _count(other[name], kind)
    stores = _count(other["vector_kernel"], TStoreOp) - _count(plain["vector_kernel"], TStoreOp)
    slices = KernelConfig().tile_factor
    assert stores == (2 * slices if split > 1 else slices * heads)
