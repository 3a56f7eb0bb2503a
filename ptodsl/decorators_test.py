"""Tests of pto-dsl's decorators: kernels written for it build, and leave no trace in their file's globals."""

# ruff: noqa: F821 - names that are strings in annotations are entries of meta_data

from __future__ import annotations

from typing import Any

import pytest

from ptodsl import pto, scalar, tile, to_ir_module
from ptodsl.errors import DslError
from ptodsl.printing import IrModule, module_text

tile_type: Any = None  # as kernels for pto-dsl declare what meta_data provides
part: Any = None


def _meta_data() -> dict[str, Any]:
    dtype = pto.float32
    return {
        "ptr": pto.PtrType(dtype),
        "count": pto.int64,
        "view": pto.TensorType(rank=2, dtype=dtype),
        "part": pto.SubTensorType(shape=[32, 64], dtype=dtype),
        "tile_type": pto.TileBufType(shape=[32, 64], dtype=dtype, memory_space="VEC"),
    }


def _allocate() -> Any:
    return pto.alloc_tile(tile_type)


def _window(source: Any, number: Any) -> Any:
    return pto.slice_view(part, source=source, offsets=[number * 32, 0], sizes=[32, 64])


def _copy_kernel() -> IrModule:
    @to_ir_module(meta_data=_meta_data)
    def copy(x: "ptr", y: "ptr", rows: "count") -> None:  # type: ignore[name-defined]  # noqa: UP037
        with pto.vector_section():
            n = scalar.index_cast(rows)
            buffer = _allocate()
            source, target = (
                pto.as_tensor(view, ptr=p, shape=[n, 64], strides=[64, 1])  # type: ignore[name-defined]
                for p in (x, y)
            )
            for i in pto.range(scalar.const(0), n // 32, scalar.const(1)):
                pto.load(_window(source, i), buffer)
                tile.relu(buffer, buffer)
                pto.store(buffer, _window(target, i))

    return copy


def test_a_single_function_becomes_the_entry() -> None:
    text = module_text(_copy_kernel(), locations=False)
    assert "func.func @copy(%x: !pto.ptr<f32>, %y: !pto.ptr<f32>, %rows: i64) attributes {pto.entry}" in text
    assert "pto.trelu" in text


def test_globals_are_as_before() -> None:
    _copy_kernel()
    assert tile_type is None
    assert part is None
    assert not {"ptr", "count", "view"} & set(globals())


def test_globals_are_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):

        @to_ir_module(meta_data=_meta_data)
        def broken(x: "ptr") -> None:  # type: ignore[name-defined]  # noqa: UP037
            1 / 0

    assert tile_type is None
    assert "ptr" not in globals()


def test_a_module_has_kernels_and_an_entry_that_calls_them() -> None:
    @to_ir_module(meta_data=_meta_data, module=True)
    def module() -> None:
        @pto.func(kernel="cube")
        def cube_kernel(x: "ptr") -> None:  # type: ignore[name-defined]  # noqa: UP037
            pto.get_block_idx()

        @pto.func(kernel="vector")
        def vector_kernel(x: pto.PtrType(pto.float32)) -> None:  # type: ignore[valid-type]
            pto.get_subblock_idx()

        @pto.func
        def call_both(ffts: pto.ffts_type, x: "ptr") -> None:  # type: ignore[name-defined,valid-type]  # noqa: UP037
            pto.set_ffts(ffts)
            pto.call(cube_kernel, x)
            pto.call(vector_kernel, x)

    lines = [line.strip() for line in module_text(module, locations=False).splitlines()]
    assert [line.split("(")[0] for line in lines if line.startswith(("func.func", "func.call"))] == [
        "func.func @cube_kernel",
        "func.func @vector_kernel",
        "func.func @call_both",
        "func.call @cube_kernel",
        "func.call @vector_kernel",
    ]
    assert lines[1].endswith("attributes {pto.kernel_kind = #pto.kernel_kind<cube>} {")


def test_an_unknown_annotation_names_what_meta_data_has() -> None:
    with pytest.raises(DslError, match=r"parameter x of kernel: 'pointer' is neither in meta_data \(ptr, count"):

        @to_ir_module(meta_data=_meta_data)
        def kernel(x: "pointer") -> None:  # type: ignore[name-defined]  # noqa: UP037
            pass


def test_an_annotation_that_names_itself_is_refused() -> None:
    with pytest.raises(DslError, match="parameter x of kernel is annotated with 'count'"):

        @to_ir_module(meta_data=lambda: {"count": "count"})
        def kernel(x: "count") -> None:  # type: ignore[name-defined]  # noqa: UP037
            pass


@pytest.mark.parametrize("names", [3, None, ["ptr"], {1: "ptr"}])
def test_meta_data_that_names_nothing_is_refused(names: Any) -> None:
    with pytest.raises(DslError, match=r"decorators_test\.py:\d+: meta_data returns .*; it must return a dictionary"):
        to_ir_module(meta_data=lambda: names)(lambda: None)


def test_a_missing_annotation_is_refused() -> None:
    with pytest.raises(DslError, match="parameter x of kernel has no annotation"):

        @to_ir_module(meta_data=_meta_data)
        def kernel(x) -> None:  # type: ignore[no-untyped-def]
            pass


def test_func_outside_a_module_is_refused() -> None:
    with pytest.raises(DslError, match="belongs in the body of a function decorated with @to_ir_module"):

        @pto.func
        def kernel() -> None:
            pass


def test_without_brackets_the_function_is_the_entry() -> None:
    @to_ir_module
    def kernel(x: pto.PtrType(pto.float32)) -> None:  # type: ignore[valid-type]
        with pto.vector_section():
            pto.load_scalar(pto.float32, _value(x), 0)

    assert "func.func @kernel(%x: !pto.ptr<f32>) attributes {pto.entry}" in str(kernel)


def test_a_module_needs_no_meta_data_and_functions_may_have_another_symbol() -> None:
    @to_ir_module(module=True)
    def module() -> None:
        @pto.func(name="other", kernel="vector")
        def kernel() -> None:
            pto.get_block_idx()

        @pto.func
        def entry() -> None:
            pto.call(kernel)

    assert [line.split("(")[0].strip() for line in str(module).splitlines() if "@" in line] == [
        "func.func @other",
        "func.func @entry",
        "func.call @other",
    ]


def test_the_result_prints_like_a_module_of_mlir() -> None:
    module = _copy_kernel()
    generic = module.operation.get_asm(print_generic_op_form=True, enable_debug_info=True)
    assert '"pto.trelu"(' in generic
    assert "decorators_test.py" in generic
    assert str(module) == module.operation.get_asm() == module_text(module.op, locations=False)


def _value(value: Any) -> Any:
    return value


def test_a_kernel_is_located_where_it_is_defined_not_where_it_is_built() -> None:
    def kernel() -> None:
        pto.barrier("V")

    line = kernel.__code__.co_firstlineno
    function = next(iter(to_ir_module(kernel).op.ops))
    assert str(function.location) == f'loc("ptodsl/decorators_test.py":{line}:1)'


def test_what_is_no_function_is_located_where_it_is_built() -> None:
    class Kernel:
        def __call__(self) -> None:
            pto.barrier("V")

    assert '"ptodsl/decorators_test.py"' in module_text(to_ir_module(Kernel()))
