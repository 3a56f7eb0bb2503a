"""Second forms of operations, and those with two results, compute on the host what NumPy does; from MLIR."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.compiled import host_kernel
from runtime.host_kernel import HostKernel, KernelFailure
from tools.ptoas.assemble import Options, Sync, assemble

Array = NDArray[Any]

NUMPY: dict[str, Any] = {"f32": np.float32, "i32": np.int32, "i16": np.int16}


def tile(rows: int, cols: int, dtype: str = "f32", more: str = "") -> str:
    """A type."""
    return f"!pto.tile_buf<vec, {rows}x{cols}x{dtype}{more}>"


def gm(name: str, rows: int, cols: int, dtype: str, col_major: bool = False) -> str:
    """Lines that make %<name>g, all of the argument %<name>."""
    view = f"{rows}x{cols}x{dtype}"
    strides = f"%c1, %c{rows}" if col_major else f"%c{cols}, %c1"
    return (
        f"%{name}w = pto.make_tensor_view %{name}, shape = [%c{rows}, %c{cols}], strides = [{strides}] : "
        f"!pto.tensor_view<{view}>\n"
        f"%{name}g = pto.partition_view %{name}w, offsets = [%c0, %c0], sizes = [%c{rows}, %c{cols}] : "
        f"!pto.tensor_view<{view}> -> !pto.partition_tensor_view<{view}>\n"
    )


Argument = tuple[str, int, int, str]
"""Name, rows, columns, element type; an argument of one column is column-major."""


def entry(name: str, inputs: list[Argument], results: list[Argument], body: str) -> str:
    """An entry that loads %<name>t from each input, and stores each result from %<name>t; NaN or 0 are scratch."""
    arguments = [*inputs, *results]
    parameters = ", ".join(f"%{one[0]}: !pto.ptr<{one[3]}>" for one in arguments)
    lines = [f"%c{value} = arith.constant {value} : index" for value in (0, 1, 4, 8, 16, 32, 64, 128, 256)]
    lines.append("%ex = arith.constant dense<0> : vector<4xi16>")
    for one, rows, cols, dtype in arguments:
        layout = ", blayout=col_major" if cols == 1 else ""
        lines.append(gm(one, rows, cols, dtype, cols == 1))
        lines.append(f"%{one}t = pto.alloc_tile : {tile(rows, cols, dtype, layout)}")
    for one, rows, cols, dtype in inputs:
        lines.append(
            f"pto.tload ins(%{one}g : !pto.partition_tensor_view<{rows}x{cols}x{dtype}>) "
            f"outs(%{one}t : {tile(rows, cols, dtype)})"
        )
    lines.append(body)
    for one, rows, cols, dtype in results:
        layout = ", blayout=col_major" if cols == 1 else ""
        lines.append(
            f"pto.tstore ins(%{one}t : {tile(rows, cols, dtype, layout)}) "
            f"outs(%{one}g : !pto.partition_tensor_view<{rows}x{cols}x{dtype}>)"
        )
    inside = "\n".join(lines)
    return (
        f"func.func @{name}({parameters}) attributes {{pto.entry, pto.kernel_kind = #pto.kernel_kind<vector>}} {{\n"
        f"%core = pto.get_subblock_idx\n%zero = arith.constant 0 : i64\n%first = arith.cmpi eq, %core, %zero : i64\n"
        f"scf.if %first {{\n{inside}\n}}\nreturn\n}}\n"
    )


def scratch(name: str, rows: int, cols: int, dtype: str = "f32") -> str:
    """A line that allocates %<name>."""
    return f"%{name} = pto.alloc_tile : {tile(rows, cols, dtype)}\n"


def merge(count: int, exhausted: str) -> str:
    """An entry that merges lists of 8 pairs."""
    names = "abcd"[:count]
    lists = ", ".join(f"%{name}t" for name in names)
    types = ", ".join([tile(1, 16)] * count)
    wide = tile(1, 64)
    body = scratch("t", 1, 64) + (
        f"pto.tmrgsort ins({lists}, %t {{exhausted = {exhausted}}} : {types}, {wide}) "
        f"outs(%yt, %ex : {wide}, vector<4xi16>)"
    )
    return entry(f"merge_{count}_{exhausted}", [(name, 1, 16, "f32") for name in names], [("y", 1, 64, "f32")], body)


def sequence(dtype: str, falling: bool) -> str:
    """An entry that counts from 5."""
    body = f"%s = arith.constant 5 : {dtype}\n" + scratch("t", 2, 256)
    body += f"pto.tci ins(%s, %t : {dtype}, {tile(2, 256)}) outs(%yt : {tile(1, 64, dtype)})"
    body += " {descending = true}" if falling else ""
    return entry(f"ci_{dtype}_{falling}", [], [("y", 1, 64, dtype)], body)


def quotient(dtype: str, number: str) -> str:
    """An entry that divides a number by a tile."""
    ty = tile(8, 64, dtype)
    body = f"%s = arith.constant {number} : {dtype}\npto.tdivs ins(%s, %at : {dtype}, {ty}) outs(%yt : {ty})"
    return entry(f"divs_{dtype}", [("a", 8, 64, dtype)], [("y", 8, 64, dtype)], body)


def compared(mode: str) -> str:
    """An entry that finds the columns that compare so with 1."""
    body = "%s = arith.constant 1.0 : f32\n" + scratch("t", 32, 256, "ui8") + scratch("z", 8, 64, "i32")
    body += (
        f"pto.tgather ins(%at, %s, %t : {tile(8, 64)}, f32, {tile(32, 256, 'ui8')}) "
        f"outs(%yt, %nt : {tile(8, 64, 'i32')}, {tile(8, 1, 'i32', ', blayout=col_major')}) "
        f"{{cmpMode = #pto<cmp {mode}>, offset = 100 : i32}}"
    )
    return entry(f"compared_{mode}", [("a", 8, 64, "f32")], [("y", 8, 64, "i32"), ("n", 8, 1, "i32")], body)


def extremes(name: str) -> str:
    """An entry that combines 8 x 64 elements with 4 x 32."""
    body = (
        f"pto.tpart{name} ins(%at, %bt, %it, %jt : {tile(8, 64)}, {tile(4, 32)}, {tile(8, 64, 'i32')}, "
        f"{tile(4, 32, 'i32')}) outs(%yt, %kt : {tile(8, 64)}, {tile(8, 64, 'i32')})"
    )
    inputs: list[Argument] = [("a", 8, 64, "f32"), ("b", 4, 32, "f32"), ("i", 8, 64, "i32"), ("j", 4, 32, "i32")]
    return entry(name, inputs, [("y", 8, 64, "f32"), ("k", 8, 64, "i32")], body)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> HostKernel:
    """All entries."""
    entries = [
        *(merge(count, exhausted) for count in (2, 3, 4) for exhausted in ("false", "true")),
        *(sequence(dtype, falling) for dtype in ("i32", "i16") for falling in (False, True)),
        *(quotient(dtype, number) for dtype, number in (("f32", "3.0"), ("i32", "1000"), ("i16", "1000"))),
        *map(compared, ("gt", "eq")),
        *map(extremes, ("argmax", "argmin")),
    ]
    text = assemble("".join(entries), "forms.mlir", Options(Sync.INSERT))
    return host_kernel(text, tmp_path_factory.mktemp("forms"), "argmax", name="forms")


def pairs(values: Array, first: int) -> Array:
    """A sorted list: values, each with its index as bits."""
    indices = np.arange(first, first + len(values), dtype=np.uint32).view(np.float32)
    return np.stack([np.sort(values)[::-1], indices], axis=1).astype(np.float32).reshape(1, -1)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("exhausted", ["false", "true"])
def test_lists_are_merged(kernel: HostKernel, count: int, exhausted: str) -> None:
    rng, y = np.random.default_rng(count), np.full((1, 64), 77, np.float32)
    lists = [pairs(rng.integers(0, 9, 8).astype(np.float32), 8 * number) for number in range(count)]
    kernel.launch(1, *lists, y, entry=f"merge_{count}_{exhausted}")
    everything = np.concatenate([one.reshape(-1, 2) for one in lists])
    order = np.argsort(-everything[:, 0], kind="stable")
    taken = len(order)
    if exhausted == "true":  # until one list is used up
        last = [max(np.flatnonzero(order // 8 == number)) for number in range(count)]
        taken = min(last) + 1
    np.testing.assert_array_equal(y.reshape(-1, 2)[:taken].view(np.uint32), everything[order][:taken].view(np.uint32))


@pytest.mark.parametrize("dtype", ["i32", "i16"])
def test_a_sequence_with_scratch_falls_as_the_header_has_it(kernel: HostKernel, dtype: str) -> None:
    for falling, wanted in ((False, 5 + np.arange(64)), (True, -(5 + np.arange(64)))):
        y = np.zeros((1, 64), NUMPY[dtype])
        kernel.launch(1, y, entry=f"ci_{dtype}_{falling}")
        np.testing.assert_array_equal(y[0], wanted)


@pytest.mark.parametrize("dtype", ["f32", "i32", "i16"])
def test_a_number_is_divided_by_a_tile(kernel: HostKernel, dtype: str) -> None:
    rng, ty = np.random.default_rng(0), NUMPY[dtype]
    a = (rng.integers(1, 90, (8, 64)) * rng.choice([-1, 1], (8, 64))).astype(ty)
    y = np.zeros_like(a)
    kernel.launch(1, a, y, entry=f"divs_{dtype}")
    wanted = 3 / a if dtype == "f32" else np.trunc(1000 / a).astype(ty)
    np.testing.assert_allclose(y, wanted, rtol=1e-6)
    if dtype != "f32":
        a[3, 4] = 0
        with pytest.raises(KernelFailure, match="TDIVS of a whole number by 0, in row 3, column 4"):
            kernel.launch(1, a, y, entry=f"divs_{dtype}")


@pytest.mark.parametrize("mode", ["gt", "eq"])
def test_columns_that_compare_are_packed_to_the_left(kernel: HostKernel, mode: str) -> None:
    a = np.random.default_rng(1).integers(0, 3, (8, 64)).astype(np.float32)
    y, n = np.full((8, 64), -1, np.int32), np.zeros(8, np.int32)
    kernel.launch(1, a, y, n, entry=f"compared_{mode}")
    for row in range(8):
        found = np.flatnonzero(a[row] > 1 if mode == "gt" else a[row] == 1)
        assert n[row] == len(found)
        np.testing.assert_array_equal(y[row, : len(found)], 100 + 64 * row + found)


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_extremes_come_with_their_indices(kernel: HostKernel, name: str) -> None:
    rng = np.random.default_rng(2)
    a, b = (rng.integers(0, 9, shape).astype(np.float32) for shape in ((8, 64), (4, 32)))
    i, j = (rng.integers(0, 1000, shape).astype(np.int32) for shape in ((8, 64), (4, 32)))
    y, k = np.zeros_like(a), np.zeros_like(i)
    kernel.launch(1, a, b, i, j, y, k, entry=name)
    wanted, indices = a.copy(), i.copy()
    from_b = b > a[:4, :32] if name == "argmax" else b < a[:4, :32]
    wanted[:4, :32][from_b], indices[:4, :32][from_b] = b[from_b], j[from_b]
    np.testing.assert_array_equal(y, wanted)
    np.testing.assert_array_equal(k, indices)
