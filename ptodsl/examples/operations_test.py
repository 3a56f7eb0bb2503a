"""Every operation that is made of its row computes on the host what its row says, by NumPy: DSL to library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from isa.op import Extent, Operand, Role
from ptodsl import pto, scalar, tile
from ptodsl.dialect import VECTOR_OPS, ElementType, TileBufType, VectorOp, element_type
from ptodsl.examples.host_run import host_kernel
from ptodsl.module import ModuleBuilder
from ptodsl.scope import no_function_open
from ptodsl.tile import tile_function
from ptodsl.values import Scalar, Tile, Value
from runtime.host_kernel import HostKernel

Array = NDArray[Any]

DTYPES = {"f32": np.float32, "i32": np.int32, "i16": np.int16}
ROWS, COLS = 32, 64
SHAPES = {Extent.ROWS: (ROWS, 1), Extent.COLS: (1, COLS)}
CORES = 2
"""Vector cores; each works on a part of its own of every array."""

SCALAR = 3

PLAIN = {
    name: operation
    for name, operation in VECTOR_OPS.items()
    if all(operand.extent is not Extent.OWN or operand.optional for operand in operation.ROW.family.operands)
    and name not in ("tshl", "tshr", "trowargmax", "trowargmin", "tcolargmax", "tcolargmin", "tpow", "tpows", "ttri")
}
"""Operations on tiles of one element type, whose shapes their family says; special_operations_test.py has the rest."""

REFERENCES: Mapping[str, Callable[..., Array]] = {
    "tadd": lambda a, b: a + b,
    "tsub": lambda a, b: a - b,
    "tmul": lambda a, b: a * b,
    "tdiv": lambda a, b: a / b,
    "tmax": np.maximum,
    "tmin": np.minimum,
    "tand": lambda a, b: a & b,
    "tor": lambda a, b: a | b,
    "txor": lambda a, b: a ^ b,
    "tfmod": np.fmod,
    "tadds": lambda a, s: a + s,
    "tsubs": lambda a, s: a - s,
    "tmuls": lambda a, s: a * s,
    "tdivs": lambda a, s: a / s,
    "tdivs.scalar": lambda s, a: s / a,
    "tmaxs": np.maximum,
    "tmins": np.minimum,
    "tands": lambda a, s: a & s,
    "tors": lambda a, s: a | s,
    "tfmods": np.fmod,
    "txors": lambda a, s: a ^ s,
    "taxpy": lambda a, s, d: a * s + d,
    "taddc": lambda a, b, c: a + b + c,
    "tsubc": lambda a, b, c: a - b + c,
    "taddsc": lambda a, s, b: a + s + b,
    "tsubsc": lambda a, s, b: a - s + b,
    "tlrelu": lambda a, s: np.where(a > 0, a, a * s),
    "tshls": lambda a, s: a << s,
    "tshrs": lambda a, s: a >> s,
    "texpands": lambda s: np.broadcast_to(s, (ROWS, COLS)),
    "texp": np.exp,
    "tlog": np.log,
    "tsqrt": np.sqrt,
    "trsqrt": lambda a: 1 / np.sqrt(a),
    "trecip": lambda a: 1 / a,
    "trelu": lambda a: np.maximum(a, 0),
    "tabs": np.abs,
    "tneg": np.negative,
    "tnot": np.invert,
    "trowsum": lambda a: a.sum(axis=1, keepdims=True),
    "trowmax": lambda a: a.max(axis=1, keepdims=True),
    "trowmin": lambda a: a.min(axis=1, keepdims=True),
    "trowprod": lambda a: a.prod(axis=1, keepdims=True),
    "tcolsum": lambda a: a.sum(axis=0, keepdims=True),
    "tcolmax": lambda a: a.max(axis=0, keepdims=True),
    "tcolmin": lambda a: a.min(axis=0, keepdims=True),
    "tcolprod": lambda a: a.prod(axis=0, keepdims=True),
    "trowexpand": lambda a: np.broadcast_to(a, (ROWS, COLS)),
    "tcolexpand": lambda a: np.broadcast_to(a, (ROWS, COLS)),
    **{f"t{axis}expandadd": lambda a, b: a + b for axis in ("row", "col")},
    **{f"t{axis}expandsub": lambda a, b: a - b for axis in ("row", "col")},
    **{f"t{axis}expandmul": lambda a, b: a * b for axis in ("row", "col")},
    **{f"t{axis}expanddiv": lambda a, b: a / b for axis in ("row", "col")},
    **{f"t{axis}expandmax": np.maximum for axis in ("row", "col")},
    **{f"t{axis}expandmin": np.minimum for axis in ("row", "col")},
    **{f"t{axis}expandexpdif": lambda a, b: np.exp(a - b) for axis in ("row", "col")},
}
"""What an operation computes of what it reads, by its name in the dialect."""


def dtype_of(operation: type[VectorOp]) -> str:
    """The element type that an operation is tried with."""
    return next(name for name in DTYPES if element_type(name) in operation.ALLOWED)


def shape_of(operand: Operand) -> tuple[int, int]:
    """Valid rows and columns of a tile."""
    return SHAPES.get(operand.extent, (ROWS, COLS))


def add_entry(module: ModuleBuilder, name: str, operation: type[VectorOp]) -> None:
    """Add the entry `name`: one use of an operation on tiles that are loaded from, and stored to, its arguments."""
    operands, dtype = operation.ROW.family.operands, element_type(dtype_of(operation))
    pointers = {operand.name: pto.PtrType(dtype) for operand in operands if _is_array(operand)}
    with module.function(name, pointers) as args, pto.vector_section():
        core = scalar.index_cast(pto.get_subblock_idx())
        given: list[Value | Scalar | int] = []
        stores: list[tuple[Tile, Value]] = []
        for operand in operands:
            if operand.optional:
                continue
            if operand.role is Role.SCALAR:
                given.append(SCALAR)
                continue
            buffer = pto.alloc_tile(_tile_type(operand, dtype))
            given.append(buffer)
            if not _is_array(operand):
                continue
            part = _part(args[operand.name], operand, core)
            if operand.is_read:
                pto.load(part, buffer)
            if operand.is_written:
                stores.append((buffer, part))
        function = operation.ROW.dsl
        (getattr(tile, function) if function else tile_function(operation))(*given)
        for buffer, part in stores:
            pto.store(buffer, part)


def _is_array(operand: Operand) -> bool:
    return operand.is_tile and operand.role is not Role.SCRATCH and not operand.optional


def _tile_type(operand: Operand, dtype: ElementType) -> TileBufType:
    rows, cols = shape_of(operand)
    config = pto.TileBufConfig(blayout="ColMajor", slayout="NoneBox") if operand.extent is Extent.ROWS else None
    return pto.TileBufType(shape=[rows, cols], dtype=dtype, config=config)


def _part(pointer: Value, operand: Operand, core: Scalar) -> Value:
    rows, cols = shape_of(operand)
    view = pto.as_tensor(ptr=pointer, shape=[CORES * rows, cols], strides=[cols, 1])
    return pto.slice_view(source=view, offsets=[core * rows, 0], sizes=[rows, cols])


def entry_of(name: str) -> str:
    """Name of an operation's entry, which is one of C."""
    return name.replace(".", "_")


