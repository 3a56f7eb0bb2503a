// Tiles: statically shaped blocks of an on-chip memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/common/enums.hpp"
#include "pto/machine/core.hpp"

namespace pto {

/// Valid rows or columns that are known only at run time.
inline constexpr int kDynamic = -1;

/// A tile of Rows x Cols elements, of which the leading ValidRow x ValidCol hold data. Boxes, fractal size and padding
/// describe the device's layout. Host layouts: vec, mat and acc tiles in order of their kind (see order_of), left
/// row-major and right in column panels, both as 32-bit elements.
template <TileType Loc_, typename DType_, int Rows_, int Cols_, BLayout BLayout_ = BLayout::RowMajor,
          int ValidRow_ = Rows_, int ValidCol_ = Cols_, SLayout SLayout_ = SLayout::NoneBox, int Fractal_ = 512,
          PadValue Pad_ = PadValue::Null, CompactMode Compact_ = CompactMode::Null>
class Tile {
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
    static_assert(SLayout_ == SLayout::NoneBox || (Rows_ % 16 == 0 && Cols_ % 16 == 0),
                  "rows and columns of a boxed tile must be multiples of 16, the box size");

    Tile() = default;

    /// Valid sizes for the dynamic dimensions, in the order rows, columns.
    template <typename... Sizes,
              typename = std::enable_if_t<(sizeof...(Sizes) > 0) && (std::is_integral_v<Sizes> && ...)>>
    explicit Tile(Sizes... sizes) {
        constexpr int dynamic = (ValidRow_ == kDynamic) + (ValidCol_ == kDynamic);
        static_assert(sizeof...(Sizes) == dynamic || sizeof...(Sizes) == 2,
                      "a tile is constructed from one size per dynamic (-1) valid dimension, or from both");
        const int64_t given[] = {static_cast<int64_t>(sizes)...};
        valid_row_ = ValidRow_ == kDynamic || sizeof...(Sizes) == 2 ? given[0] : ValidRow_;
        valid_col_ = ValidCol_ == kDynamic || sizeof...(Sizes) == 2 ? given[sizeof...(Sizes) - 1] : ValidCol_;
    }

    int GetValidRow() const { return ValidRow_ == kDynamic ? static_cast<int>(valid_row_) : ValidRow_; }
    int GetValidCol() const { return ValidCol_ == kDynamic ? static_cast<int>(valid_col_) : ValidCol_; }
    uint64_t address() const { return address_; }

    /// The tile's host bytes; 32-bit elements for left and right tiles.
    template <typename T = DType>
    T* data() const {
        return reinterpret_cast<T*>(bytes_);
    }

    /// Places the tile at a byte offset of its memory on the current core.
    void assign(uint64_t address, int line) {
        check_valid_sizes(line);
        bytes_ = host::Core::current(line).place(kBuffer, address, extent(), line);
        address_ = address;
        assigned_ = true;
    }

    /// Shares the bytes of another tile of the same memory.
    template <typename Other>
    void alias(const Other& other, int line) {
        check_valid_sizes(line);
        other.require_assigned("TRESHAPE", line);
        address_ = other.address();
        bytes_ = other.template data<std::byte>();
        assigned_ = true;
    }

    void require_assigned(const char* op, int line) const {
        if (!assigned_) {
            host::fail(line, "%s uses a tile that has no address: TASSIGN or TRESHAPE must come first", op);
        }
    }

  private:
    /// Bytes from the first to the last valid element (a sub-view may end inside its last row).
    size_t extent() const {
        if (GetValidRow() == 0 || GetValidCol() == 0) return 0;
        if (Loc_ != TileType::Vec) return kBytes;
        const size_t last = isRowMajor ? size_t(GetValidRow() - 1) * Cols_ + GetValidCol()
                                       : size_t(GetValidCol() - 1) * Rows_ + GetValidRow();
        return last * sizeof(DType);
    }

    void check_valid_sizes(int line) const {
        const int64_t rows = ValidRow_ == kDynamic ? valid_row_ : ValidRow_;
        const int64_t cols = ValidCol_ == kDynamic ? valid_col_ : ValidCol_;
        const bool fixed_changed = (ValidRow_ != kDynamic && valid_row_ != kUnset && valid_row_ != ValidRow_) ||
                                   (ValidCol_ != kDynamic && valid_col_ != kUnset && valid_col_ != ValidCol_);
        if (rows < 0 || rows > Rows_ || cols < 0 || cols > Cols_ || fixed_changed) {
            host::fail(line, "a tile of %d x %d elements cannot have %lld x %lld valid ones", Rows_, Cols_,
                       static_cast<long long>(rows), static_cast<long long>(cols));
        }
    }

    static constexpr int64_t kUnset = -1;
    uint64_t address_ = 0;
    std::byte* bytes_ = nullptr;
    int64_t valid_row_ = kUnset;
    int64_t valid_col_ = kUnset;
    bool assigned_ = false;
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

/// Whether consecutive host elements belong to one column: vec tiles by their layout, mat tiles by the boxes, so that a
/// transposed (row-major boxes of column-major elements) mat tile keeps columns together.
template <typename T>
inline constexpr bool column_order = T::Loc == TileType::Mat ? (T::isRowMajor && T::Inner == SLayout::ColMajor)
                                                             : (T::Loc == TileType::Vec && !T::isRowMajor);

/// Distance in elements between vertical and horizontal neighbours of a vec, mat or acc tile.
template <typename T>
inline constexpr int row_stride = column_order<T> ? 1 : T::Cols;
template <typename T>
inline constexpr int col_stride = column_order<T> ? T::Rows : 1;

/// Elements of a run (a row, or a column in column order) that a transfer of `valid` elements fills in a tile with a
/// pad value: up to the end of the 32-byte block.
template <typename T>
int padded_run(int valid) {
    constexpr int block = std::max(1, static_cast<int>(kTileAlignment / sizeof(typename T::DType)));
    return std::min((valid + block - 1) / block * block, column_order<T> ? T::Rows : T::Cols);
}

}  // namespace host
}  // namespace pto
