// Copies between strided matrices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "runtime/numbers/map.hpp"
#include "runtime/numbers/simd.hpp"

namespace pto::host::PTO_LEVEL {

/// Bytes of a vector, anywhere in memory.
typedef uint8_t BytesV __attribute__((vector_size(kVectorBytes), aligned(1), may_alias));

/// Rows of fewer bytes are copied here: a call of memcpy costs as much as some lines of the cache.
inline constexpr size_t kLongRow = 2048;

/// Copies a row; what will be written next lies `ahead` bytes further.
PTO_INLINE void copy_row(std::byte* to, const std::byte* from, size_t bytes, int64_t ahead) {
    const size_t lines = bytes < kLongRow ? bytes / kLineBytes * kLineBytes : 0;
    for (size_t b = 0; b < lines; b += kLineBytes) {
        expect_stores(to + b + ahead);
        PTO_UNROLL
        for (size_t v = b; v < b + kLineBytes; v += kVectorBytes)
            *reinterpret_cast<BytesV*>(to + v) = *reinterpret_cast<const BytesV*>(from + v);
    }
    if (lines < bytes) std::memcpy(to + lines, from + lines, bytes - lines);
}

/// Copies a [rows, cols] block between two strided arrays, contiguous runs at once.
template <typename To, typename From>
void copy_block(Strided dst, Strided src, int64_t rows, int64_t cols) {
    if ((dst.col != 1 || src.col != 1) && dst.row == 1 && src.row == 1) {
        return copy_block<To, From>({dst.data, dst.col, 1}, {src.data, src.col, 1}, cols, rows);
    }
    if (dst.col == 1 && src.col == 1 && dst.row == cols && src.row == cols) cols *= std::exchange(rows, 1);  // one run
    for (int64_t r = 0; r < rows; ++r) {
        To* to = static_cast<To*>(dst.data) + r * dst.row;
        const From* from = static_cast<const From*>(src.data) + r * src.row;
        if (dst.col != 1 || src.col != 1) {
            for (int64_t c = 0; c < cols; ++c) to[c * dst.col] = static_cast<To>(from[c * src.col]);
        } else if constexpr (std::is_same_v<To, From>) {
            const int64_t ahead = r + 1 < rows ? dst.row * int64_t{sizeof(To)} : 0;
            copy_row(reinterpret_cast<std::byte*>(to), reinterpret_cast<const std::byte*>(from), cols * sizeof(To),
                     ahead);
        } else {
            narrow_span(to, from, cols);
        }
    }
}

inline void copy(DTypeId from, DTypeId to, Strided dst, Strided src, size_t rows, size_t cols) {
    if (from != to) {
        if (to == DTypeId::F16) return copy_block<half, float>(dst, src, rows, cols);
        return copy_block<bfloat16_t, float>(dst, src, rows, cols);
    }
    switch (size_of(from)) {
        case 1:
            return copy_block<uint8_t, uint8_t>(dst, src, rows, cols);
        case 2:
            return copy_block<uint16_t, uint16_t>(dst, src, rows, cols);
        case 4:
            return copy_block<uint32_t, uint32_t>(dst, src, rows, cols);
        default:
            return copy_block<uint64_t, uint64_t>(dst, src, rows, cols);
    }
}

}  // namespace pto::host::PTO_LEVEL
