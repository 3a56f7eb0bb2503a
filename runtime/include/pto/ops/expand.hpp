// Broadcasts of one value per row or per column, alone or combined with a tile. Pipe V.
#pragma once

#include <algorithm>
#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {
namespace host {

enum class Axis { Row, Col };

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

template <Axis axis, typename D, typename V>
void require_expand(OpId op, int line, const D& dst, const V& values) {
    dst.require_assigned(name(op), line);
    values.require_assigned(name(op), line);
    const bool fits = axis == Axis::Row ? dst.GetValidRow() == values.GetValidRow() && values.GetValidCol() > 0
                                        : dst.GetValidCol() == values.GetValidCol() && values.GetValidRow() > 0;
    if (!fits) {
        fail(line, "%s of %d x %d values over a destination of %d x %d: there must be one value per %s", name(op),
             values.GetValidRow(), values.GetValidCol(), dst.GetValidRow(), dst.GetValidCol(),
             axis == Axis::Row ? "row" : "column");
    }
}

/// Rows whose values the device library broadcasts at once.
inline constexpr int kBroadcastRows = 240;
inline constexpr size_t kBroadcastBytes = 32;
static_assert(kBroadcastRows * kBroadcastBytes <= kLibraryScratchBytes, "the rows of a step fit into the scratch");

/// The values of rows [first, first + count), each repeated over 32 bytes of the library's scratch, as the device does
/// it: a tile that lies there is destroyed before it is read.
template <typename V>
typename V::DType* broadcast_rows(const V& values, int first, int count, int line) {
    using T = typename V::DType;
    constexpr size_t kLanesOfRow = kBroadcastBytes / sizeof(T);
    T* scratch = reinterpret_cast<T*>(spoil_library_scratch(line));
    for (int r = 0; r < count; ++r) {
        std::fill_n(scratch + r * kLanesOfRow, kLanesOfRow, values.data()[size_t(first + r) * row_stride<V>]);
    }
    return scratch;
}

/// Calls visit(r, value of row r) for all rows. Column-major values go through the library's scratch.
template <typename V, typename Visit>
PTO_INLINE void for_each_row_value(const V& values, int rows, int line, Visit visit) {
    using T = Compute<typename V::DType>;
    if constexpr (V::isRowMajor) {
        for (int r = 0; r < rows; ++r) visit(r, static_cast<T>(values.data()[size_t(r) * row_stride<V>]));
        static_cast<void>(line);
    } else {
        for (int first = 0; first < rows; first += kBroadcastRows) {
            const int count = std::min(kBroadcastRows, rows - first);
            const auto* scratch = broadcast_rows(values, first, count, line);
            for (int r = 0; r < count; ++r) {
                visit(first + r, static_cast<T>(scratch[r * (kBroadcastBytes / sizeof(*scratch))]));
            }
        }
    }
}

/// dst = f(src, values broadcast along the axis)
template <Axis axis, typename F, typename D, typename S, typename V>
void expand_with(OpId op, F f, int line, D& dst, const S& src, const V& values) {
    check_vec_operands<D, S>();
    check_expand<axis, D, V>();
    static_assert(S::isRowMajor, "a broadcast needs a row-major source");
    require_operands(op, line, dst, src);
    require_expand<axis>(op, line, dst, values);
    if constexpr (kTrace) {
        Recorder recorder(op, PIPE_V, dst, line);
        recorder.read(src).read(values);
        if constexpr (axis == Axis::Row && !V::isRowMajor) recorder.library_scratch();
        recorder.write(dst);
    } else {
        using T = Compute<typename D::DType>;
        constexpr size_t static_cols = D::ValidCol == kDynamic ? 0 : D::ValidCol;
        const size_t cols = static_cols ? static_cols : size_t(dst.GetValidCol());
        const auto to = [&](int r) { return dst.data() + size_t(r) * D::Cols; };
        const auto from = [&](int r) { return src.data() + size_t(r) * S::Cols; };
        if constexpr (axis == Axis::Row) {
            for_each_row_value(values, dst.GetValidRow(), line, [&](int r, T value) {
                map_span([f, value](T left) { return f(left, value); }, cols, to(r), from(r));
            });
        } else {
            for (int r = 0; r < dst.GetValidRow(); ++r) map_span(f, cols, to(r), from(r), values.data());
        }
    }
}

/// dst = values broadcast along the axis
template <Axis axis, typename D, typename V>
void expand(OpId op, int line, D& dst, const V& values) {
    check_expand<axis, D, V>();
    require_expand<axis>(op, line, dst, values);
    if constexpr (kTrace) {
        Recorder(op, PIPE_V, dst, line).read(values).write(dst);
    } else {
        for (int r = 0; r < dst.GetValidRow(); ++r) {
            auto* to = dst.data() + size_t(r) * D::Cols;
            for (int c = 0; c < dst.GetValidCol(); ++c) {
                to[c] = values.data()[axis == Axis::Row ? size_t(r) * row_stride<V> : size_t(c)];
            }
        }
    }
}

}  // namespace host

#define PTO_EXPAND_OP(NAME, AXIS)                                                     \
    template <typename D, typename V>                                                 \
    PTO_OUT_OF_LINE void NAME(D& dst, const V& values, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                       \
        host::expand<host::Axis::AXIS>(host::OpId::NAME, line, dst, values);          \
    }
PTO_EXPAND_OP(TROWEXPAND, Row)
PTO_EXPAND_OP(TCOLEXPAND, Col)
#undef PTO_EXPAND_OP

#define PTO_EXPAND_WITH_OP(NAME, AXIS, FUNCTION)                                                         \
    template <typename D, typename S, typename V>                                                        \
    PTO_OUT_OF_LINE void NAME(D& dst, const S& src, const V& values, int line = __builtin_LINE()) {      \
        PTO_REQUIRE_TYPE(NAME);                                                                          \
        host::expand_with<host::Axis::AXIS>(host::OpId::NAME, host::FUNCTION{}, line, dst, src, values); \
    }
#define PTO_ROW_OP(NAME, FUNCTION) PTO_EXPAND_WITH_OP(NAME, Row, FUNCTION)
#define PTO_COL_OP(NAME, FUNCTION) PTO_EXPAND_WITH_OP(NAME, Col, FUNCTION)
PTO_ROW_BINARY_OPS(PTO_ROW_OP)
PTO_COL_BINARY_OPS(PTO_COL_OP)
#undef PTO_ROW_OP
#undef PTO_COL_OP
#undef PTO_EXPAND_WITH_OP

}  // namespace pto
