// Tiles: statically shaped blocks of an on-chip memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "pto/machine/operations.hpp"

namespace pto {

/// A tile of Rows x Cols elements, of which the leading ValidRow x ValidCol hold data. Boxes, fractal size and padding
/// describe the device's layout. Host layouts: vec, mat and acc tiles in order of their kind (see TileInfo), left and
/// right tiles as the loops of this CPU want them (see runtime/numbers/pack.hpp).
template <TileType Loc_, typename DType_, int Rows_, int Cols_, BLayout BLayout_ = BLayout::RowMajor,
          int ValidRow_ = Rows_, int ValidCol_ = Cols_, SLayout SLayout_ = SLayout::NoneBox, int Fractal_ = 512,
          PadValue Pad_ = PadValue::Null, CompactMode Compact_ = CompactMode::Null>
class Tile : public host::Operand {
  public:
    using DType = DType_;
    static constexpr TileType Loc = Loc_;
    static constexpr int Rows = Rows_;
    static constexpr int Cols = Cols_;
    static constexpr int ValidRow = ValidRow_;
    static constexpr int ValidCol = ValidCol_;
    static constexpr BLayout Boxes = BLayout_;
    static constexpr SLayout Inner = SLayout_;
    static constexpr PadValue Pad = Pad_;
    static constexpr host::Buffer kBuffer = host::home_of(Loc_);
    static constexpr size_t kBytes = size_t{Rows_} * Cols_ * sizeof(DType);
    static constexpr bool isRowMajor = BLayout_ == BLayout::RowMajor;

    /// Vec tiles by their layout, mat tiles by the boxes, so that a transposed (row-major boxes of column-major
    /// elements) mat tile keeps columns together.
    static constexpr bool kColumnOrder =
        Loc_ == TileType::Mat ? (isRowMajor && SLayout_ == SLayout::ColMajor) : (Loc_ == TileType::Vec && !isRowMajor);
    static constexpr host::TileInfo kInfo = {
        kBuffer, Loc_, host::DTypeInfo<DType>::id, isRowMajor, kColumnOrder, Pad_, Rows_, Cols_, ValidRow_, ValidCol_};

    static_assert(Rows_ > 0 && Cols_ > 0, "a tile needs at least one row and one column");
    static_assert(ValidRow_ == kDynamic || (ValidRow_ >= 0 && ValidRow_ <= Rows_),
                  "the valid rows of a tile must be -1 (dynamic) or between 0 and its rows");
    static_assert(ValidCol_ == kDynamic || (ValidCol_ >= 0 && ValidCol_ <= Cols_),
                  "the valid columns of a tile must be -1 (dynamic) or between 0 and its columns");
    static_assert(Loc_ != TileType::Vec || Rows_ <= host::kMaxVecRows, "a vec tile has fewer than 4096 rows");
    static_assert(kBytes <= host::info(kBuffer).bytes, "the tile is larger than its on-chip memory");
    static_assert(Loc_ != TileType::Vec || SLayout_ == SLayout::NoneBox, "a vec tile has no boxes (SLayout::NoneBox)");
    static_assert((Loc_ != TileType::Left && Loc_ != TileType::Right && Loc_ != TileType::Acc) ||
                      SLayout_ != SLayout::NoneBox,
                  "a left, right or acc tile has boxes (SLayout::RowMajor or SLayout::ColMajor)");
    static_assert(SLayout_ == SLayout::NoneBox || (Rows_ % host::kBoxEdge == 0 && Cols_ % host::kBoxEdge == 0),
                  "rows and columns of a boxed tile must be multiples of 16, the box size");

    Tile() : Operand(kInfo, static_or_unset(ValidRow_), static_or_unset(ValidCol_)) {}

    /// Valid sizes for the dynamic dimensions, in the order rows, columns.
    template <typename... Sizes,
              typename = std::enable_if_t<(sizeof...(Sizes) > 0) && (std::is_integral_v<Sizes> && ...)>>
    explicit Tile(Sizes... sizes)
        : Operand(kInfo, pick(ValidRow_, 0, {static_cast<int64_t>(sizes)...}),
                  pick(ValidCol_, sizeof...(Sizes) - 1, {static_cast<int64_t>(sizes)...})) {
        constexpr int dynamic = (ValidRow_ == kDynamic) + (ValidCol_ == kDynamic);
        static_assert(sizeof...(Sizes) == dynamic || sizeof...(Sizes) == 2,
                      "a tile is constructed from one size per dynamic (-1) valid dimension, or from both");
    }

    int GetValidRow() const { return ValidRow_ == kDynamic ? valid_rows() : ValidRow_; }
    int GetValidCol() const { return ValidCol_ == kDynamic ? valid_cols() : ValidCol_; }

    /// Of a tile whose valid rows and columns are both dynamic.
    void SetValidShape(int64_t rows, int64_t cols, int line = __builtin_LINE()) {
        static_assert(ValidRow_ == kDynamic && ValidCol_ == kDynamic,
                      "SetValidShape changes tiles whose valid rows and columns are both -1 (dynamic)");
        set_valid_shape(rows, cols, line);
    }

    /// The element at a flat offset, by the scalar unit.
    DType GetValue(int64_t offset, int line = __builtin_LINE()) const {
        static_assert(Loc_ == TileType::Vec, "the scalar unit reaches vec tiles only");
        DType value;
        host::load_tile_element(*this, offset, &value, line);
        return value;
    }
    void SetValue(int64_t offset, DType value, int line = __builtin_LINE()) {
        static_assert(Loc_ == TileType::Vec, "the scalar unit reaches vec tiles only");
        host::store_tile_element(*this, offset, &value, line);
    }

    /// The tile's host bytes.
    template <typename T = DType>
    T* data() const {
        return reinterpret_cast<T*>(bytes());
    }

  private:
    static constexpr int64_t static_or_unset(int size) { return size == kDynamic ? kUnset : size; }
    template <size_t count>
    static constexpr int64_t pick(int size, size_t index, const int64_t (&given)[count]) {
        return size == kDynamic || count == 2 ? given[index] : size;
    }
};

namespace host {

template <typename T>
struct IsTile : std::false_type {};
template <TileType L, typename T, int R, int C, BLayout B, int VR, int VC, SLayout S, int F, PadValue P, CompactMode M>
struct IsTile<Tile<L, T, R, C, B, VR, VC, S, F, P, M>> : std::true_type {};

template <typename T>
inline constexpr bool is_tile = IsTile<T>::value;

template <typename T>
inline constexpr bool is_vec = false;
template <typename T, int R, int C, BLayout B, int VR, int VC, SLayout S, int F, PadValue P, CompactMode M>
inline constexpr bool is_vec<Tile<TileType::Vec, T, R, C, B, VR, VC, S, F, P, M>> = true;

/// Two static sizes can be equal: they are, or one is dynamic and checked at run time.
inline constexpr bool may_equal(int a, int b) { return a == kDynamic || b == kDynamic || a == b; }

template <typename A, typename B>
inline constexpr bool same_valid_shape = may_equal(A::ValidRow, B::ValidRow) && may_equal(A::ValidCol, B::ValidCol);

}  // namespace host
}  // namespace pto
