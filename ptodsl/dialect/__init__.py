"""The `pto` MLIR dialect: types, attributes and operations of the PTO tile ISA, on xDSL.

Tile operations are destination-passing: `pto.OP ins(a, b : ta, tb) outs(d : td)`. This package re-exports all that
builders, passes and printers need; `PtoDialect` registers it, `context()` has it and the dialects that it builds on.
"""

from xdsl.context import Context
from xdsl.dialects.arith import Arith
from xdsl.dialects.builtin import Builtin
from xdsl.dialects.func import Func
from xdsl.dialects.scf import Scf
from xdsl.ir import Dialect

from ptodsl.dialect.attributes import (
    SPLITS,
    EventAttr,
    KernelKind,
    KernelKindAttr,
    Layout,
    LayoutAttr,
    Pipe,
    PipeAttr,
    RoundMode,
    RoundModeAttr,
    SaturationMode,
    SaturationModeAttr,
    Split,
    round_mode,
)
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
from ptodsl.dialect.conversions import CONVERSIONS, Conversion, Saturation
from ptodsl.dialect.cube import (
    RESULT_TYPES,
    TMatmulAccOp,
    TMatmulBiasOp,
    TMatmulOp,
    check_matmul,
)
from ptodsl.dialect.effects import (
    ACCESSES,
    MOVE_PIPES,
    PIPES,
    PUSH_PIPES,
    STORE_PIPES,
    Access,
    Effects,
    effects_of,
    pipe_of,
    touches_memory,
    uses_library_scratch,
)
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
from ptodsl.dialect.fifo import (
    CUBE_TO_VECTOR,
    DIRECTIONS,
    VECTOR_TO_CUBE,
    FifoOp,
    InitializeL2G2LPipeOp,
    TAllocOp,
    TFreeOp,
    TPopOp,
    TPushOp,
    entry_bytes,
    flag_problem,
)
from ptodsl.dialect.gm_type import (
    MAX_RANK,
    PartitionTensorViewType,
    PipeType,
    PtrType,
    TensorViewType,
    ViewSpec,
)
from ptodsl.dialect.move import (
    ACC_MOVE_TYPES,
    ACC_STORE_TYPES,
    MOVES,
    TExtractOp,
    TLoadOp,
    TMovOp,
    TStoreOp,
)
from ptodsl.dialect.pointer import (
    AddPtrOp,
    LoadScalarOp,
    StoreScalarOp,
)
from ptodsl.dialect.reduce import (
    ColExpandBinaryOp,
    ColReduceOp,
    RowExpandBinaryOp,
    RowReduceOp,
    TColExpandAddOp,
    TColExpandDivOp,
    TColExpandMaxOp,
    TColExpandMinOp,
    TColExpandMulOp,
    TColExpandOp,
    TColExpandSubOp,
    TColMaxOp,
    TColMinOp,
    TColSumOp,
    TRowExpandAddOp,
    TRowExpandDivOp,
    TRowExpandMaxOp,
    TRowExpandMinOp,
    TRowExpandMulOp,
    TRowExpandOp,
    TRowExpandSubOp,
    TRowMaxOp,
    TRowMinOp,
    TRowSumOp,
)
from ptodsl.dialect.sync import (
    BarrierOp,
    DynamicFlagOp,
    FlagOp,
    SetFlagDynOp,
    SetFlagOp,
    WaitFlagDynOp,
    WaitFlagOp,
)
from ptodsl.dialect.syntax import DpsOp
from ptodsl.dialect.tile import (
    AllocTileOp,
    SubviewOp,
    TReshapeOp,
    row_distance,
    window_type,
)
from ptodsl.dialect.tile_type import (
    DEFAULT_LAYOUTS,
    PADS,
    BLayout,
    Compact,
    Loc,
    Pad,
    SLayout,
    TileBufType,
    TileSpec,
)
from ptodsl.dialect.vector import (
    ARITHMETIC_TYPES,
    BIT_TYPES,
    FLOAT_TYPES,
    BinaryOp,
    TAbsOp,
    TAddOp,
    TAddsOp,
    TAndOp,
    TCvtOp,
    TDivOp,
    TExpandsOp,
    TExpOp,
    TileScalarOp,
    TLogOp,
    TMaxOp,
    TMinOp,
    TMulOp,
    TMulsOp,
    TNegOp,
    TOrOp,
    TRecipOp,
    TReluOp,
    TRsqrtOp,
    TSqrtOp,
    TSubOp,
    TXorOp,
    UnaryOp,
)
from ptodsl.dialect.view import (
    DeclareGlobalOp,
    MakeTensorViewOp,
    PartitionViewOp,
    check_sizes,
    layout_of,
    static_shape,
)

