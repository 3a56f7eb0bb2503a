"""Kernels that are called: numbers, races, what is compiled again, and wrong calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import jit.wrapper
from jit.testing import COLS, ROWS, double, types, unordered
from jit.wrapper import JitWrapper, KernelWarning, RaceError
from ptodsl import jit as public_jit
from ptodsl import pto, tile
from ptodsl.errors import DslError
from runtime.host_kernel import KernelFailure
from tracing.file import read_trace


def _arrays(rows: int = 2 * ROWS) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x = np.arange(rows * COLS, dtype=np.float32).reshape(rows, COLS)
    return x, np.full_like(x, np.nan)


def test_a_call_computes_and_compiles_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = public_jit(meta_data=types, output_dir=tmp_path)(double)
    x, y = _arrays()
    kernel(x, y, len(x))
    np.testing.assert_array_equal(y, 2 * x)

    again = public_jit(meta_data=types, output_dir=tmp_path)(double)
    monkeypatch.setattr("jit.cache.compile_kernel", lambda *_, **__: pytest.fail("compiled again"))
    assert again.library_path() == kernel.library_path()
    assert kernel.library_path().is_relative_to(tmp_path)


def test_torch_tensors_are_written_in_place(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    x = torch.arange(ROWS * COLS, dtype=torch.float32).reshape(ROWS, COLS)
    y = torch.zeros_like(x)
    public_jit(meta_data=types, output_dir=tmp_path)(double)(x, y, ROWS)
    assert torch.equal(y, 2 * x)


def test_races_are_found_before_the_launch(tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "meta_data": types,
        "output_dir": tmp_path,
        "enable_insert_sync": False,
        "detect_races": True,
    }
    x, y = _arrays()
    with pytest.raises(
        RaceError, match=r"(?s)unordered: 1 finding \(1 RAW\).*TADD.*TSTORE.*of the C\+\+ is jit/testing\.py:"
    ):
        public_jit(**options)(unordered)(x, y, len(x))
    assert np.isnan(y).all()
    public_jit(**options | {"enable_insert_sync": True})(double)(x, y, len(x))
    np.testing.assert_array_equal(y, 2 * x)


def test_a_failure_names_the_line_of_the_kernel(tmp_path: Path) -> None:
    x, y = _arrays()
    with pytest.raises(KernelFailure, match=r"(?s)line \d+ of the C\+\+ is jit/testing\.py:"):
        public_jit(meta_data=types, output_dir=tmp_path)(double)(x, y[:1].copy(), len(x))


def test_a_trace_is_written(tmp_path: Path) -> None:
    x, y = _arrays(ROWS)
    public_jit(meta_data=types, output_dir=tmp_path, trace=tmp_path / "double.trace")(double)(x, y, ROWS)
    trace = read_trace(tmp_path / "double.trace")
    assert "TADD" in {trace.op_name(event) for event in range(len(trace.events))}


def test_a_launch_is_predicted_without_running_it(tmp_path: Path) -> None:
    kernel = public_jit(meta_data=types, output_dir=tmp_path)(double)
    cycles = []
    for tiles in (2, 8):
        x, y = _arrays(tiles * ROWS)
        cycles.append(kernel.predicted_cycles(x, y, len(x)))
        assert np.isnan(y).all()
    assert 2 * cycles[0] < cycles[1] < 4 * cycles[0] + 1


def _kernel(tmp_path: Path) -> JitWrapper:
    return jit.wrapper.jit(meta_data=types, output_dir=tmp_path)(double)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros(4, np.float32), 1), TypeError, r"double takes 3 arguments \(x, y, rows\), not 2"),
        (
            (np.zeros(4), np.zeros(4, np.float32), 1),
            TypeError,
            "double: x points to f32: pass an array of float32",
        ),
        ((3, np.zeros(4, np.float32), 1), TypeError, "double: x is an array of NumPy or torch, not 3"),
        ((np.zeros((4, 4), np.float32).T, np.zeros(4, np.float32), 1), ValueError, "double: x is not contiguous"),
        ((np.zeros(4, np.float32), np.zeros(4, np.float32), 1.5), TypeError, r"double: rows is a whole number \(i32\)"),
        ((np.zeros(4, np.float32), np.zeros(4, np.float32), 1 << 40), ValueError, "rows = 1099511627776 does not fit"),
    ],
)
def test_wrong_arguments_are_named(
    tmp_path: Path, arguments: tuple[object, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _kernel(tmp_path)(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"npu_arch": "dav-9999"}, "npu_arch is 'dav-9999'; kernels are compiled for dav-2201"),
        ({"block_dim": 0}, "block_dim = 0 is not a number of blocks"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        jit.wrapper.jit(meta_data=types, **options)


def test_a_launch_needs_a_number_of_blocks(tmp_path: Path) -> None:
    kernel = jit.wrapper.jit(meta_data=types, output_dir=tmp_path, block_dim=None)(double)
    x, y = _arrays(ROWS)
    with pytest.raises(ValueError, match="no block_dim: give it to jit, or call set_block_dim"):
        kernel(x, y, ROWS)
    kernel.set_block_dim(1)
    kernel(x, y, ROWS)
    np.testing.assert_array_equal(y, 2 * x)


def test_a_wrong_annotation_is_a_matter_of_the_kernels_line(tmp_path: Path) -> None:
    def kernel(x: "pointer") -> None:  # type: ignore[name-defined]  # noqa: F821, UP037
        """Have a parameter of no type."""

    line = kernel.__code__.co_firstlineno
    with pytest.raises(DslError, match=rf"^jit/wrapper_test\.py:{line}: parameter x of kernel: 'pointer' is neither"):
        jit.wrapper.jit(kernel)(np.zeros(1, np.float32))


def test_a_tile_that_nobody_uses_is_told_at_the_line_that_fills_it(tmp_path: Path) -> None:
    @jit.wrapper.jit(output_dir=tmp_path)
    def wasteful(x: pto.PtrType(pto.float32)) -> None:  # type: ignore[valid-type]
        with pto.vector_section():
            tile_type = pto.TileBufType([16, 64], pto.float32)
            used, wasted = pto.alloc_tile(tile_type), pto.alloc_tile(tile_type)
            whole = pto.slice_view(
                source=pto.as_tensor(ptr=x, shape=[16, 64], strides=[64, 1]), offsets=[0, 0], sizes=[16, 64]
            )
            pto.load(whole, used)
            tile.exp(used, wasted)
            pto.store(used, whole)

    with pytest.warns(KernelWarning, match=r"wrapper_test\.py:\d+: pto\.texp: nobody uses what it leaves in its tile"):
        wasteful.cpp()
