// Host layouts of matmul operands. Left tiles are row-major, right tiles are panels of kPanel columns, each panel with
// its rows one after another: [cols / kPanel][rows][kPanel]. Elements are 32 bits: float, or int32 for int8.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/ops/simd.hpp"

namespace pto::host {

/// Columns of a panel: two vectors.
inline constexpr int kPanel = std::max(16, 2 * kLanes);

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
    for (int step = 0; step < 3; ++step) {
        ShortV next[kTranspose];
        for (int i = 0; i < 4; ++i) {
            next[2 * i] = __builtin_shufflevector(rows[i], rows[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
            next[2 * i + 1] = __builtin_shufflevector(rows[i], rows[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
        }
        for (int i = 0; i < kTranspose; ++i) rows[i] = next[i];
    }
}

/// dst[c * dst_stride + r] = src[r * src_stride + c] for an 8 x 8 block.
template <typename T>
PTO_INLINE void transpose_widen(float* dst, int dst_stride, const T* src, int src_stride) {
    ShortV rows[kTranspose];
    for (int r = 0; r < kTranspose; ++r) std::memcpy(&rows[r], src + r * src_stride, sizeof rows[r]);
    transpose_shorts(rows);
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
void pack_right_from_rows(Wide<T>* dst, int dst_rows, const T* src, int stride, int rows, int cols) {
    for (int first = 0; first < cols; first += kPanel) {
        Wide<T>* panel = dst + size_t(first) * dst_rows;
        const int width = std::min(kPanel, cols - first);
        for (int k = 0; k < rows; ++k) {
            const T* from = src + size_t(k) * stride + first;
            if (width == kPanel) {
                widen_run(panel + k * kPanel, from, kPanel);
            } else {
                widen_run(panel + k * kPanel, from, width);
            }
        }
    }
}

/// Panels from column-major src: src[n * stride + k] is element (k, n).
template <typename T>
void pack_right_from_cols(Wide<T>* dst, int dst_rows, const T* src, int stride, int rows, int cols) {
    for (int first = 0; first < cols; first += kPanel) {
        Wide<T>* panel = dst + size_t(first) * dst_rows;
        const int width = std::min(kPanel, cols - first);
        int k = 0;
        if constexpr (kHasTranspose && is_short_float<T>) {
            for (; k + kTranspose <= rows && width % kTranspose == 0; k += kTranspose) {
                for (int n = 0; n < width; n += kTranspose) {
                    transpose_widen(panel + k * kPanel + n, kPanel, src + size_t(first + n) * stride + k, stride);
                }
            }
        }
        for (; k < rows; ++k) {
            for (int n = 0; n < width; ++n) panel[k * kPanel + n] = src[size_t(first + n) * stride + k];
        }
    }
}

/// Row-major from any strides: src[m * row + k * col] is element (m, k).
template <typename T>
void pack_left(Wide<T>* dst, int dst_stride, const T* src, int row, int col, int rows, int cols) {
    for (int m = 0; m < rows; ++m) {
        if (col == 1) {
            widen_run(dst + size_t(m) * dst_stride, src + size_t(m) * row, cols);
            continue;
        }
        for (int k = 0; k < cols; ++k) dst[size_t(m) * dst_stride + k] = src[size_t(m) * row + size_t(k) * col];
    }
}

}  // namespace pto::host
