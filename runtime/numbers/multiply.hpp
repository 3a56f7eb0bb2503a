// Matrix products of packed factors.
#pragma once

#include <cstring>

#include "runtime/numbers/pack.hpp"

namespace pto::host::PTO_LEVEL {

/// Rows of one register block; with two vectors per row this fills the registers of AVX2.
inline constexpr int kBlockRows = 6;

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

/// c[rows, kPanel] = sum + a[rows, depth] b[depth, kPanel], in registers.
template <int rows, typename W>
PTO_INLINE void multiply_block(const Result<W>& result, const W* a, int a_stride, const W* b, int depth) {
    constexpr int kVectors = kPanel / kLanes;
    typename VectorOf<W>::Register sum[rows][kVectors];
    PTO_UNROLL
    for (int r = 0; r < rows; ++r) {
        PTO_UNROLL
        for (int v = 0; v < kVectors; ++v) {
            const W* start = result.sum + r * result.sum_pitch + v * kLanes;
            sum[r][v] = result.sum ? load_vector(start) : typename VectorOf<W>::Register{};
        }
    }
    for (int k = 0; k < depth; ++k) {
        typename VectorOf<W>::Register right[kVectors];
        PTO_UNROLL
        for (int v = 0; v < kVectors; ++v) right[v] = load_vector(b + size_t(k) * kPanel + v * kLanes);
        PTO_UNROLL
        for (int r = 0; r < rows; ++r) {
            const W left = a[size_t(r) * a_stride + k];
            PTO_UNROLL
            for (int v = 0; v < kVectors; ++v) sum[r][v] += left * right[v];
        }
    }
    PTO_UNROLL
    for (int r = 0; r < rows; ++r) {
        PTO_UNROLL
        for (int v = 0; v < kVectors; ++v) store_vector(result.c + r * result.c_pitch + v * kLanes, sum[r][v]);
    }
}

/// One panel of columns: c[rows, kPanel] = sum + a[rows, depth] panel[depth, kPanel].
template <typename W>
void multiply_panel(const Result<W>& result, const W* a, int a_stride, const W* panel, int rows, int depth) {
    int r = 0;
    const auto left = [&] { return a + size_t(r) * a_stride; };
    for (; r + kBlockRows <= rows; r += kBlockRows)
        multiply_block<kBlockRows>(result.from(r, 0), left(), a_stride, panel, depth);
    for (; r + 2 <= rows; r += 2) multiply_block<2>(result.from(r, 0), left(), a_stride, panel, depth);
    for (; r < rows; ++r) multiply_block<1>(result.from(r, 0), left(), a_stride, panel, depth);
}

/// The last panel, of which only `width` columns belong to c.
template <typename W>
void multiply_narrow_panel(const Result<W>& result, const W* a, int a_stride, const W* panel, int rows, int width,
                           int depth) {
    for (int r = 0; r < rows; ++r) {
        W full[kPanel] = {};
        const Result<W> row = result.from(r, 0);
        if (row.sum) std::memcpy(full, row.sum, width * sizeof(W));
        multiply_block<1>(Result<W>{full, kPanel, full, kPanel}, a + size_t(r) * a_stride, a_stride, panel, depth);
        std::memcpy(row.c, full, width * sizeof(W));
    }
}

/// c[rows, cols] = sum + a[rows, depth] b[depth, cols], b in panels of `b_rows` rows.
template <typename W>
void multiply_blocks(const Product& product, const W* a, int a_stride, const W* b, int b_rows) {
    const int rows = static_cast<int>(product.rows), depth = static_cast<int>(product.depth);
    const Result<W> result = {static_cast<W*>(product.c.data), product.c.pitch, static_cast<const W*>(product.sum.data),
                              product.sum.pitch};
    for (int first = 0; first < static_cast<int>(product.cols); first += kPanel) {
        const W* panel = b + size_t(first) * b_rows;
        const int width = std::min(kPanel, static_cast<int>(product.cols) - first);
        if (width == kPanel) {
            multiply_panel(result.from(0, first), a, a_stride, panel, rows, depth);
        } else {
            multiply_narrow_panel(result.from(0, first), a, a_stride, panel, rows, width, depth);
        }
    }
}

inline void multiply(DTypeId dtype, const Product& product, const std::byte* left, const TileInfo& left_tile,
                     const std::byte* right, const TileInfo& right_tile) {
    const auto compute = [&](auto zero) {
        using W = decltype(zero);
        multiply_blocks(product, reinterpret_cast<const W*>(left), left_tile.cols, reinterpret_cast<const W*>(right),
                        right_tile.rows);
    };
    if (dtype == DTypeId::I8) return compute(int32_t{});
    compute(float{});
}

}  // namespace pto::host::PTO_LEVEL
