"""Kernels with one thing broken: `check` finds wrong numbers, the runtime reports what cannot go on.

Each fault is put into the kernel's Python while it is built; the rest of the chain is the real one.
"""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from cli.testing import ROOT
from flash_atten import kernel_cube, kernel_parts, kernel_vector
from flash_atten.backend import AttentionBackend, open_backend
from flash_atten.check import check_result
from flash_atten.check_inputs import BENCHMARK_KIND, INPUT_KINDS, make_inputs
from flash_atten.config import CUBE_S1, SCALE, KernelConfig
from flash_atten.kernel import build_module
from flash_atten.pipeline import Slot
from flash_atten.stand_in import build_info
from kernels.library import KernelError
from ptodsl.printing import module_text
from ptodsl.values import Scalar
from tools.bisheng.host_compile import compile_host
from tools.bisheng.host_toolchain import host_toolchain
from tools.ptoas.assemble import Options, Sync, assemble

CONFIG = KernelConfig()
Patch = pytest.MonkeyPatch


def _build(directory: Path) -> AttentionBackend:
    """Run the whole chain on the kernel as it is now."""
    cpp = directory / "fa_s1tile256.cpp"
    text = module_text(build_module(CONFIG))
    cpp.write_text(assemble(text, "fa_s1tile256.mlir", Options(Sync.INSERT)), encoding="utf-8")
    shims = [ROOT / "kernels/build_info.cpp"]
    out = cpp.with_suffix(".so")
    compile_host(cpp, out, toolchain=host_toolchain(), shims=shims, build_info=build_info(CONFIG))
    return open_backend(CONFIG, path=out).backend


def _nothing(patch: Patch) -> None:
    """Leave the kernel as it is."""


def _swapped_sub_tiles(patch: Patch) -> None:
    """PV multiplies each part of P with the rows of V of another."""
    emit_pv_sub, s1_row = kernel_cube.emit_pv_sub, kernel_cube.Cube.s1_row

    def swapped_row(cube: kernel_cube.Cube, s1_tile: Scalar | int, sub: int) -> Scalar | int:
        return s1_row(cube, s1_tile, cube.last_sub - sub)

    def swapped(cube: kernel_cube.Cube, s1_tile: Scalar, sub: int) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(kernel_cube.Cube, "s1_row", swapped_row)
            emit_pv_sub(cube, s1_tile, sub)

    patch.setattr(kernel_cube, "emit_pv_sub", swapped)


def _ring_slot_off_by_one(patch: Patch) -> None:
    """The accumulation rescales with the factor of the next tile."""
    copy_factors = kernel_vector.copy_factors

    def from_next(vector: kernel_vector.Vector, slot: Slot, factors: Sequence[kernel_parts.RowState]) -> None:
        copy_factors(vector, (slot + 1) % vector.config.exp_ring, factors)

    patch.setattr(kernel_vector, "copy_factors", from_next)


def _missing_scale(patch: Patch) -> None:
    """Scores are not divided by sqrt(128)."""
    patch.setattr(kernel_vector, "SCALE", 1.0)


def _scale_one_percent_more(patch: Patch) -> None:
    """Scores are scaled by 1 % too much."""
    patch.setattr(kernel_vector, "SCALE", 1.01 * SCALE)


def _one_pop_too_many(patch: Patch) -> None:
    """After its last tile a vector core waits for another PV."""
    store_output = kernel_vector.store_output

    def popping(vector: kernel_vector.Vector, block: Scalar) -> None:
        vector.fifos.pv.pop()
        vector.fifos.pv.free()
        store_output(vector, block)

    patch.setattr(kernel_vector, "store_output", popping)


def _rows_beyond_v(patch: Patch) -> None:
    """Every tile of K and V is read one tile too far."""
    patch.setattr(kernel_cube.Cube, "s1_row", lambda cube, s1_tile, sub: (s1_tile + 1) * CONFIG.s1_tile + sub * CUBE_S1)


def _broken(fault: Callable[[Patch], None], directory: Path, monkeypatch: Patch) -> AttentionBackend:
    with monkeypatch.context() as patch:
        fault(patch)
        return _build(directory)


def test_the_kernel_as_it_is_has_headroom_on_all_kinds(tmp_path: Path, monkeypatch: Patch) -> None:
    backend = _broken(_nothing, tmp_path, monkeypatch)
    for s1, kind in itertools.product((1024, 8192), INPUT_KINDS):
        found = check_result(backend, make_inputs(kind, 256, s1, seed=0), seed=0)
        assert found.ok, kind
        assert found.excess <= 1 / 4, (s1, kind, found.describe())


@pytest.mark.parametrize("fault", [_swapped_sub_tiles, _ring_slot_off_by_one, _missing_scale, _scale_one_percent_more])
def test_wrong_numbers_are_found(fault: Callable[[Patch], None], tmp_path: Path, monkeypatch: Patch) -> None:
    backend = _broken(fault, tmp_path, monkeypatch)
    for s1, kind in itertools.product((1024, 32768), ("normal", BENCHMARK_KIND)):
        found = check_result(backend, make_inputs(kind, 128, s1, seed=0), seed=0)
        assert not found.ok
        assert found.wrong_rows > 64


def test_a_pop_too_many_ends_with_the_deadlock_report(tmp_path: Path, monkeypatch: Patch) -> None:
    backend = _broken(_one_pop_too_many, tmp_path, monkeypatch)
    inputs = make_inputs("normal", 128, 768, seed=0)
    with pytest.raises(KernelError, match=r"deadlock.*vec0 waits at fa_s1tile256\.cpp:\d+ in TPOP number 3 of FIFO"):
        backend.launch(inputs.q, inputs.k, inputs.v)


def test_reading_beyond_an_operand_is_reported_not_a_crash(tmp_path: Path, monkeypatch: Patch) -> None:
    backend = _broken(_rows_beyond_v, tmp_path, monkeypatch)
    inputs = make_inputs("normal", 128, 768, seed=0)
    with pytest.raises(KernelError, match=r"(?i)global memory|out of bounds|outside"):
        backend.launch(inputs.q, inputs.k, inputs.v)
