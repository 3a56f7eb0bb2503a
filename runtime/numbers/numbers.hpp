// The loops over elements, compiled once for each level of CPU that this build knows. A launch takes one of them:
// see levels.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/common/dtype.hpp"
#include "pto/machine/op_ids.hpp"
#include "pto/machine/operands.hpp"
#include "pto/ops/conversions.hpp"

namespace pto::host {

/// `runs` runs of `count` consecutive elements.
struct Extent {
    size_t runs;
    size_t count;
};

/// Runs of elements, `pitch` elements apart.
struct Block2D {
    void* data;
    int64_t pitch;
};

/// As Block2D, to be read.
struct Source2D {
    const void* data = nullptr;
    int64_t pitch = 0;

    Source2D() = default;
    Source2D(const void* data, int64_t pitch) : data(data), pitch(pitch) {}
    Source2D(const Block2D& block) : data(block.data), pitch(block.pitch) {}
};

/// The same elements: runs that have no gaps in any of some operands are one run.
template <typename... Operands>
Extent joined(const Extent& extent, const Operands&... operands) {
    const auto count = static_cast<int64_t>(extent.count);
    return ((operands.pitch == count) && ...) ? Extent{1, extent.runs * extent.count} : extent;
}

/// A matrix with any distances, in elements, between vertical and horizontal neighbours.
struct Strided {
    void* data;
    int64_t row;
    int64_t col;
};

/// Element-wise steps on f32, done together.
enum class ChainOp : uint8_t { Add, Sub, Mul, Exp };

struct Chain {
    static constexpr uint32_t kMostSteps = 4;
    static constexpr int kMostRuns = 64;

    uint32_t count = 0;
    ChainOp ops[kMostSteps];
    float values[kMostSteps][kMostRuns];  ///< second operand, for each run
};

/// Room in front of a packed factor, of levels that need some.
inline constexpr size_t kPackedHeaderBytes = 64;

/// c[rows, cols] = sum[rows, cols] + a[rows, depth] b[depth, cols]
struct Product {
    size_t rows;
    size_t cols;
    size_t depth;
    Block2D c;
    Source2D sum;  ///< may be c; zeros, if its data are null
};

/// Operands may start at the same address; they must not overlap in another way. 16-bit floats are computed with as
/// float, and rounded once.
struct Numbers {
    const char* level;  ///< name of the CPUs that these loops are for

    /// dst = f(a) or f(a, b), element by element.
    void (*map)(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D a, Source2D b);
    /// dst = f(a, the value of the run): `values` are `pitch` apart, one for each run.
    void (*map_rows)(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D a, Source2D values);
    /// dst = the steps of a chain on src, for runs from `first` on; the two may be the same.
    void (*chain)(const Chain& chain, size_t first, Extent extent, Block2D dst, Source2D src);
    /// dst = the value of the run, of elements of `size` bytes.
    void (*fill_rows)(uint32_t size, Extent extent, Block2D dst, Source2D values);
    /// dst[run] = reduction of the run; results are `dst.pitch` apart. At least one element a run.
    void (*reduce_rows)(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D src);
    /// dst[i] = reduction of element i of all runs. At least one run.
    void (*reduce_cols)(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D src);
    void (*convert)(DTypeId from, DTypeId to, Extent extent, Block2D dst, Source2D src, Rounding rounding,
                    bool saturate);
    /// Between strided matrices; f32 may become f16 or bf16.
    void (*copy)(DTypeId from, DTypeId to, Strided dst, Strided src, size_t rows, size_t cols);
    /// Into the layout that `multiply` wants of its first factor; `tile` gives its rows and columns with padding.
    void (*pack_left)(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols);
    void (*pack_right)(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols);
    /// A product of packed factors of one type; c is f32, or i32 for i8.
    void (*multiply)(DTypeId dtype, const Product& product, const std::byte* left, const TileInfo& left_tile,
                     const std::byte* right, const TileInfo& right_tile);
};

}  // namespace pto::host
