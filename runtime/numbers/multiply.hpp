// Matrix products of packed factors.
#pragma once

#include <cstring>

#include "runtime/numbers/pack.hpp"

namespace pto::host::PTO_LEVEL {

/// Rows of one register block; with two vectors per row this fills the registers of AVX2.
inline constexpr int kBlockRows = 6;

/// c[rows, kPanel] (+)= a[rows, depth] b[depth, kPanel], in registers.
template <int rows, typename W>
PTO_INLINE void multiply_block(W* c, int c_stride, const W* a, int a_stride, const W* b, int depth, bool accumulate) {
    constexpr int kVectors = kPanel / kLanes;
    typename VectorOf<W>::Register sum[rows][kVectors];
    PTO_UNROLL
    for (int r = 0; r < rows; ++r) {
        PTO_UNROLL
        for (int v = 0; v < kVectors; ++v) {
            const W* start = c + size_t(r) * c_stride + v * kLanes;
            sum[r][v] = accumulate ? load_vector(start) : typename VectorOf<W>::Register{};
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
        for (int v = 0; v < kVectors; ++v) store_vector(c + size_t(r) * c_stride + v * kLanes, sum[r][v]);
    }
}

/// One panel of columns: c[rows, kPanel] (+)= a[rows, depth] panel[depth, kPanel].
template <typename W>
void multiply_panel(W* c, int c_stride, const W* a, int a_stride, const W* panel, int rows, int depth,
                    bool accumulate) {
    int r = 0;
    for (; r + kBlockRows <= rows; r += kBlockRows) {
        multiply_block<kBlockRows>(c + size_t(r) * c_stride, c_stride, a + size_t(r) * a_stride, a_stride, panel, depth,
                                   accumulate);
    }
    for (; r + 2 <= rows; r += 2) {
        multiply_block<2>(c + size_t(r) * c_stride, c_stride, a + size_t(r) * a_stride, a_stride, panel, depth,
                          accumulate);
    }
    for (; r < rows; ++r) {
        multiply_block<1>(c + size_t(r) * c_stride, c_stride, a + size_t(r) * a_stride, a_stride, panel, depth,
                          accumulate);
    }
}

/// The last panel, of which only `width` columns belong to c.
template <typename W>
void multiply_narrow_panel(W* c, int c_stride, const W* a, int a_stride, const W* panel, int rows, int width, int depth,
                           bool accumulate) {
    for (int r = 0; r < rows; ++r) {
        W full[kPanel] = {};
        W* row = c + size_t(r) * c_stride;
        if (accumulate) std::memcpy(full, row, width * sizeof(W));
        multiply_block<1>(full, kPanel, a + size_t(r) * a_stride, a_stride, panel, depth, accumulate);
        std::memcpy(row, full, width * sizeof(W));
    }
}

/// c[rows, cols] (+)= a[rows, depth] b[depth, cols], b in panels of `b_rows` rows.
template <typename W>
void multiply_blocks(W* c, int c_stride, const W* a, int a_stride, const W* b, int b_rows, int rows, int cols,
                     int depth, bool accumulate) {
    for (int first = 0; first < cols; first += kPanel) {
        const W* panel = b + size_t(first) * b_rows;
        if (first + kPanel <= cols) {
            multiply_panel(c + first, c_stride, a, a_stride, panel, rows, depth, accumulate);
        } else {
            multiply_narrow_panel(c + first, c_stride, a, a_stride, panel, rows, cols - first, depth, accumulate);
        }
    }
}

inline void multiply(DTypeId dtype, const Product& product, const std::byte* left, const TileInfo& left_tile,
                     const std::byte* right, const TileInfo& right_tile) {
    const auto compute = [&](auto* c) {
        using W = std::remove_pointer_t<decltype(c)>;
        multiply_blocks(c, static_cast<int>(product.c.pitch), reinterpret_cast<const W*>(left), left_tile.cols,
                        reinterpret_cast<const W*>(right), right_tile.rows, static_cast<int>(product.rows),
                        static_cast<int>(product.cols), static_cast<int>(product.depth), product.accumulate);
    };
    if (dtype == DTypeId::I8) return compute(static_cast<int32_t*>(product.c.data));
    compute(static_cast<float*>(product.c.data));
}

}  // namespace pto::host::PTO_LEVEL
