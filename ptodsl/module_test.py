"""Tests of modules and functions built with ModuleBuilder."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import UnitAttr
from xdsl.dialects.func import FuncOp

from ptodsl import pto
from ptodsl.dialect import KernelKind, KernelKindAttr
from ptodsl.errors import DslError
from ptodsl.module import ENTRY, KERNEL_KIND, FuncRef, ModuleBuilder
from ptodsl.printing import module_text
from ptodsl.values import Pointer, Scalar

PTR = pto.PtrType(pto.float32)


def _functions(module: ModuleBuilder) -> list[FuncOp]:
    return [op for op in module.finish().body.block.ops if isinstance(op, FuncOp)]


def test_functions_have_the_attributes_of_their_kind() -> None:
    module = ModuleBuilder()
    with module.function("c", {}, kernel="cube"):
        pass
    with module.function("v", {}, kernel="vector"):
        pass
    with module.function("e", {}):
        pass
    cube, vector, entry = _functions(module)
    assert cube.attributes == {KERNEL_KIND: KernelKindAttr(KernelKind.CUBE)}
    assert vector.attributes == {KERNEL_KIND: KernelKindAttr(KernelKind.VECTOR)}
    assert entry.attributes == {ENTRY: UnitAttr()}


def test_arguments_come_by_name_and_in_order() -> None:
    module = ModuleBuilder()
    with module.function("main", {"x": PTR, "n": pto.int64}) as args:
        x, n = args
        assert isinstance(x, Pointer)
        assert isinstance(n, Scalar)
        assert args["x"].ssa is x.ssa
        assert args.scalar("n").ssa is n.ssa
    (function,) = _functions(module)
    assert [arg.name_hint for arg in function.body.block.args] == ["x", "n"]


def test_an_entry_calls_its_kernels() -> None:
    module = ModuleBuilder()
    with module.function("kernel", {"x": PTR}, kernel="cube") as args:
        pass
    with module.function("main", {"ffts": pto.ffts_type, "x": PTR}) as entry:
        pto.set_ffts(entry["ffts"])
        pto.call(args.function, entry["x"])
    text = module_text(module.finish(), locations=False)
    assert "pto.set_ffts %ffts : memref<256xi64>" in text
    assert "func.call @kernel(%x) : (!pto.ptr<f32>) -> ()" in text


def test_a_call_with_wrong_arguments_is_refused() -> None:
    module = ModuleBuilder()
    with module.function("kernel", {"x": PTR}, kernel="cube") as args:
        pass
    with pytest.raises(DslError, match=r"kernel takes \(!pto.ptr<f32>\), not \(i64\)"):
        with module.function("main", {"n": pto.int64}) as entry:
            pto.call(args.function, entry["n"])


def test_names_are_unique_kinds_known_and_functions_side_by_side() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        pass
    with pytest.raises(DslError, match="already has a function main"), module.function("main", {}):
        pass
    with pytest.raises(DslError, match="kernel is 'dsp', but must be one of cube, vector"):
        with module.function("other", {}, kernel="dsp"):
            pass
    with pytest.raises(DslError, match="functions of a module stand side by side"), module.function("outer", {}):
        with module.function("inner", {}):
            pass


def test_sections_hold_what_one_kind_of_core_runs() -> None:
    module = ModuleBuilder()
    with module.function("main", {}):
        with pto.vector_section():
            pto.get_subblock_idx()
        with pto.cube_section():
            pto.get_block_idx()
    text = module_text(module.finish(), locations=False)
    names = [line.split()[-2 if line.endswith("{") else -1] for line in text.splitlines() if "pto." in line][1:]
    assert names == ["pto.section.vector", "pto.get_subblock_idx", "pto.section.cube", "pto.get_block_idx"]


@pytest.mark.parametrize("by_name", [FuncRef("kernel"), "kernel"])
def test_a_function_may_be_called_by_name(by_name: FuncRef | str) -> None:
    module = ModuleBuilder()
    with module.function("kernel", {"x": PTR}, kernel="cube"):
        pass
    with module.function("main", {"x": PTR}) as entry:
        pto.call(by_name, entry["x"])
    assert "func.call @kernel(%x) : (!pto.ptr<f32>) -> ()" in module_text(module.finish(), locations=False)


@pytest.mark.parametrize(
    ("callee", "message"),
    [(3, r"needs a function of pto\.func, or the name of one, not 3"), ("nowhere", "'@nowhere' could not be found")],
)
def test_what_is_no_function_is_not_called(callee: str, message: str) -> None:
    with ModuleBuilder().function("main", {}), pytest.raises(DslError, match=message):
        pto.call(callee)
