// Single elements of tiles: for operations whose loops no level of CPU makes much faster.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/common/dtype.hpp"
#include "pto/machine/operands.hpp"

namespace pto::host {

/// Element (r, c) of a tile in UB.
template <typename T>
T& element(const Operand& tile, int64_t r, int64_t c) {
    const TileInfo& info = tile.info();
    return reinterpret_cast<T*>(tile.bytes())[r * info.row_stride() + c * info.col_stride()];
}

/// Calls visit(T{}) for the element type.
template <typename Visit>
void for_dtype(DTypeId dtype, Visit visit) {
    switch (dtype) {
#define PTO_CASE(ID, TYPE, NAME) \
    case DTypeId::ID:            \
        return visit(TYPE{});
        PTO_ELEMENTS(PTO_CASE)
#undef PTO_CASE
        default:
            __builtin_trap();
    }
}

/// Calls visit(T{}) for an unsigned type of as many bytes.
template <typename Visit>
void for_size(uint32_t size, Visit visit) {
    switch (size) {
        case 1:
            return visit(uint8_t{});
        case 2:
            return visit(uint16_t{});
        case 4:
            return visit(uint32_t{});
        default:
            return visit(uint64_t{});
    }
}

/// A whole number of any type.
inline int64_t integer_at(const Operand& tile, int64_t r, int64_t c) {
    switch (tile.info().dtype) {
        case DTypeId::I32:
            return element<int32_t>(tile, r, c);
        case DTypeId::U32:
            return element<uint32_t>(tile, r, c);
        case DTypeId::I16:
            return element<int16_t>(tile, r, c);
        case DTypeId::U16:
            return element<uint16_t>(tile, r, c);
        case DTypeId::I8:
            return element<int8_t>(tile, r, c);
        default:
            return element<uint8_t>(tile, r, c);
    }
}

}  // namespace pto::host
