// Operations that move elements to other places of UB (pipe V), and what the scalar unit writes there (pipe S).
#pragma once

#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {
namespace host {

template <typename... T>
constexpr void check_plain_vec() {
    static_assert((is_vec<T> && ...), "this works on vec tiles (TileType::Vec, in UB) only");
    static_assert((T::isRowMajor && ...), "this needs row-major tiles");
}

}  // namespace host

/// dst[r][c] = element indices[r][c] of src, counted flat from its start.
template <typename D, typename S, typename I, typename Scratch>
void TGATHER(D& dst, const S& src, const I& indices, Scratch& scratch, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TGATHER);
    host::check_plain_vec<D, S, I, Scratch>();
    static_assert(std::is_same_v<typename D::DType, typename S::DType>, "TGATHER keeps the element type");
    static_assert(std::is_integral_v<typename I::DType> && sizeof(typename I::DType) == 4,
                  "TGATHER takes indices of 32 bits");
    host::gather(dst, src, indices, scratch, line);
}

/// The columns of src that the pattern keeps, all rows one after the other.
template <typename D, typename S, MaskPattern pattern>
void TGATHER(D& dst, const S& src, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TGATHER);
    host::check_plain_vec<D, S>();
    static_assert(sizeof(typename D::DType) == sizeof(typename S::DType), "TGATHER keeps the size of elements");
    host::gather_columns(dst, src, static_cast<int>(pattern), line);
}

/// dst = 0, then element indices[r][c] of dst = src[r][c]; the last one stays.
template <typename D, typename S, typename I>
void TSCATTER(D& dst, const S& src, const I& indices, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TSCATTER);
    host::check_plain_vec<D, S, I>();
    static_assert(std::is_same_v<typename D::DType, typename S::DType>, "TSCATTER keeps the element type");
    static_assert(sizeof(typename I::DType) == (sizeof(typename D::DType) == 4 ? 4 : 2),
                  "TSCATTER takes indices of 32 bits for elements of 4 bytes, else of 16");
    host::scatter(dst, src, indices, line);
}

/// dst = src where that is valid, dst's pad value elsewhere in its valid rows.
#define PTO_PADDING_OP(NAME)                                                                                  \
    template <typename D, typename S>                                                                         \
    void NAME(D& dst, const S& src, int line = __builtin_LINE()) {                                            \
        PTO_REQUIRE_TYPE(NAME);                                                                               \
        host::check_plain_vec<D, S>();                                                                        \
        static_assert(std::is_same_v<typename D::DType, typename S::DType>, #NAME " keeps the element type"); \
        static_assert(D::Pad != PadValue::Null, #NAME " needs a destination with a pad value");               \
        host::fill_padding(host::OpId::NAME, dst, src, line);                                                 \
    }
PTO_PADDING_OP(TFILLPAD)
PTO_PADDING_OP(TFILLPAD_EXPAND)
PTO_PADDING_OP(TFILLPAD_INPLACE)
#undef PTO_PADDING_OP

/// dst[c][r] = src[r][c]
template <typename D, typename S, typename Scratch>
void TTRANS(D& dst, const S& src, Scratch& scratch, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TTRANS);
    host::check_plain_vec<D, S, Scratch>();
    static_assert(std::is_same_v<typename D::DType, typename S::DType>, "TTRANS keeps the element type");
    host::transpose(dst, src, scratch, line);
}

/// dst = left, and right to the right of it.
template <typename D, typename A, typename B>
void TCONCAT(D& dst, const A& left, const B& right, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TCONCAT);
    host::check_plain_vec<D, A, B>();
    static_assert(
        std::is_same_v<typename D::DType, typename A::DType> && std::is_same_v<typename D::DType, typename B::DType>,
        "TCONCAT keeps the element type");
    host::concatenate(dst, left, right, line);
}

/// dst = src; patterns that leave columns out need another shape on the device than ptoas takes.
template <MaskPattern pattern, typename D, typename S>
void TSCATTER(D& dst, const S& src, int line = __builtin_LINE()) {
    static_assert(pattern == MaskPattern::P1111, "TSCATTER by a pattern: ptoas takes the shapes of P1111 only");
    PTO_REQUIRE_TYPE(TSCATTER);
    host::check_vec_operands<D, S>();
    host::scatter_columns(dst, src, line);
}

/// dst = first, first + 1, ..., or - 1; by the scalar unit.
template <typename D, typename T, int descending>
void TCI(D& dst, T first, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TCI);
    host::check_plain_vec<D>();
    static_assert(std::is_same_v<typename D::DType, T>, "TCI starts with a number of dst's element type");
    host::count(dst, first, descending ? -1 : 1, line);
}

}  // namespace pto
