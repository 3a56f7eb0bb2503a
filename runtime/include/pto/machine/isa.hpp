// Generated from isa/ by `tools/bazel run //isa:generate`: change it there.
// The machine's facts: operations, element types, memories, pipes, and their numbers in traces.
#pragma once

#include <cstddef>
#include <cstdint>

// clang-format off

/// Hardware queues of one core, in the order of the trace format.
enum pipe_t : uint8_t { PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_FIX, PIPE_ALL };

/// Event ids of one (source, destination) pair of pipes.
enum event_t : uint8_t { EVENT_ID0, EVENT_ID1, EVENT_ID2, EVENT_ID3, EVENT_ID4, EVENT_ID5, EVENT_ID6, EVENT_ID7 };

namespace pto::host {

inline constexpr uint64_t kTileAlignment = 32;
inline constexpr uint64_t kLibraryScratchStart = 188416;
inline constexpr uint64_t kLibraryScratchBytes = 8192;
inline constexpr size_t kFastScratchBytes = 4096;
inline constexpr int kMaxVecRows = 4095;
inline constexpr int64_t kMaxCubeRowStride = 65535;
inline constexpr int kSubblocks = 2;
inline constexpr int kCrossCoreFlags = 16;
inline constexpr int kFlagsPerFifo = 2;
inline constexpr int kFirstSyncAllFlag = 11;
inline constexpr int kLastSyncAllFlag = 14;
inline constexpr int kMaxFlagCount = 15;
inline constexpr uint32_t kReleaseBatches[] = {0, 1, 2, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7};  ///< slots given back at a time, by slots
inline constexpr int kFastRowReductions[][2] = {{32, 256}, {16, 512}, {64, 128}, {8, 1024}};

/// Memories in the numbering of the trace format: X(enumerator, name, bytes).
#define PTO_MEMORIES(X) \
    X(Gm, "GM", 0) \
    X(Ub, "UB", 196608) \
    X(L1, "L1", 524288) \
    X(L0a, "L0A", 65536) \
    X(L0b, "L0B", 65536) \
    X(L0c, "L0C", 131072) \
    X(BiasTable, "BT", 1024) \
    X(FixBuffer, "FB", 2048)

/// Element types in the numbering of the trace format, from 1 on: X(enumerator, C++ type, name).
#define PTO_ELEMENTS(X) \
    X(F32, float, "f32") \
    X(F16, half, "f16") \
    X(I32, int32_t, "i32") \
    X(U32, uint32_t, "u32") \
    X(I16, int16_t, "i16") \
    X(U16, uint16_t, "u16") \
    X(I8, int8_t, "i8") \
    X(U8, uint8_t, "u8") \
    X(I64, int64_t, "i64") \
    X(U64, uint64_t, "u64") \
    X(BF16, bfloat16_t, "bf16")

/// X(from, to, a letter for RINT, ROUND, FLOOR, CEIL, TRUNC, ODD and NONE,
/// which saturation, whether the device works in the library's scratch).
#define PTO_CONVERSIONS(X) \
    X(F32, F16, "rafczor", Always, false) \
    X(F32, F32, "rafczrr", Always, false) \
    X(F32, BF16, "rafczrr", Always, false) \
    X(F32, I32, "rafczzz", Always, false) \
    X(F32, I64, "rafczzz", Always, false) \
    X(F32, I16, "rafczzz", AsAsked, false) \
    X(F16, I32, "rafczzz", Always, false) \
    X(F16, I16, "rafczzz", AsAsked, false) \
    X(F16, I8, "rafczzz", AsAsked, true) \
    X(F16, U8, "rafczzz", AsAsked, false) \
    X(BF16, I32, "rafczzz", Always, false) \
    X(I16, F16, "rafczrr", Always, false) \
    X(I32, F32, "rafczrr", Always, false) \
    X(I64, F32, "rafczrr", Always, false) \
    X(F16, F32, "rrrrrrr", Always, false) \
    X(BF16, F32, "rrrrrrr", Always, false) \
    X(U8, F16, "rrrrrrr", Always, false) \
    X(I8, F16, "rrrrrrr", Always, false) \
    X(I16, F32, "rrrrrrr", Always, false) \
    X(I32, I64, "rrrrrrr", Always, false) \
    X(I32, F16, "rrrrrrr", Always, false) \
    X(I64, I32, "rrrrrrr", AsAsked, false) \
    X(I32, I16, "rrrrrrr", AsAsked, false)

/// Operations in the numbering of OpId: X(name).
#define PTO_OPERATIONS(X) \
    X(set_flag) \
    X(wait_flag) \
    X(pipe_barrier) \
    X(load_scalar) \
    X(store_scalar) \
    X(TALLOC) \
    X(TPUSH) \
    X(TPOP) \
    X(TFREE) \
    X(TLOAD) \
    X(TSTORE) \
    X(TMOV) \
    X(TEXTRACT) \
    X(TINSERT) \
    X(TMOV_FP) \
    X(TSTORE_FP) \
    X(TEXTRACT_FP) \
    X(TINSERT_FP) \
    X(MGATHER) \
    X(MSCATTER) \
    X(TPREFETCH) \
    X(TCI) \
    X(TGETVAL) \
    X(TSETVAL) \
    X(TRESHAPE) \
    X(TPRINT) \
    X(TMATMUL) \
    X(TMATMUL_ACC) \
    X(TMATMUL_BIAS) \
    X(TGEMV) \
    X(TGEMV_ACC) \
    X(TGEMV_BIAS) \
    X(TADD) \
    X(TSUB) \
    X(TMUL) \
    X(TDIV) \
    X(TMAX) \
    X(TMIN) \
    X(TAND) \
    X(TOR) \
    X(TSHL) \
    X(TSHR) \
    X(TFMOD) \
    X(TXOR) \
    X(TADDS) \
    X(TSUBS) \
    X(TMULS) \
    X(TDIVS) \
    X(TMAXS) \
    X(TANDS) \
    X(TORS) \
    X(TFMODS) \
    X(TMINS) \
    X(TSHLS) \
    X(TSHRS) \
    X(TXORS) \
    X(TEXPANDS) \
    X(TEXP) \
    X(TLOG) \
    X(TSQRT) \
    X(TRECIP) \
    X(TRELU) \
    X(TABS) \
    X(TNEG) \
    X(TNOT) \
    X(TCVT) \
    X(TROWSUM) \
    X(TROWMAX) \
    X(TROWMIN) \
    X(TROWPROD) \
    X(TCOLSUM) \
    X(TCOLMAX) \
    X(TCOLMIN) \
    X(TCOLPROD) \
    X(TROWEXPAND) \
    X(TROWEXPANDADD) \
    X(TROWEXPANDSUB) \
    X(TROWEXPANDMUL) \
    X(TROWEXPANDDIV) \
    X(TROWEXPANDMAX) \
    X(TROWEXPANDMIN) \
    X(TROWEXPANDEXPDIF) \
    X(TCOLEXPAND) \
    X(TCOLEXPANDADD) \
    X(TCOLEXPANDSUB) \
    X(TCOLEXPANDMUL) \
    X(TCOLEXPANDDIV) \
    X(TCOLEXPANDMAX) \
    X(TCOLEXPANDMIN) \
    X(TCOLEXPANDEXPDIF) \
    X(TADDC) \
    X(TSUBC) \
    X(TADDSC) \
    X(TSUBSC) \
    X(TPOW) \
    X(TPOWS) \
    X(TLRELU) \
    X(TRSQRT) \
    X(TTRI) \
    X(TAXPY) \
    X(TPRELU) \
    X(TREM) \
    X(TREMS) \
    X(TPARTADD) \
    X(TPARTMUL) \
    X(TPARTMAX) \
    X(TPARTMIN) \
    X(TCMP) \
    X(TCMPS) \
    X(TSEL) \
    X(TSELS) \
    X(TGATHER) \
    X(TSCATTER) \
    X(TFILLPAD) \
    X(TFILLPAD_EXPAND) \
    X(TFILLPAD_INPLACE) \
    X(TSORT32) \
    X(TMRGSORT) \
    X(TQUANT) \
    X(TDEQUANT) \
    X(TTRANS) \
    X(TCONCAT) \
    X(TROWARGMAX) \
    X(TROWARGMIN) \
    X(TCOLARGMAX) \
    X(TCOLARGMIN) \
    X(TPARTARGMAX) \
    X(TPARTARGMIN) \
    X(TMRGSORT_LISTS) \
    X(TCI_SCRATCH) \
    X(TDIVS_SCALAR) \
    X(TGATHER_COMPARED)

/// Where dst = f(...): X(name, functor).
#define PTO_BINARY_OPS(X) \
    X(TADD, Add) \
    X(TSUB, Sub) \
    X(TMUL, Mul) \
    X(TDIV, Div) \
    X(TMAX, Max) \
    X(TMIN, Min) \
    X(TAND, And) \
    X(TOR, Or) \
    X(TSHL, Shl) \
    X(TSHR, Shr) \
    X(TFMOD, Fmod)

/// Where dst = f(...); `tmp` is scratch like dst: X(name, functor).
#define PTO_BINARY_SCRATCH_OPS(X) \
    X(TXOR, Xor)

/// Where dst = f(...): X(name, functor).
#define PTO_TILE_SCALAR_OPS(X) \
    X(TADDS, Add) \
    X(TSUBS, Sub) \
    X(TMULS, Mul) \
    X(TMAXS, Max) \
    X(TANDS, And) \
    X(TORS, Or) \
    X(TFMODS, Fmod) \
    X(TMINS, Min)

/// Where dst = f(...): X(name, functor).
#define PTO_SHIFT_OPS(X) \
    X(TSHLS, Shl) \
    X(TSHRS, Shr)

/// Where dst = f(...); `tmp` is scratch like dst: X(name, functor).
#define PTO_TILE_SCALAR_SCRATCH_OPS(X) \
    X(TXORS, Xor)

/// Where dst = f(...): X(name, functor).
#define PTO_UNARY_OPS(X) \
    X(TLOG, Log) \
    X(TSQRT, Sqrt) \
    X(TRECIP, Recip) \
    X(TRELU, Relu) \
    X(TABS, Abs) \
    X(TNEG, Neg) \
    X(TNOT, Not)

/// Where dst[r] = f(...); `tmp` is scratch like src, dst is [rows, 1] column-major: X(name, functor).
#define PTO_ROW_REDUCTION_OPS(X) \
    X(TROWSUM, Add) \
    X(TROWMAX, Max) \
    X(TROWMIN, Min) \
    X(TROWPROD, Mul)

/// Where dst[c] = f(...); dst is [1, cols]; with `tmp`, scratch of half the rows, as a tree: X(name, functor).
#define PTO_COL_SUM_OPS(X) \
    X(TCOLSUM, Add)

/// Where dst[c] = f(...); dst is [1, cols]: X(name, functor).
#define PTO_COL_REDUCTION_OPS(X) \
    X(TCOLMAX, Max) \
    X(TCOLMIN, Min) \
    X(TCOLPROD, Mul)

/// Where dst[r, c] = f(...): X(name, functor).
#define PTO_ROW_BINARY_OPS(X) \
    X(TROWEXPANDADD, Add) \
    X(TROWEXPANDSUB, Sub) \
    X(TROWEXPANDMUL, Mul) \
    X(TROWEXPANDDIV, Div) \
    X(TROWEXPANDMAX, Max) \
    X(TROWEXPANDMIN, Min) \
    X(TROWEXPANDEXPDIF, ExpDif)

/// Where dst[r, c] = f(...): X(name, functor).
#define PTO_COL_BINARY_OPS(X) \
    X(TCOLEXPANDADD, Add) \
    X(TCOLEXPANDSUB, Sub) \
    X(TCOLEXPANDMUL, Mul) \
    X(TCOLEXPANDDIV, Div) \
    X(TCOLEXPANDMAX, Max) \
    X(TCOLEXPANDMIN, Min) \
    X(TCOLEXPANDEXPDIF, ExpDif)

/// Where dst = f(...); the scalar is f32: X(name, functor).
#define PTO_LEAKY_OPS(X) \
    X(TLRELU, Lrelu)

/// Where dst = f(...); `tmp`, which may be left out, is scratch like dst: X(name, functor).
#define PTO_UNARY_SCRATCH_OPS(X) \
    X(TRSQRT, Rsqrt)


/// A bit per DTypeId.
using TypeSet = uint32_t;

/// The element types that each operation exists for, by OpId; none for those that do not work element by element.
inline constexpr TypeSet kTypes[] = {
    0,  // set_flag
    0,  // wait_flag
    0,  // pipe_barrier
    0,  // load_scalar
    0,  // store_scalar
    0,  // TALLOC
    0,  // TPUSH
    0,  // TPOP
    0,  // TFREE
    0,  // TLOAD
    0,  // TSTORE
    0,  // TMOV
    0,  // TEXTRACT
    0,  // TINSERT
    0,  // TMOV_FP
    0,  // TSTORE_FP
    0,  // TEXTRACT_FP
    0,  // TINSERT_FP
    0,  // MGATHER
    0,  // MSCATTER
    0,  // TPREFETCH
    1u << 5 | 1u << 3,  // TCI
    0,  // TGETVAL
    0,  // TSETVAL
    0,  // TRESHAPE
    0,  // TPRINT
    0,  // TMATMUL
    0,  // TMATMUL_ACC
    0,  // TMATMUL_BIAS
    0,  // TGEMV
    0,  // TGEMV_ACC
    0,  // TGEMV_BIAS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TADD
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TSUB
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TMUL
    1u << 2 | 1u << 1,  // TDIV
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TMIN
    1u << 7 | 1u << 5 | 1u << 8 | 1u << 6,  // TAND
    1u << 7 | 1u << 5 | 1u << 8 | 1u << 6,  // TOR
    1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TSHL
    1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TSHR
    1u << 1,  // TFMOD
    1u << 7 | 1u << 5 | 1u << 8 | 1u << 6,  // TXOR
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TADDS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TSUBS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TMULS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TDIVS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TMAXS
    1u << 7 | 1u << 5 | 1u << 8 | 1u << 6,  // TANDS
    1u << 7 | 1u << 5 | 1u << 8 | 1u << 6,  // TORS
    1u << 1,  // TFMODS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TMINS
    1u << 5 | 1u << 3,  // TSHLS
    1u << 5 | 1u << 3 | 1u << 6 | 1u << 4,  // TSHRS
    1u << 7 | 1u << 5 | 1u << 8 | 1u << 6,  // TXORS
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 5 | 1u << 3,  // TEXPANDS
    1u << 2 | 1u << 1,  // TEXP
    1u << 2 | 1u << 1,  // TLOG
    1u << 2 | 1u << 1,  // TSQRT
    1u << 2 | 1u << 1,  // TRECIP
    1u << 2 | 1u << 1 | 1u << 3,  // TRELU
    1u << 2 | 1u << 1,  // TABS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TNEG
    1u << 5 | 1u << 6,  // TNOT
    0,  // TCVT
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWSUM
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWMIN
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWPROD
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLSUM
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLMIN
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLPROD
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TROWEXPAND
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWEXPANDADD
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWEXPANDSUB
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWEXPANDMUL
    1u << 2 | 1u << 1,  // TROWEXPANDDIV
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWEXPANDMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWEXPANDMIN
    1u << 2 | 1u << 1,  // TROWEXPANDEXPDIF
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TCOLEXPAND
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLEXPANDADD
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLEXPANDSUB
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLEXPANDMUL
    1u << 2 | 1u << 1,  // TCOLEXPANDDIV
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLEXPANDMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TCOLEXPANDMIN
    1u << 2 | 1u << 1,  // TCOLEXPANDEXPDIF
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TADDC
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TSUBC
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TADDSC
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TSUBSC
    1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TPOW
    1u << 1 | 1u << 7 | 1u << 5 | 1u << 3,  // TPOWS
    1u << 2 | 1u << 1,  // TLRELU
    1u << 2 | 1u << 1,  // TRSQRT
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3 | 1u << 6 | 1u << 4,  // TTRI
    1u << 2 | 1u << 1,  // TAXPY
    1u << 2 | 1u << 1,  // TPRELU
    1u << 1,  // TREM
    1u << 1,  // TREMS
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TPARTADD
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TPARTMUL
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TPARTMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TPARTMIN
    1u << 2 | 1u << 1 | 1u << 3,  // TCMP
    1u << 2 | 1u << 1 | 1u << 3,  // TCMPS
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 5 | 1u << 3 | 1u << 6 | 1u << 4,  // TSEL
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3 | 1u << 6 | 1u << 4,  // TSELS
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 5 | 1u << 3 | 1u << 6 | 1u << 4,  // TGATHER
    1u << 2 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TSCATTER
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TFILLPAD
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TFILLPAD_EXPAND
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TFILLPAD_INPLACE
    1u << 2 | 1u << 1,  // TSORT32
    1u << 2 | 1u << 1,  // TMRGSORT
    1u << 1,  // TQUANT
    1u << 1,  // TDEQUANT
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TTRANS
    1u << 2 | 1u << 11 | 1u << 1 | 1u << 7 | 1u << 5 | 1u << 3 | 1u << 8 | 1u << 6 | 1u << 4,  // TCONCAT
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWARGMAX
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TROWARGMIN
    1u << 2 | 1u << 1,  // TCOLARGMAX
    1u << 2 | 1u << 1,  // TCOLARGMIN
    1u << 2 | 1u << 1,  // TPARTARGMAX
    1u << 2 | 1u << 1,  // TPARTARGMIN
    1u << 2 | 1u << 1,  // TMRGSORT_LISTS
    1u << 5 | 1u << 3,  // TCI_SCRATCH
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TDIVS_SCALAR
    1u << 2 | 1u << 1 | 1u << 5 | 1u << 3,  // TGATHER_COMPARED
};

// clang-format on

}  // namespace pto::host