# fmt: off
PtoDialect = Dialect(
    "pto",
    [
        AddPtrOp, AllocTileOp, BarrierOp, DeclareGlobalOp, GetBlockIdxOp, GetBlockNumOp, GetSubblockIdxOp,
        GetSubblockNumOp, InitializeL2G2LPipeOp, LoadScalarOp, MakeTensorViewOp, PartitionViewOp, PrintOp,
        SectionCubeOp, SectionVectorOp, SetFftsOp, SetFlagDynOp, SetFlagOp, StoreScalarOp, SubviewOp, TAbsOp, TAddOp,
        TAddsOp, TAllocOp, TAndOp, TColExpandAddOp, TColExpandDivOp, TColExpandMaxOp, TColExpandMinOp, TColExpandMulOp,
        TColExpandOp, TColExpandSubOp, TColMaxOp, TColMinOp, TColSumOp, TCvtOp, TDivOp, TExpandsOp, TExpOp, TExtractOp,
        TFreeOp, TLoadOp, TLogOp, TMatmulAccOp, TMatmulBiasOp, TMatmulOp, TMaxOp, TMinOp, TMovOp, TMulOp,
        TMulsOp, TNegOp, TOrOp, TPopOp, TPrintOp, TPushOp, TRecipOp, TReluOp, TReshapeOp, TRowExpandAddOp,
        TRowExpandDivOp, TRowExpandMaxOp, TRowExpandMinOp, TRowExpandMulOp, TRowExpandOp, TRowExpandSubOp,
        TRowMaxOp, TRowMinOp, TRowSumOp, TRsqrtOp, TSqrtOp, TStoreOp, TSubOp, TXorOp, WaitFlagDynOp, WaitFlagOp,
    ],
    [
        EventAttr, KernelKindAttr, LayoutAttr, PartitionTensorViewType, PipeAttr, PipeType, PtrType, RoundModeAttr,
        SaturationModeAttr, TensorViewType, TileBufType,
    ],
)


def context() -> Context:
    """A context that knows `pto` and the dialects its modules use: builtin, func, scf, arith."""
    result = Context()
    for dialect in (Builtin, Func, Scf, Arith, PtoDialect):
        result.load_dialect(dialect)
    return result


__all__ = [
    "ACCESSES", "ACC_MOVE_TYPES", "ACC_STORE_TYPES", "ARITHMETIC_TYPES", "BIT_TYPES", "CONVERSIONS", "CUBE_TO_VECTOR",
    "DEFAULT_LAYOUTS", "DIRECTIONS", "DYNAMIC", "ELEMENT_TYPES", "FFTS_TYPE", "FFTS_WORDS", "FLOAT_TYPES", "MAX_RANK",
    "MOVES", "MOVE_PIPES", "PADS", "PIPES", "PUSH_PIPES", "RESULT_TYPES", "SPLITS", "STORE_PIPES", "VECTOR_TO_CUBE",
    "Access", "AddPtrOp", "AllocTileOp", "BLayout", "BarrierOp", "BinaryOp", "ColExpandBinaryOp", "ColReduceOp",
    "Compact", "Conversion", "CoreIdentityOp", "DeclareGlobalOp", "DpsOp", "DynamicFlagOp", "Effects", "ElementType",
    "EventAttr", "FifoOp", "FlagOp", "GetBlockIdxOp", "GetBlockNumOp", "GetSubblockIdxOp", "GetSubblockNumOp",
    "InitializeL2G2LPipeOp", "KernelKind", "KernelKindAttr", "Layout", "LayoutAttr", "LoadScalarOp", "Loc",
    "MakeTensorViewOp", "Pad", "PartitionTensorViewType", "PartitionViewOp", "Pipe", "PipeAttr", "PipeType", "PrintOp",
    "PtoDialect", "PtrType", "RoundMode", "RoundModeAttr", "RowExpandBinaryOp", "RowReduceOp", "SLayout", "Saturation",
    "SaturationMode", "SaturationModeAttr", "SectionCubeOp", "SectionOp", "SectionVectorOp", "SetFftsOp",
    "SetFlagDynOp", "SetFlagOp", "Split", "StoreScalarOp", "SubviewOp", "TAbsOp", "TAddOp", "TAddsOp", "TAllocOp",
    "TAndOp", "TColExpandAddOp", "TColExpandDivOp", "TColExpandMaxOp", "TColExpandMinOp", "TColExpandMulOp",
    "TColExpandOp", "TColExpandSubOp", "TColMaxOp", "TColMinOp", "TColSumOp", "TCvtOp", "TDivOp", "TExpOp",
    "TExpandsOp", "TExtractOp", "TFreeOp", "TLoadOp", "TLogOp", "TMatmulAccOp", "TMatmulBiasOp", "TMatmulOp", "TMaxOp",
    "TMinOp", "TMovOp", "TMulOp", "TMulsOp", "TNegOp", "TOrOp", "TPopOp", "TPrintOp", "TPushOp", "TRecipOp", "TReluOp",
    "TReshapeOp", "TRowExpandAddOp", "TRowExpandDivOp", "TRowExpandMaxOp", "TRowExpandMinOp", "TRowExpandMulOp",
    "TRowExpandOp", "TRowExpandSubOp", "TRowMaxOp", "TRowMinOp", "TRowSumOp", "TRsqrtOp", "TSqrtOp", "TStoreOp",
    "TSubOp", "TXorOp", "TensorViewType", "TileBufType", "TileScalarOp", "TileSpec", "UnaryOp", "ViewSpec",
    "WaitFlagDynOp", "WaitFlagOp", "check_matmul", "check_sizes", "context", "effects_of", "element_bytes",
    "element_name", "element_type", "entry_bytes", "flag_problem", "layout_of", "pipe_of", "round_mode",
    "row_distance", "static_shape", "touches_memory", "ui8", "ui16", "ui32", "uses_library_scratch", "window_type",
]
# fmt: on
