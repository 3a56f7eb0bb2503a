"""The `pto` MLIR dialect: types, attributes and operations of the PTO tile ISA, on xDSL.

Tile operations are destination-passing: `pto.OP ins(a, b : ta, tb) outs(d : td)`. This package re-exports all that
builders, passes and printers need; `PtoDialect` registers it, `context()` has it and the dialects that it builds on.
"""

from collections.abc import Iterable

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func
from xdsl.dialects.scf import Scf
from xdsl.ir import Dialect, Operation

from ptodsl.dialect.arrays import (
    DeclareEventIdArrayOp,
    DeclareLocalArrayOp,
    EventIdArrayGetOp,
    EventIdArraySetOp,
    EventIdArrayType,
    LocalArrayGetOp,
    LocalArraySetOp,
    LocalArrayType,
)
from ptodsl.dialect.attributes import (
    SPLITS,
    AddressSpace,
    AddressSpaceAttr,
    CmpMode,
    CmpModeAttr,
    EventAttr,
    KernelKind,
    KernelKindAttr,
    Layout,
    LayoutAttr,
    MaskPattern,
    MaskPatternAttr,
    Pipe,
    PipeAttr,
    QuantType,
    QuantTypeAttr,
    RoundMode,
    RoundModeAttr,
    SaturationMode,
    SaturationModeAttr,
    Split,
    round_mode,
    to_enum,
)
from ptodsl.dialect.checks import signless
from ptodsl.dialect.control import (
    FFTS_TYPE,
    FFTS_WORDS,
    CoreIdentityOp,
    GetBlockIdxOp,
    GetBlockNumOp,
    GetSubblockIdxOp,
    GetSubblockNumOp,
    PrintOp,
    SectionCubeOp,
    SectionOp,
    SectionVectorOp,
    SetFftsOp,
    TPrintOp,
)
from ptodsl.dialect.convert import CONVERSIONS, TCvtOp
from ptodsl.dialect.cross_core import FFTS_MODE, CrossCoreFlagOp, SyncSetOp, SyncWaitOp
from ptodsl.dialect.cube import PRODUCT_OPS, RESULT_TYPES, ProductOp
from ptodsl.dialect.effects import (
    Effects,
    TileEffects,
    effects_of,
    pipe_of,
    row_of,
    touches_memory,
    uses_library_scratch,
)
from ptodsl.dialect.elementary import GetValidShapeOp, SetValidShapeOp, TCiOp, TGetValOp, TSetValOp
from ptodsl.dialect.elements import (
    DYNAMIC,
    ELEMENT_TYPES,
    ElementType,
    element_bytes,
    element_name,
    element_type,
    ui8,
    ui16,
    ui32,
)
from ptodsl.dialect.event_names import PIPE_OF_OPERATION, BarrierSyncOp, RecordEventOp, WaitEventOp
from ptodsl.dialect.fifo import FifoOp, TAllocOp, TFreeOp, TPopOp, TPushOp, entry_bytes
from ptodsl.dialect.fifo_handle import (
    BOTH_WAYS,
    CUBE_TO_VECTOR,
    DIRECTIONS,
    VECTOR_TO_CUBE,
    WAYS,
    InitializeL2G2LPipeOp,
    flag_problem,
)
from ptodsl.dialect.gm_gather import GATHER_ATTRIBUTES, MGatherOp, MScatterOp, TPrefetchOp
from ptodsl.dialect.gm_type import MAX_RANK, PartitionTensorViewType, PipeType, PtrType, TensorViewType, ViewSpec
from ptodsl.dialect.limits import DeviceLimit
from ptodsl.dialect.mode_attributes import MODE_ATTRIBUTES, PRECISIONS, AtomicType, Phase, Precision, ReluPreMode
from ptodsl.dialect.move import (
    TExtractFpOp,
    TExtractOp,
    TInsertFpOp,
    TInsertOp,
    TLoadOp,
    TMovFpOp,
    TMovOp,
    TStoreFpOp,
    TStoreOp,
)
from ptodsl.dialect.move_rules import ACC_MOVE_TYPES, ACC_STORE_TYPES, MOVES
from ptodsl.dialect.multi_tile import AllocMultiTileOp, MultiTileBufType, MultiTileGetOp, MultiTileSpec
from ptodsl.dialect.pointer import AddPtrOp, IntToPtrOp, LoadScalarOp, PtrToIntOp, StoreScalarOp
from ptodsl.dialect.row_op import RowOp
from ptodsl.dialect.sync import (
    BarrierOp,
    DynamicFlagOp,
    FlagOp,
    PipeBarrierOp,
    SetFlagDynOp,
    SetFlagOp,
    WaitFlagDynOp,
    WaitFlagOp,
)
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile import (
    AllocationOp,
    AllocTileOp,
    DeclareTileOp,
    SubviewOp,
    TReshapeOp,
    row_distance,
    window_type,
)
from ptodsl.dialect.tile_fifo import (
    AicInitializePipeOp,
    AivInitializePipeOp,
    ImportReservedBufferOp,
    ReserveBufferOp,
    TileFifoOp,
)
from ptodsl.dialect.tile_fifo_steps import (
    TAllocToAicOp,
    TAllocToAivOp,
    TAllocToOp,
    TFreeFromAicOp,
    TFreeFromAivOp,
    TFreeTileOp,
    TileFifoStepOp,
    TPopFromAicOp,
    TPopFromAivOp,
    TPopTileOp,
    TPushTileOp,
    TPushToAicOp,
    TPushToAivOp,
)
from ptodsl.dialect.tile_type import DEFAULT_LAYOUTS, PADS, BLayout, Compact, Loc, Pad, SLayout, TileBufType, TileSpec
from ptodsl.dialect.upstream import IndexCastUIOp, WhileSyntax
from ptodsl.dialect.vector import VECTOR_OPS, VectorOp, vector_op
from ptodsl.dialect.view import (
    DeclareGlobalOp,
    MakeTensorViewOp,
    PartitionViewOp,
    check_sizes,
    do_not_infer_layouts,
    layout_of,
    static_shape,
)
from ptodsl.dialect.whole_core import SyncAllModeAttr, SyncAllOp, SyncCoreTypeAttr, TrapOp, TSyncOp

