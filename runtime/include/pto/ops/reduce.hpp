// Reductions of rows and columns. Pipe V.
#pragma once

#include <type_traits>

#include "pto/ops/elementwise.hpp"
#include "pto/ops/scratch.hpp"

namespace pto {
namespace host {

template <typename D, typename S, typename Scratch>
constexpr void check_row_reduction() {
    static_assert(is_vec<D> && is_vec<S> && is_vec<Scratch>, "a row reduction works on vec tiles (TileType::Vec) only");
    static_assert(std::is_same_v<typename D::DType, typename S::DType>,
                  "a row reduction keeps the element type: destination and source must have the same");
    static_assert(may_equal(D::ValidRow, S::ValidRow) && may_equal(D::ValidCol, 1),
                  "a row reduction of [rows, cols] needs a destination of [rows, 1]");
    static_assert(S::isRowMajor && Scratch::isRowMajor, "a row reduction needs a row-major source and scratch");
    static_assert(scratch_may_do(D::kInfo, S::kInfo, Scratch::kInfo),
                  "the scratch of a row reduction must hold what the device overwrites: 4 KiB in one piece for f32 "
                  "sources of 32 x 256, 16 x 512, 64 x 128 and 8 x 1024, else as much as the source");
}

template <typename D, typename S>
constexpr void check_column_reduction() {
    static_assert(is_vec<D> && is_vec<S>, "a column reduction works on vec tiles (TileType::Vec) only");
    static_assert(std::is_same_v<typename D::DType, typename S::DType>,
                  "a column reduction keeps the element type: destination and source must have the same");
    static_assert(may_equal(D::ValidCol, S::ValidCol) && may_equal(D::ValidRow, 1),
                  "a column reduction of [rows, cols] needs a destination of [1, cols]");
    static_assert(S::isRowMajor && D::isRowMajor, "a column reduction needs row-major tiles");
}

}  // namespace host

/// dst[r][0] = reduction of src[r][:]; `scratch` is working space of the device.
#define PTO_ROW_REDUCTION(NAME, FUNCTION)                                            \
    template <typename D, typename S, typename Scratch>                              \
    void NAME(D& dst, const S& src, Scratch& scratch, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                      \
        host::check_row_reduction<D, S, Scratch>();                                  \
        host::reduce_rows(host::OpId::NAME, dst, src, scratch, line);                \
    }
PTO_ROW_REDUCTION_OPS(PTO_ROW_REDUCTION)
#undef PTO_ROW_REDUCTION

/// dst[0][c] = reduction of src[:][c].
#define PTO_COL_REDUCTION(NAME, FUNCTION)                             \
    template <typename D, typename S>                                 \
    void NAME(D& dst, const S& src, int line = __builtin_LINE()) {    \
        PTO_REQUIRE_TYPE(NAME);                                       \
        host::check_column_reduction<D, S>();                         \
        host::reduce_cols(host::OpId::NAME, dst, src, nullptr, line); \
    }
PTO_COL_REDUCTION_OPS(PTO_COL_REDUCTION)
PTO_COL_SUM_OPS(PTO_COL_REDUCTION)
#undef PTO_COL_REDUCTION

/// TCOLSUM with the device's working space; `binary` picks its order of summation.
template <typename D, typename S, typename Scratch, typename = std::enable_if_t<host::is_tile<Scratch>>>
void TCOLSUM(D& dst, const S& src, Scratch& scratch, bool binary = false, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TCOLSUM);
    static_cast<void>(binary);
    host::check_column_reduction<D, S>();
    host::reduce_cols(host::OpId::TCOLSUM, dst, src, &scratch, line);
}

}  // namespace pto
