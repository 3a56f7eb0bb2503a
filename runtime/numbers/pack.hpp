// Host layouts of matmul operands. Left tiles are row-major, right tiles are panels of kPanel columns, each panel with
// its rows one after another: [cols / kPanel][rows][kPanel]. The last panel has fewer columns if the tile ends there.
// Elements are 32 bits: float, or int32 for int8.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "runtime/numbers/map.hpp"

namespace pto::host::PTO_LEVEL {

/// Columns of a panel.
inline constexpr int kPanel = kBlockVectors * kLanes;

/// Columns of the panel that begins at column `first` of a tile.
constexpr int panel_cols(int tile_cols, int first) { return std::min(kPanel, tile_cols - first); }

/// Type of a matmul operand's elements on the host.
template <typename T>
using Wide = std::conditional_t<is_float<T>, float, int32_t>;

template <typename T>
PTO_INLINE void widen_run(Wide<T>* dst, const T* src, int count) {
    if constexpr (is_short_float<T>) {
        widen_span(dst, src, count);
    } else {
        for (int i = 0; i < count; ++i) dst[i] = src[i];
    }
}

inline constexpr int kTranspose = 8;

#if defined(__has_builtin) && __has_builtin(__builtin_shufflevector)
typedef uint16_t ShortV __attribute__((vector_size(16)));

/// Rows `i` and `i + 4` of each step interleaved; three steps transpose an 8 x 8 block.
PTO_INLINE void transpose_shorts(ShortV (&rows)[kTranspose]) {
    PTO_UNROLL
    for (int step = 0; step < 3; ++step) {
        ShortV next[kTranspose];
        PTO_UNROLL
        for (int i = 0; i < 4; ++i) {
            next[2 * i] = __builtin_shufflevector(rows[i], rows[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
            next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
        }
        PTO_UNROLL
        for (int i = 0; i < kTranspose; ++i) rows[i] = next[i];
    }
}

/// dst[c * dst_stride + r] = src[r * src_stride + c] for an 8 x 8 block.
template <typename T>
PTO_INLINE void transpose_widen(float* dst, int dst_stride, const T* src, int src_stride) {
    ShortV rows[kTranspose];
    PTO_UNROLL
    for (int r = 0; r < kTranspose; ++r) std::memcpy(&rows[r], src + r * src_stride, sizeof rows[r]);
    transpose_shorts(rows);
    PTO_UNROLL
    for (int c = 0; c < kTranspose; ++c) {
        T column[kTranspose];
        std::memcpy(column, &rows[c], sizeof column);
        widen_span(dst + c * dst_stride, column, kTranspose);
    }
}
inline constexpr bool kHasTranspose = true;
#else
inline constexpr bool kHasTranspose = false;
#endif

/// Panels from row-major src: src[k * stride + n] is element (k, n).
template <typename T>
void pack_right_from_rows(Wide<T>* dst, const TileInfo& tile, const T* src, int stride, int rows, int cols) {
    for (int first = 0; first < cols; first += kPanel) {
        Wide<T>* panel = dst + size_t(first) * tile.rows;
        const int pitch = panel_cols(tile.cols, first);
        const int width = std::min(pitch, cols - first);
        for (int k = 0; k < rows; ++k) {
            const T* from = src + size_t(k) * stride + first;
            if (width == kPanel) {
                widen_run(panel + k * kPanel, from, kPanel);
            } else {
                widen_run(panel + k * pitch, from, width);
            }
        }
    }
}

/// Panels from column-major src: src[n * stride + k] is element (k, n).
template <typename T>
void pack_right_from_cols(Wide<T>* dst, const TileInfo& tile, const T* src, int stride, int rows, int cols) {
    for (int first = 0; first < cols; first += kPanel) {
        Wide<T>* panel = dst + size_t(first) * tile.rows;
        const int pitch = panel_cols(tile.cols, first);
        const int width = std::min(pitch, cols - first);
        int k = 0;
        if constexpr (kHasTranspose && is_short_float<T>) {
            for (; k + kTranspose <= rows && width % kTranspose == 0; k += kTranspose) {
                for (int n = 0; n < width; n += kTranspose) {
                    transpose_widen(panel + k * pitch + n, pitch, src + size_t(first + n) * stride + k, stride);
                }
            }
        }
        for (; k < rows; ++k) {
            for (int n = 0; n < width; ++n) panel[k * pitch + n] = src[size_t(first + n) * stride + k];
        }
    }
}

/// Row-major from any strides: src[m * row + k * col] is element (m, k).
template <typename T>
void pack_left_block(Wide<T>* dst, int dst_stride, const T* src, int row, int col, int rows, int cols) {
    for (int m = 0; m < rows; ++m) {
        if (col == 1) {
            widen_run(dst + size_t(m) * dst_stride, src + size_t(m) * row, cols);
            continue;
        }
        for (int k = 0; k < cols; ++k) dst[size_t(m) * dst_stride + k] = src[size_t(m) * row + size_t(k) * col];
    }
}

template <typename T>
void pack_right_block(std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    auto* to = reinterpret_cast<Wide<T>*>(dst);
    const T* from = static_cast<const T*>(src.data);
    if (src.row == 1) return pack_right_from_cols(to, tile, from, src.col, rows, cols);
    pack_right_from_rows(to, tile, from, src.row, rows, cols);
}

/// What the matrix unit takes.
inline constexpr TypeSet kFactors =
    type_bit(DTypeId::F32) | type_bit(DTypeId::F16) | type_bit(DTypeId::BF16) | type_bit(DTypeId::I8);

inline void pack_left(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    for_type<kFactors>(dtype, [=, &tile](auto zero) {
        using T = decltype(zero);
        pack_left_block(reinterpret_cast<Wide<T>*>(dst), tile.cols, static_cast<const T*>(src.data), src.row, src.col,
                        rows, cols);
    });
}

inline void pack_right(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    for_type<kFactors>(dtype, [=, &tile](auto zero) { pack_right_block<decltype(zero)>(dst, tile, src, rows, cols); });
}

}  // namespace pto::host::PTO_LEVEL
