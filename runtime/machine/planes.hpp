// How transfers walk: views of global memory plane by plane, padded tiles run by run.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pto/machine/operands.hpp"

namespace pto::host {

/// Calls visit(address, first_row) for each [shape 3, shape 4] plane of a view.
template <typename Visit>
void for_each_plane(const View& view, Visit visit) {
    const uint64_t size = size_of(view.dtype);
    int64_t first_row = 0;
    for (int64_t i = 0; i < view.shape[0]; ++i) {
        for (int64_t j = 0; j < view.shape[1]; ++j) {
            for (int64_t k = 0; k < view.shape[2]; ++k) {
                visit(view.address + (i * view.stride[0] + j * view.stride[1] + k * view.stride[2]) * size, first_row);
                first_row += view.shape[3];
            }
        }
    }
}

/// Elements of a run (a row, or a column in column order) that a transfer of `valid` elements fills in a tile with a
/// pad value: up to the end of the 32-byte block.
inline int padded_run(const TileInfo& tile, int valid) {
    const int block = std::max(1, static_cast<int>(kTileAlignment / size_of(tile.dtype)));
    return std::min((valid + block - 1) / block * block, tile.column_order ? tile.rows : tile.cols);
}

/// Bits of a pad value, which TLOAD and TFILLPAD put beside valid elements.
Scalar padding_value(PadValue pad, DTypeId dtype);

}  // namespace pto::host
