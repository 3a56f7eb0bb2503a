"""Tests of the package itself: what importing it costs, and what it says about what it does not have."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module

import pytest

import ptodsl
from ptodsl import do_bench, jit, pto, scalar, tile, to_ir_module

TILE_NAMES = """mov add sub mul div max min exp log relu abs sqrt rsqrt reciprocal matmul matmul_bias matmul_acc
extract row_sum row_max row_min row_expand row_expand_add row_expand_sub row_expand_mul row_expand_div row_expand_max
row_expand_min col_sum col_max col_min col_expand reshape muls adds cvt subview or_ and_ xor print"""

SCALAR_SIGNATURES = """
const(value, type=None)
ceil_div(a, b)
div_s(a, b)
rem_s(a, b)
min_u(a, b)
eq(a, b)
lt(a, b)
gt(a, b)
ge(a, b)
select(cond, true_val, false_val)
truncf(value, target_type)
wrap_value(value)
"""

PTO_SIGNATURES = """
PtrType(dtype)
TensorType(*, rank=None, shape=None, dtype)
SubTensorType(*, shape, dtype)
TileBufConfig(blayout=RowMajor, slayout=NoneBox, s_fractal_size=512, pad=Null)
get_block_idx()
get_subblock_idx()
get_subblock_num()
get_block_num()
set_ffts(ffts)
add_ptr(ptr, offset)
alloc_tile(tile_type, *, addr=None, valid_row=None, valid_col=None)
declare_global(tensor_type)
tpush(tile, pipe_handle, split)
talloc(entry, pipe_handle, split)
tpop_into(entry, pipe_handle, split)
tpop(tile_type, pipe_handle, split, *, addr=None)
declare_tile(tile_type)
tfree(pipe_handle, split, *, entry=None)
load_scalar(result_type, ptr, offset)
load(source, dest)
store(source, dest)
print(format, scalar)
vector_section()
cube_section()
if_context(condition, has_else=False)
record_event(record_op, wait_op, event_id=0)
wait_event(record_op, wait_op, event_id=0)
record_wait_pair(record_op, wait_op, event_id=0)
barrier(sync_op)
wrap_value(value)
"""
"""Signatures of pto-dsl 0.1.2, without annotations and quotes. Ours may make more parameters optional; see below."""

TILE_SIGNATURES = """
mov(source, dest)
add(lhs, rhs, out)
sub(lhs, rhs, out)
div(lhs, rhs, out)
mul(lhs, rhs, out)
or_(lhs, rhs, out)
and_(lhs, rhs, out)
xor(lhs, rhs, tmp, out)
min(lhs, rhs, out)
max(lhs, rhs, out)
exp(inp, out)
log(inp, out)
relu(inp, out)
abs(inp, out)
sqrt(inp, out)
reciprocal(inp, out)
matmul(lhs, rhs, out)
matmul_bias(lhs, rhs, bias, out)
matmul_acc(acc, lhs, rhs, out)
extract(source, index_row, index_col, out)
row_sum(src, tmp, dst)
row_min(src, tmp, dst)
row_max(src, tmp, dst)
row_expand(src, dst)
row_expand_sub(src0, src1, dst)
row_expand_div(src0, src1, dst)
row_expand_add(src0, src1, dst)
row_expand_mul(src0, src1, dst)
row_expand_min(src0, src1, dst)
row_expand_max(src0, src1, dst)
col_min(src, dst)
col_max(src, dst)
col_expand(src, dst)
col_expand_sub(src0, src1, dst)
col_expand_div(src0, src1, dst)
col_expand_mul(src0, src1, dst)
col_expand_min(src0, src1, dst)
col_expand_max(src0, src1, dst)
col_expand_add(src0, src1, dst)
reshape(dst_type, src)
subview(source, offsets, sizes)
muls(src, scalar, dst)
adds(src, scalar, dst)
print(source)
"""

WIDER_SIGNATURES = """
TileBufType(shape, dtype, memory_space, valid_shape, config)
as_tensor(tensor_type, ptr, shape, strides, layout)
slice_view(subtensor_type, source, offsets, sizes)
range(start, stop, step)
cond(condition, then_builder, else_builder)
"""
"""Names and order only: defaults that 0.1.2 does not have, or arguments by position that it takes by name."""

DTYPES = "bool float16 float32 int8 int16 int32 int64 uint8 uint32"


def _signature(function: Callable[..., object]) -> str:
    parameters = [p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values()]
    return str(inspect.Signature(parameters)).replace("'", "")


def _stated(text: str) -> list[tuple[str, str]]:
    return [(line.split("(")[0], line[line.index("(") :]) for line in text.split("\n") if line]


@pytest.mark.parametrize(
    ("module", "signatures"), [(pto, PTO_SIGNATURES), (scalar, SCALAR_SIGNATURES), (tile, TILE_SIGNATURES)]
)
def test_signatures_are_those_of_pto_dsl(module: object, signatures: str) -> None:
    stated = dict(_stated(signatures))
    assert {name: _signature(getattr(module, name)) for name in stated} == stated


def test_parameters_have_the_names_and_the_order_of_pto_dsl() -> None:
    stated = dict(_stated(WIDER_SIGNATURES))
    names = {name: ", ".join(inspect.signature(getattr(pto, name)).parameters) for name in stated}
    assert {name: f"({text})" for name, text in names.items()} == stated
    # Wider by a scratch that a program may give, behind what 0.1.2 has.
    assert list(inspect.signature(tile.rsqrt).parameters) == ["inp", "out", "tmp"]


def test_the_operations_of_pto_dsl_are_there() -> None:
    assert [name for name in TILE_NAMES.split() if not hasattr(tile, name)] == []


def test_element_types_are_in_both_modules() -> None:
    assert all(getattr(pto, name) == getattr(scalar, name) for name in DTYPES.split())
    assert {str(getattr(pto, name)) for name in DTYPES.split()} == set("i1 f16 f32 i8 i16 i32 i64 ui8 ui32".split())


@pytest.mark.parametrize(
    ("module", "name", "same"),
    [
        ("ptodsl.api.pto", "alloc_tile", pto.alloc_tile),
        ("ptodsl.api.tile", "add", tile.add),
        ("ptodsl.api.scalar", "const", scalar.const),
        ("ptodsl.api.control_flow", "range", pto.range),
        ("ptodsl.api.synchronization", "barrier", pto.barrier),
        ("ptodsl.api.type_def", "TileBufType", pto.TileBufType),
        ("ptodsl.compiler.ir", "to_ir_module", to_ir_module),
        ("ptodsl.compiler.jit", "jit", jit),
        ("ptodsl.bench", "do_bench", do_bench),
        ("ptodsl.utils.bench", "do_bench", do_bench),
        ("ptodsl.utils.npu_info", "get_num_cube_cores", ptodsl.get_num_cube_cores),
        ("ptodsl.npu_info", "get_num_vec_cores", ptodsl.get_num_vec_cores),
    ],
)
def test_submodules_have_the_same_functions(module: str, name: str, same: object) -> None:
    assert getattr(import_module(module), name) is same


def test_without_a_device_the_cores_are_those_of_an_a3_die(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert (ptodsl.get_num_cube_cores(), ptodsl.get_num_vec_cores()) == (24, 48)
    assert ptodsl.get_test_device() == "cpu"


def test_modules_are_there_after_importing_the_package_alone() -> None:
    code = "import ptodsl; print(ptodsl.pto.range.__name__, ptodsl.tile.add.__name__, ptodsl.scalar.const.__name__)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["loop", "add", "const"]


def test_importing_the_package_loads_no_dialect() -> None:
    code = "import sys, ptodsl; sys.exit('xdsl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("function", [jit, do_bench])
def test_without_the_assembler_jit_says_what_to_depend_on(
    function: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ptodsl.device.import_module", lambda name: import_module("a_room_that_is_not_there"))
    with pytest.raises(ImportError, match=r"cannot be loaded .*: ptodsl is here without the assembler .*//jit"):
        function()


def test_unknown_names_are_attribute_errors() -> None:
    assert callable(to_ir_module)
    with pytest.raises(AttributeError, match="module 'ptodsl' has no attribute 'jitter'"):
        _ = ptodsl.jitter
