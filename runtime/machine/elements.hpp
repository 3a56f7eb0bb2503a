// Single elements of tiles: for operations whose loops no level of CPU makes much faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pto/common/dtype.hpp"
#include "pto/machine/operands.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

/// Element (r, c) of a tile in UB.
template <typename T>
T& element(const Operand& tile, int64_t r, int64_t c) {
    const TileInfo& info = tile.info();
    return reinterpret_cast<T*>(tile.bytes())[r * info.row_stride() + c * info.col_stride()];
}

/// The same as a number to compute with.
template <typename T>
Compute<T> wide(const Operand& tile, int64_t r, int64_t c) {
    return static_cast<Compute<T>>(element<T>(tile, r, c));
}

/// A matrix from its row `row` and column `col` on.
inline Strided from_element(const Strided& matrix, int64_t row, int64_t col, DTypeId dtype) {
    return {static_cast<std::byte*>(matrix.data) + (row * matrix.row + col * matrix.col) * size_of(dtype), matrix.row,
            matrix.col};
}

/// The elements of a vec, mat or acc tile from row `row` and column `col` on.
inline Strided elements_from(const Operand& tile, int64_t row, int64_t col) {
    const TileInfo& info = tile.info();
    return from_element({tile.bytes(), info.row_stride(), info.col_stride()}, row, col, info.dtype);
}

/// The runs of a tile: its rows, or its columns if it is column-major.
inline Block2D runs_of(const Operand& tile) { return {tile.bytes(), tile.info().pitch()}; }

/// One value for each row of a tile.
inline Block2D values_per_row(const Operand& tile) { return {tile.bytes(), tile.info().row_stride()}; }

/// Calls visit(r, c) for each valid element of a tile, row by row.
template <typename Visit>
void for_each_element(const Operand& tile, Visit visit) {
    for (int r = 0; r < tile.valid_rows(); ++r) {
        for (int c = 0; c < tile.valid_cols(); ++c) visit(r, c);
    }
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

/// A number of any type, as another.
template <typename To>
To number_at(const std::byte* place, DTypeId dtype) {
    To number{};
    for_dtype(dtype, [&](auto element) {
        std::memcpy(&element, place, sizeof element);
        number = static_cast<To>(static_cast<Compute<decltype(element)>>(element));
    });
    return number;
}

/// A whole number of any type.
inline int64_t integer_at(const Operand& tile, int64_t r, int64_t c) {
    return number_at<int64_t>(static_cast<const std::byte*>(elements_from(tile, r, c).data), tile.info().dtype);
}

}  // namespace pto::host