# fmt: off
PtoDialect = Dialect(
    "pto",
    [
        AddPtrOp, AllocMultiTileOp, AllocTileOp, BarrierOp, DeclareEventIdArrayOp, DeclareGlobalOp, DeclareTileOp,
        EventIdArrayGetOp, EventIdArraySetOp, MultiTileGetOp, GetBlockIdxOp, GetBlockNumOp, GetSubblockIdxOp,
        GetSubblockNumOp, InitializeL2G2LPipeOp, LoadScalarOp, MakeTensorViewOp, PartitionViewOp, PrintOp,
        SectionCubeOp, SectionVectorOp, SetFftsOp, SetFlagDynOp, SetFlagOp, StoreScalarOp, SubviewOp, TAllocOp, TCvtOp,
        TExtractOp, TFreeOp, TLoadOp, TMovOp, TPopOp, TPrintOp, TPushOp,
        TReshapeOp, TStoreOp, WaitFlagDynOp, WaitFlagOp,
        BarrierSyncOp, RecordEventOp, WaitEventOp, SyncSetOp, SyncWaitOp,
        DeclareLocalArrayOp, IntToPtrOp, LocalArrayGetOp, LocalArraySetOp, PtrToIntOp,
        AicInitializePipeOp, AivInitializePipeOp, ImportReservedBufferOp, ReserveBufferOp, TFreeFromAicOp,
        TAllocToAicOp, TAllocToAivOp, TFreeFromAivOp, TPopFromAicOp, TPopFromAivOp, TPushToAicOp, TPushToAivOp,
        GetValidShapeOp, SetValidShapeOp, TCiOp, TGetValOp, TInsertOp, TSetValOp,
        TExtractFpOp, TInsertFpOp, TMovFpOp, TStoreFpOp,
        MGatherOp, MScatterOp, SyncAllOp, TPrefetchOp, TrapOp, TSyncOp,
        *VECTOR_OPS.values(), *PRODUCT_OPS.values(),
    ],
    [
        AddressSpaceAttr, CmpModeAttr, MaskPatternAttr, QuantTypeAttr,
        EventAttr, EventIdArrayType, KernelKindAttr, LayoutAttr, LocalArrayType, MultiTileBufType,
        PartitionTensorViewType, PipeAttr, PipeType, PtrType, RoundModeAttr,
        SaturationModeAttr, TensorViewType, TileBufType, *MODE_ATTRIBUTES,
        *GATHER_ATTRIBUTES, SyncAllModeAttr, SyncCoreTypeAttr,
    ],
)
# fmt: on


def context(operations: Iterable[type[Operation]] = ()) -> Context:
    """A context that knows `pto` and the dialects its modules use: builtin, func, scf, arith; and `operations`."""
    result = Context()
    for dialect in (Builtin, Func, Scf, Arith, PtoDialect):
        result.load_dialect(dialect)
    result.load_op(IndexCastUIOp)
    for operation in operations:
        result.load_op(operation)
    return result
