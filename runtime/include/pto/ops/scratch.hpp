// What a row reduction overwrites of its scratch.
#pragma once

#include <cstddef>

#include "pto/machine/operands.hpp"

namespace pto::host {

/// Whether the device library has a path of its own for these rows, which checks no size of the scratch.
constexpr bool is_fast_row_reduction(const TileInfo& dst, const TileInfo& src) {
    if (dst.row_major || src.dtype != DTypeId::F32) return false;
    if (src.valid_row != src.rows || src.valid_col != src.cols) return false;
    for (const auto& [rows, cols] : kFastRowReductions) {
        if (rows == src.rows && cols == src.cols) return true;
    }
    return false;
}

constexpr bool may_hold(int size, int wanted) { return size == kDynamic || wanted == kDynamic || size >= wanted; }

/// Whether scratch has, as far as types tell, what the device overwrites for this reduction.
constexpr bool scratch_may_do(const TileInfo& dst, const TileInfo& src, const TileInfo& scratch) {
    if (is_fast_row_reduction(dst, src)) {
        return scratch.bytes() >= kFastScratchBytes && (scratch.valid_col == scratch.cols || scratch.valid_row == 1);
    }
    return may_hold(scratch.valid_row, src.valid_row) && may_hold(scratch.valid_col, src.valid_col);
}

}  // namespace pto::host
