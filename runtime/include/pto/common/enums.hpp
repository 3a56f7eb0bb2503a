// Enumerations that generated code names in template arguments.
#pragma once

#include <cstdint>

namespace pto {

/// On-chip home of a tile: UB, L1, L0A, L0B, L0C, bias table, parameters of FIX.
enum class TileType : uint8_t { Vec, Mat, Left, Right, Acc, Bias, Scaling };

/// Order of the outer boxes of a tile (of the elements when there are no boxes).
enum class BLayout : uint8_t { RowMajor, ColMajor };

/// Order of the elements inside a box.
enum class SLayout : uint8_t { NoneBox, RowMajor, ColMajor };

/// What a load puts beside the valid columns.
enum class PadValue : uint8_t { Null, Zero, Max, Min };

enum class CompactMode : uint8_t { Null, Normal, RowPlusOne };

/// Layout of a tensor in global memory: ND has unit column stride, DN unit row stride.
enum class Layout : uint8_t { ND, DN, NZ };

enum class RoundMode : uint8_t { CAST_NONE, CAST_RINT, CAST_ROUND, CAST_FLOOR, CAST_CEIL, CAST_TRUNC, CAST_ODD };

enum class SaturationMode : uint8_t { ON, OFF };

enum class CmpMode : uint8_t { EQ, NE, LT, GT, GE, LE };

/// What a store does with what was there, and whether FIX makes negative numbers 0 on the way.
enum class AtomicType : uint8_t { AtomicNone, AtomicAdd };
enum class ReluPreMode : uint8_t { NoRelu, NormalRelu };

/// Whether the matrix unit tells FIX that a sum is done. Here nothing has to be told.
enum class AccPhase : uint8_t { Unspecified, Partial, Final };
enum class STPhase : uint8_t { Unspecified, Partial, Final };

/// How exact a function is. Here there is one way for each.
enum class DivAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RecipAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class SqrtAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RsqrtAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class ExpAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class LogAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class RemAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };
enum class FmodAlgorithm : uint8_t { DEFAULT, HIGH_PRECISION };

/// Columns that a gather keeps, a digit for each of four from the right; the values here are these bits.
enum class MaskPattern : uint8_t {
    P0101 = 0b0101,
    P1010 = 0b1010,
    P0001 = 0b0001,
    P0010 = 0b0010,
    P0100 = 0b0100,
    P1000 = 0b1000,
    P1111 = 0b1111
};

/// Signed bytes, or unsigned ones with an offset.
enum class QuantType : uint8_t { INT8_SYM, INT8_ASYM };

/// Which way a FIFO carries data between the cube core and its two vector cores.
enum class Direction : uint8_t { DIR_C2V = 1, DIR_V2C = 2, DIR_BOTH = 3 };

/// How the two vector cores share a FIFO slot.
enum class TileSplitAxis : uint8_t { TILE_NO_SPLIT = 0, TILE_UP_DOWN = 1, TILE_LEFT_RIGHT = 2 };

}  // namespace pto