def build() -> ModuleOp:
    """A module with an entry for each operation."""
    module = ModuleBuilder()
    for name, operation in PLAIN.items():
        add_entry(module, entry_of(name), operation)
    assert no_function_open()
    return module.finish()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """All of them, compiled once."""
    return host_kernel(build(), "tadd", tmp_path_factory.mktemp("operations"))


def test_every_operation_has_a_reference() -> None:
    assert set(REFERENCES) == set(PLAIN)


@pytest.mark.parametrize("name", PLAIN)
def test_an_operation_computes_what_its_row_says(name: str, kernel: HostKernel) -> None:
    row, dtype = VECTOR_OPS[name].ROW, DTYPES[dtype_of(VECTOR_OPS[name])]
    rng = np.random.default_rng(0)
    arrays: dict[str, Array] = {}
    for operand in filter(_is_array, row.family.operands):
        rows, cols = shape_of(operand)
        drawn = rng.uniform(0.5, 2, (CORES * rows, cols)) * np.where(row.cpp in POSITIVE, 1, rng.choice([-1, 1], cols))
        values = (drawn * (1 if dtype == np.float32 else 1000)).astype(dtype)
        arrays[operand.name] = values if operand.is_read else np.full_like(values, 77)
    inputs = {operand.name: arrays[operand.name].copy() for operand in row.family.operands if operand.is_read}
    kernel.launch(1, *arrays.values(), entry=entry_of(name))
    for core in range(CORES):
        read = [
            dtype(SCALAR) if operand.role is Role.SCALAR else _of_core(inputs[operand.name], core)
            for operand in row.family.operands
            if operand.role is Role.SCALAR or operand.is_read
        ]
        with np.errstate(over="ignore"):
            wanted = REFERENCES[name](*read).astype(dtype)
        np.testing.assert_allclose(
            _of_core(arrays["dst"], core), wanted, rtol=2e-5, atol=1e-5 if dtype == np.float32 else 0
        )


POSITIVE = ("TLOG", "TSQRT", "TRSQRT")
"""Operations on positive numbers."""


def _of_core(array: Array, core: int) -> Array:
    rows = len(array) // CORES
    return array[core * rows : (core + 1) * rows]
