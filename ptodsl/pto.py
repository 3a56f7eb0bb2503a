"""The `pto` module of the Python API: types, functions, GM memory, control flow, FIFOs and synchronisation."""

from ptodsl.control import cond, cube_section, if_context, vector_section
from ptodsl.control import loop as range
from ptodsl.decorators import func
from ptodsl.dialect import FFTS_TYPE as ffts_type
from ptodsl.events import (
    PIPE_ALL,
    PIPE_FIX,
    PIPE_M,
    PIPE_MTE1,
    PIPE_MTE2,
    PIPE_MTE3,
    PIPE_S,
    PIPE_V,
    barrier,
    record_event,
    record_wait_pair,
    sync_set,
    sync_wait,
    wait_event,
)
from ptodsl.fifo import initialize_l2g2l_pipe, talloc, tfree, tpop, tpop_into, tpush
from ptodsl.memory import (
    add_ptr,
    alloc_tile,
    as_tensor,
    declare_global,
    declare_tile,
    get_block_idx,
    get_block_num,
    get_subblock_idx,
    get_subblock_num,
    load,
    load_scalar,
    set_ffts,
    slice_view,
    store,
)
from ptodsl.memory import print_scalar as print
from ptodsl.module import call
from ptodsl.multi import alloc_multi_tile, declare_eventid_array, multi_tile_get
from ptodsl.tile_fifo import (
    aic_initialize_pipe,
    aiv_initialize_pipe,
    import_reserved_buffer,
    reserve_buffer,
    tfree_from_aic,
    tfree_from_aiv,
    tpop_from_aic,
    tpop_from_aiv,
    tpush_to_aic,
    tpush_to_aiv,
)
from ptodsl.types import (
    TileBufConfig,
    bfloat16,
    float16,
    float32,
    index,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
)
from ptodsl.types import boolean as bool
from ptodsl.types import make_multi_tile_type as MultiTileBufType
from ptodsl.types import make_ptr_type as PtrType
from ptodsl.types import make_sub_tensor_type as SubTensorType
from ptodsl.types import make_tensor_type as TensorType
from ptodsl.types import make_tile_type as TileBufType
from ptodsl.values import Value
from ptodsl.values import wrap as wrap_value
