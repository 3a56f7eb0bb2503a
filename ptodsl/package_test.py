"""Tests of the package itself: what importing it costs, and what it says about what it does not have."""

import subprocess
import sys

import pytest

import ptodsl
from ptodsl import do_bench, jit, pto, scalar, tile, to_ir_module

TILE_NAMES = """mov add sub mul div max min exp log relu abs sqrt rsqrt reciprocal matmul matmul_bias matmul_acc
extract row_sum row_max row_min row_expand row_expand_add row_expand_sub row_expand_mul row_expand_div row_expand_max
row_expand_min col_sum col_max col_min col_expand reshape muls adds cvt subview or_ and_ xor print"""

SCALAR_NAMES = "const index_cast ceil_div div_s rem_s min_u eq lt gt ge select truncf"

PTO_NAMES = """float16 float32 int8 int16 int32 int64 bool PtrType TensorType SubTensorType TileBufType TileBufConfig
ffts_type get_block_idx get_block_num get_subblock_idx get_subblock_num add_ptr as_tensor slice_view alloc_tile
declare_global load store load_scalar range if_context cond call set_ffts vector_section cube_section
initialize_l2g2l_pipe talloc tpush tpop_into tpop tfree print record_event wait_event record_wait_pair barrier func"""


@pytest.mark.parametrize(
    ("module", "names"), [(pto, PTO_NAMES), (tile, TILE_NAMES), (scalar, SCALAR_NAMES)], ids=["pto", "tile", "scalar"]
)
def test_the_names_of_pto_dsl_are_there(module: object, names: str) -> None:
    assert [name for name in names.split() if not hasattr(module, name)] == []


def test_importing_the_package_loads_no_dialect() -> None:
    code = "import sys, ptodsl; sys.exit('xdsl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("function", [jit, do_bench])
def test_what_needs_a_device_says_so(function: object) -> None:
    assert callable(function)
    with pytest.raises(NotImplementedError, match=r"is not available: it .* NPU"):
        function()


def test_unknown_names_are_attribute_errors() -> None:
    assert callable(to_ir_module)
    with pytest.raises(AttributeError, match="module 'ptodsl' has no attribute 'jitter'"):
        _ = ptodsl.jitter
