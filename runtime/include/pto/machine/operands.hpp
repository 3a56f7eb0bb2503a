// Tiles and views of global memory as the machine sees them: what their C++ types say, as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pto/common/dtype.hpp"
#include "pto/common/enums.hpp"
#include "pto/machine/buffers.hpp"

namespace pto {

/// Valid rows or columns that are known only at run time.
inline constexpr int kDynamic = -1;

namespace host {

/// Dimensions of a view of global memory.
inline constexpr int kGmRank = 5;

class Core;

/// Bytes of a core's memories, which follow each other here as they are numbered.
struct OnChipBytes {
    uint32_t begin = 0;
    uint32_t end = 0;

    static constexpr OnChipBytes of(Buffer buffer, uint64_t begin, uint64_t end) {
        // No memory has more than 16 MiB, nor a tile.
        const uint32_t memory = static_cast<uint32_t>(buffer) << 25;
        return {memory + static_cast<uint32_t>(begin), memory + static_cast<uint32_t>(end)};
    }
    bool overlap(const OnChipBytes& other) const { return begin < other.end && other.begin < end; }
    bool cover(const OnChipBytes& other) const { return begin <= other.begin && other.end <= end; }
    bool operator==(const OnChipBytes& other) const { return begin == other.begin && end == other.end; }
};

/// Rows and columns of boxed tiles, such as factors are, are multiples of it.
inline constexpr int kBoxEdge = 16;

/// What the type of a tile says.
struct TileInfo {
    Buffer buffer;
    TileType loc;
    DTypeId dtype;
    bool row_major;     ///< order of the elements of a vec tile, of the boxes of others
    bool column_order;  ///< whether consecutive host elements belong to one column
    PadValue pad;
    int rows;
    int cols;
    int valid_row;  ///< or kDynamic
    int valid_col;

    constexpr size_t bytes() const { return size_t(rows) * cols * size_of(dtype); }
    /// Distances in elements between vertical and horizontal neighbours of a vec, mat or acc tile on the host.
    constexpr int row_stride() const { return column_order ? 1 : cols; }
    constexpr int col_stride() const { return column_order ? rows : 1; }
    /// Elements of a row, or of a column of a column-major tile.
    constexpr int pitch() const { return row_major ? cols : rows; }
};

/// A tile, whatever its type: where it lies and what of it is valid.
class Operand {
  public:
    const TileInfo& info() const { return *info_; }
    uint64_t address() const { return address_; }
    /// Where the elements are on the host. They are written there before, if they were not: see LazyTiles.
    std::byte* bytes() const;
    /// The same place, whatever is written there.
    std::byte* place() const { return bytes_; }
    /// All its bytes, valid or not.
    const OnChipBytes& covered() const { return covered_; }
    /// Which parts of its core's memories it lies in: see runtime/machine/granules.hpp.
    uint64_t granules() const { return granules_; }
    bool assigned() const { return core_; }
    /// That placed it.
    Core& core() const { return *core_; }
    int valid_rows() const { return static_cast<int>(valid_row_); }
    int valid_cols() const { return static_cast<int>(valid_col_); }
    /// Valid rows, or columns of a column-major tile, and the valid elements of each.
    int valid_runs() const { return info_->row_major ? valid_rows() : valid_cols(); }
    int valid_run() const { return info_->row_major ? valid_cols() : valid_rows(); }

    /// Places the tile at a byte offset of its memory on the current core. Throws KernelError.
    void assign(uint64_t address, int line);
    /// Shares the bytes of another tile of the same memory. Throws KernelError.
    void alias(const Operand& other, int line);

  protected:
    static constexpr int64_t kUnset = -1;

    /// Throws KernelError.
    void set_valid_shape(int64_t rows, int64_t cols, int line);

    explicit Operand(const TileInfo& info, int64_t valid_row, int64_t valid_col)
        : info_(&info), valid_row_(valid_row), valid_col_(valid_col) {}

  private:
    void place_at(std::byte* bytes, Core& core, uint64_t address);
    size_t extent() const;
    void check_valid_sizes(int line) const;

    const TileInfo* info_;
    std::byte* bytes_ = nullptr;
    Core* core_ = nullptr;
    uint64_t address_ = 0;
    uint64_t granules_ = 0;
    OnChipBytes covered_;
    int64_t valid_row_;
    int64_t valid_col_;
};

/// A strided view of global memory, whatever its type. Strides are in elements.
struct View {
    uint64_t address;
    DTypeId dtype;
    Layout layout;
    const int64_t (&shape)[kGmRank];
    const int64_t (&stride)[kGmRank];

    /// Whether it is one matrix, as most are.
    bool is_plane() const { return shape[0] == 1 && shape[1] == 1 && shape[2] == 1; }
    /// Rows of the tile that the view fills: all dimensions but the last.
    int64_t rows() const { return is_plane() ? shape[3] : shape[0] * shape[1] * shape[2] * shape[3]; }
    int64_t cols() const { return shape[4]; }
    /// Elements from the first to past the last.
    int64_t extent() const {
        int64_t last = (shape[3] - 1) * stride[3] + (shape[4] - 1) * stride[4];
        for (int d = 0; d < 3 && !is_plane(); ++d) last += (shape[d] - 1) * stride[d];
        return last + 1;
    }
    /// Address past the last element.
    uint64_t end() const { return address + static_cast<uint64_t>(extent()) * size_of(dtype); }
};

/// One element of any type, as its bits.
struct Scalar {
    uint64_t bits = 0;

    template <typename T>
    explicit Scalar(T value) {
        static_assert(sizeof value <= sizeof bits, "an element has at most 64 bits");
        std::memcpy(&bits, &value, sizeof value);  // little endian: the low bytes
    }
    template <typename T>
    T as() const {
        T value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }
};

}  // namespace host
}  // namespace pto
