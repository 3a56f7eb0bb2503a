"""Tests of the generated module: its shape, its determinism, and what its order of operations makes of
synchronisation.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from functools import cache

import pytest
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.dialects.scf import ForOp
from xdsl.ir import Operation
from xdsl.parser import Parser

from flash_atten.config import QK_PRELOADS, S1_TILES, KernelConfig
from flash_atten.fifo import Fifos
from flash_atten.kernel import build_module
from flash_atten.memory import CubeTiles, VectorTiles, declared
from flash_atten.plan import ENTRY
from isa import a3
from ptodsl.dialect import (
    PRODUCT_OPS,
    VECTOR_OPS,
    AllocTileOp,
    TAllocOp,
    TFreeOp,
    TPopOp,
    TPushOp,
    context,
)
from ptodsl.printing import module_text
from tools.ptoas.assemble import Options, Sync, assemble

CONFIGS = [KernelConfig(tile, preload) for tile, preload in itertools.product(S1_TILES, QK_PRELOADS)]

every_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.s1_tile}-{c.qk_preload}")


@cache
def _module(config: KernelConfig) -> ModuleOp:
    return build_module(config)


@cache
def _cpp(config: KernelConfig) -> str:
    return assemble(module_text(_module(config)), "fa.mlir", Options(sync=Sync.INSERT))


def _function(config: KernelConfig, name: str) -> FuncOp:
    functions = {op.sym_name.data: op for op in _module(config).body.block.ops if isinstance(op, FuncOp)}
    return functions[name]


def _phases(function: FuncOp) -> list[ForOp]:
    """Prologue, steady state and epilogue: the loops in the loop over Q blocks."""
    blocks = next(op for op in function.body.block.ops if isinstance(op, ForOp))
    return [op for op in blocks.body.block.ops if isinstance(op, ForOp)]


def _count(op: Operation) -> Counter[type[Operation]]:
    return Counter(type(inner) for inner in op.walk())


@every_config
def test_the_generic_form_is_the_same_kernel(config: KernelConfig) -> None:
    generic = module_text(_module(config), generic=True)
    assert assemble(generic, "fa.mlir", Options(sync=Sync.INSERT)) == _cpp(config)


@every_config
def test_tiles_are_exactly_the_declared_ones(config: KernelConfig) -> None:
    for name, tiles in (("cube_kernel", CubeTiles.of(config)), ("vector_kernel", VectorTiles.of(config))):
        assert _count(_function(config, name))[AllocTileOp] == sum(tile.count for tile in declared(tiles))


@every_config
def test_entry_has_the_launchers_parameters(config: KernelConfig) -> None:
    entry = _function(config, ENTRY)
    names = "ffts gm_slots gm_slots_f16 q k v o s0 s1"
    assert [arg.name_hint for arg in entry.body.block.args] == names.split()
    signature = re.search(r'extern "C" __global__ AICORE void call_both\((.*)\)', _cpp(config))
    assert signature is not None
    types = [re.sub(r" v\d+$", "", parameter) for parameter in signature[1].split(", ")]
    floats, halves = "__gm__ float*", "__gm__ half*"
    assert types == ["__gm__ int64_t*", floats, halves, halves, halves, halves, floats, "int64_t", "int64_t"]


@every_config
def test_phases_do_what_their_names_say(config: KernelConfig) -> None:
    prologue, steady, epilogue = (_count(phase) for phase in _phases(_function(config, "cube_kernel")))
    subs = config.tile_factor
    assert (prologue[PRODUCT_OPS["tmatmul"]], prologue[PRODUCT_OPS["tmatmul.acc"]]) == (subs, 0)
    assert (steady[PRODUCT_OPS["tmatmul"]], steady[PRODUCT_OPS["tmatmul.acc"]]) == (subs + 1, subs - 1)
    assert (epilogue[PRODUCT_OPS["tmatmul"]], epilogue[PRODUCT_OPS["tmatmul.acc"]]) == (1, subs - 1)


@every_config
def test_steady_cube_step_interleaves_as_designed(config: KernelConfig) -> None:
    """The QK slot is taken after the first PV product, PV is pushed before the last QK product, QK after it."""
    names = {
        PRODUCT_OPS["tmatmul"]: "mm",
        PRODUCT_OPS["tmatmul.acc"]: "mm",
        TAllocOp: "alloc",
        TPushOp: "push",
        TPopOp: "pop",
        TFreeOp: "free",
    }
    steady = _phases(_function(config, "cube_kernel"))[1]
    order = [names[type(op)] for op in steady.walk() if type(op) in names]
    middle = ["mm", "mm"] * (config.tile_factor - 2)
    assert order == ["pop", "mm", "alloc", "mm", *middle, "free", "mm", "alloc", "push", "mm", "push"]


@every_config
def test_gu_multiplication_and_addition_are_adjacent(config: KernelConfig) -> None:
    """Nothing is between them in the module, and only synchronisation in C++: in steady state and epilogue."""
    multiplications = [op for op in _function(config, "vector_kernel").walk() if op.name == "pto.trowexpandmul"]
    assert len(multiplications) == 2 * config.tile_factor
    assert all(op.next_op is not None and op.next_op.name == "pto.tadd" for op in multiplications)
    sync = r"\s*(?:(?:wait_flag\(PIPE_MTE2, PIPE_V, EVENT_ID\d\)|pipe_barrier\(PIPE_V\));\s*)+"
    pattern = rf"TROWEXPANDMUL\((v\d+), \1, v\d+\);{sync}TADD\(\1, \1, v\d+\);"
    assert len(re.findall(pattern, _cpp(config))) == len(multiplications)


@every_config
def test_probabilities_are_handed_over_as_soon_as_the_last_are_stored(config: KernelConfig) -> None:
    """In the steady state the tile that is accumulated meanwhile is taken before that, with two slices after it."""
    names = {TAllocOp: "alloc", TPushOp: "push", TPopOp: "pop", TFreeOp: "free", VECTOR_OPS["trowexpandmul"]: "mul"}
    steady = _phases(_function(config, "vector_kernel"))[1]
    order = [names[type(op)] for op in steady.walk() if type(op) in names]
    before = config.tile_factor - 2
    taken = ["pop", "free", *["mul"] * before, "push"] if before else ["push", "pop", "free"]
    assert order == ["pop", *(["free", "alloc"] if not before else ["alloc", "free"]), *taken, "mul", "mul"]


@every_config
def test_every_operation_is_located_in_the_kernels_files(config: KernelConfig) -> None:
    files = set()
    for op in _module(config).walk():
        assert isinstance(op.location, FileLineColLoc), op.name
        files.add(op.location.filename.data)
    parts = ("kernel", "kernel_cube", "kernel_vector", "kernel_parts", "pipeline")
    assert files == {f"flash_atten/{name}.py" for name in parts}


@every_config
def test_text_is_the_same_every_time(config: KernelConfig) -> None:
    assert module_text(build_module(config)) == module_text(_module(config))


@pytest.mark.parametrize("generic", [False, True])
@every_config
def test_text_parses_back(config: KernelConfig, generic: bool) -> None:
    text = module_text(_module(config), generic=generic)
    parsed = Parser(context(), text).parse_module()
    parsed.verify()
    assert module_text(parsed, generic=generic, locations=False) == module_text(
        _module(config), generic=generic, locations=False
    )


@every_config
def test_fifos_take_as_many_flags_as_the_machine_gives_them(config: KernelConfig) -> None:
    fifos = Fifos.of(config)
    assert [fifo.flag_base for fifo in (fifos.qk, fifos.pv, fifos.p)] == [a3.FLAGS_PER_FIFO * n for n in range(3)]
