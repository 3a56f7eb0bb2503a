// Matrix products of packed factors.
#pragma once

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "runtime/numbers/pack.hpp"

namespace pto::host::PTO_LEVEL {

/// Where a product, or a part of it, goes, and what it is added to: see Product.
template <typename W>
struct Result {
    W* c;
    int64_t c_pitch;
    const W* sum;
    int64_t sum_pitch;

    Result from(int64_t row, int64_t col) const {
        return {c + row * c_pitch + col, c_pitch, sum ? sum + row * sum_pitch + col : nullptr, sum_pitch};
    }
};

/// c[rows, cols] = sum + a[rows, depth] b[depth, cols] in registers, for columns that make so many vectors.
template <int rows, int vectors, typename W>
PTO_INLINE void multiply_block(const Result<W>& result, const W* a, int a_stride, const W* b, int depth) {
    typename VectorOf<W>::Register sum[rows][vectors];
    PTO_UNROLL
    for (int r = 0; r < rows; ++r) {
        PTO_UNROLL
        for (int v = 0; v < vectors; ++v) {
            const W* start = result.sum + r * result.sum_pitch + v * kLanes;
            sum[r][v] = result.sum ? load_vector(start) : typename VectorOf<W>::Register{};
        }
    }
    for (int k = 0; k < depth; ++k) {
        typename VectorOf<W>::Register right[vectors];
        PTO_UNROLL
        for (int v = 0; v < vectors; ++v) right[v] = load_vector(b + (size_t(k) * vectors + v) * kLanes);
        PTO_UNROLL
        for (int r = 0; r < rows; ++r) {
            const W left = a[size_t(r) * a_stride + k];
            PTO_UNROLL
            for (int v = 0; v < vectors; ++v) sum[r][v] += left * right[v];
        }
    }
    PTO_UNROLL
    for (int r = 0; r < rows; ++r) {
        PTO_UNROLL
        for (int v = 0; v < vectors; ++v) store_vector(result.c + r * result.c_pitch + v * kLanes, sum[r][v]);
    }
}

/// As multiply_block, of which only the first `width` columns belong to c.
template <int rows, int vectors, typename W>
void multiply_narrow_block(const Result<W>& result, const W* a, int a_stride, const W* b, int width, int depth) {
    constexpr int kCols = vectors * kLanes;
    W whole[rows][kCols] = {};
    for (int r = 0; result.sum && r < rows; ++r)
        std::memcpy(whole[r], result.sum + r * result.sum_pitch, width * sizeof(W));
    multiply_block<rows, vectors>(Result<W>{whole[0], kCols, whole[0], kCols}, a, a_stride, b, depth);
    for (int r = 0; r < rows; ++r) std::memcpy(result.c + r * result.c_pitch, whole[r], width * sizeof(W));
}

/// Fetches `count` elements. They may be beyond the end of all memory.
template <typename W>
PTO_INLINE void fetch(const W* first, int count) {
    for (int i = 0; i < count; i += kLineBytes / sizeof(W)) __builtin_prefetch(first + i);
}

/// One panel of columns: c[rows, width] = sum + a[rows, depth] panel[depth, columns of so many vectors]. The next panel
/// comes from the third cache, if all blocks share it, so each block of results fetches as many of its rows. After the
/// last panel comes the factor that was packed next, and that often is needed next.
template <int vectors, typename W>
void multiply_panel(const Result<W>& result, const W* a, int a_stride, const W* panel, int rows, int width, int depth) {
    constexpr int kCols = vectors * kLanes;
    const W* next = panel + size_t(depth) * kCols;
    int row = 0;
    const auto multiply_rows = [&](auto count) {
        const W* left = a + size_t(row) * a_stride;
        fetch(next + size_t(row) * kCols, count * kCols);
        if (width == kCols) {
            multiply_block<count, vectors>(result.from(row, 0), left, a_stride, panel, depth);
        } else {
            multiply_narrow_block<count, vectors>(result.from(row, 0), left, a_stride, panel, width, depth);
        }
        row += count;
    };
    while (row + kBlockRows <= rows) multiply_rows(std::integral_constant<int, kBlockRows>{});
    while (row + 2 <= rows) multiply_rows(std::integral_constant<int, 2>{});
    while (row < rows) multiply_rows(std::integral_constant<int, 1>{});
}

/// c[rows, cols] = sum + a[rows, depth] b[depth, cols], b in the panels of a tile.
template <typename W>
void multiply_blocks(const Product& product, const W* a, int a_stride, const W* b, const TileInfo& b_tile) {
    const int rows = static_cast<int>(product.rows), cols = static_cast<int>(product.cols);
    const int depth = static_cast<int>(product.depth);
    const Result<W> result = {static_cast<W*>(product.c.data), product.c.pitch, static_cast<const W*>(product.sum.data),
                              product.sum.pitch};
    for (int first = 0; first < cols; first += kPanel) {
        const W* panel = b + size_t(first) * b_tile.rows;
        const int panel_width = panel_cols(b_tile.cols, first);
        const int width = std::min(panel_width, cols - first);
        const auto multiply_with = [&](auto vectors) {
            multiply_panel<vectors>(result.from(0, first), a, a_stride, panel, rows, width, depth);
        };
        // Tiles have whole boxes, so a narrower panel is a box wide.
        static_assert(kPanel <= 2 * kBoxEdge, "a panel that is narrower than others is a box wide");
        if constexpr (kBoxEdge < kPanel) {
            if (panel_width == kBoxEdge) {
                multiply_with(std::integral_constant<int, kBoxEdge / kLanes>{});
                continue;
            }
        }
        multiply_with(std::integral_constant<int, kBlockVectors>{});
    }
}

inline void multiply(DTypeId dtype, const Product& product, const std::byte* left, const TileInfo& left_tile,
                     const std::byte* right, const TileInfo& right_tile) {
    const auto compute = [&](auto zero) {
        using W = decltype(zero);
        multiply_blocks(product, reinterpret_cast<const W*>(left), left_tile.cols, reinterpret_cast<const W*>(right),
                        right_tile);
    };
    if (dtype == DTypeId::I8) return compute(int32_t{});
    compute(float{});
}

}  // namespace pto::host::PTO_LEVEL
