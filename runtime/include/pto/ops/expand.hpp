// Broadcasts of one value per row or per column, alone or combined with a tile. Pipe V.
#pragma once

#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {
namespace host {

/// Static checks of dst = f(src, values), values being [rows, 1] or [1, cols].
template <Axis axis, typename D, typename V>
constexpr void check_expand() {
    static_assert(is_vec<D> && is_vec<V>, "a broadcast works on vec tiles (TileType::Vec, in UB) only");
    static_assert(std::is_same_v<typename D::DType, typename V::DType>,
                  "the broadcast values must have the element type of the destination");
    static_assert(D::isRowMajor, "a broadcast needs a row-major destination");
    static_assert(axis == Axis::Col || may_equal(D::ValidRow, V::ValidRow),
                  "a row broadcast needs one value per row: [rows, 1] for a destination of [rows, cols]");
    static_assert(
        axis == Axis::Row || (may_equal(D::ValidCol, V::ValidCol) && V::isRowMajor),
        "a column broadcast needs one value per column: row-major [1, cols] for a destination of [rows, cols]");
}

}  // namespace host

#define PTO_EXPAND_OP(NAME, AXIS)                                            \
    template <typename D, typename V>                                        \
    void NAME(D& dst, const V& values, int line = __builtin_LINE()) {        \
        PTO_REQUIRE_TYPE(NAME);                                              \
        host::check_expand<host::Axis::AXIS, D, V>();                        \
        host::expand(host::OpId::NAME, host::Axis::AXIS, dst, values, line); \
    }
PTO_EXPAND_OP(TROWEXPAND, Row)
PTO_EXPAND_OP(TCOLEXPAND, Col)
#undef PTO_EXPAND_OP

namespace host {

/// Whether the first operand of a row broadcast has the values and the second one the elements.
template <typename D, typename S, typename V>
inline constexpr bool is_swapped =
    V::isRowMajor && may_equal(D::ValidCol, V::ValidCol) && (!S::isRowMajor || !may_equal(D::ValidCol, S::ValidCol));

/// dst = f(src, values of the rows), or f(values of the rows, src). `scratch` may be null.
template <OpId op, typename D, typename S, typename V>
void expand_rows_with(D& dst, const S& src, const V& values, Operand* scratch, int line) {
    if constexpr (is_swapped<D, S, V> && op != OpId::TROWEXPANDADD) {
        check_vec_operands<D, V>();
        check_expand<Axis::Row, D, S>();
        expand_with(op, Axis::Row, dst, values, src, line, scratch, true);
    } else {
        check_vec_operands<D, S>();
        check_expand<Axis::Row, D, V>();
        expand_with(op, Axis::Row, dst, src, values, line, scratch);
    }
}

}  // namespace host

/// With scratch, the device broadcasts the row values there instead of into the library's own.
#define PTO_ROW_OP(NAME, FUNCTION)                                                                           \
    template <typename D, typename S, typename V>                                                            \
    void NAME(D& dst, const S& src, const V& values, int line = __builtin_LINE()) {                          \
        PTO_REQUIRE_TYPE(NAME);                                                                              \
        host::expand_rows_with<host::OpId::NAME>(dst, src, values, nullptr, line);                           \
    }                                                                                                        \
    template <typename D, typename S, typename V, typename T, typename = std::enable_if_t<host::is_tile<T>>> \
    void NAME(D& dst, const S& src, const V& values, T& scratch, int line = __builtin_LINE()) {              \
        PTO_REQUIRE_TYPE(NAME);                                                                              \
        host::expand_rows_with<host::OpId::NAME>(dst, src, values, &scratch, line);                          \
    }
#define PTO_COL_OP(NAME, FUNCTION)                                                    \
    template <typename D, typename S, typename V>                                     \
    void NAME(D& dst, const S& src, const V& values, int line = __builtin_LINE()) {   \
        PTO_REQUIRE_TYPE(NAME);                                                       \
        host::check_vec_operands<D, S>();                                             \
        host::check_expand<host::Axis::Col, D, V>();                                  \
        host::expand_with(host::OpId::NAME, host::Axis::Col, dst, src, values, line); \
    }
PTO_ROW_BINARY_OPS(PTO_ROW_OP)
PTO_COL_BINARY_OPS(PTO_COL_OP)
#undef PTO_ROW_OP
#undef PTO_COL_OP

}  // namespace pto
