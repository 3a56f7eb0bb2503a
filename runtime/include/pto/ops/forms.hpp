// Second forms of operations, and those with two results. Pipe V.
#pragma once

#include <type_traits>

#include "pto/ops/arrange.hpp"
#include "pto/ops/elementwise.hpp"

namespace pto {

/// dst = scalar / src. Whole numbers are truncated.
template <typename D, typename A, typename = std::enable_if_t<host::is_tile<A>>>
void TDIVS(D& dst, typename D::DType scalar, const A& src, int line = __builtin_LINE()) {
    static_assert(host::takes<host::OpId::TDIVS_SCALAR, typename D::DType>, "TDIVS divides f16, f32, i16 and i32");
    host::check_vec_operands<D, A>();
    host::divide_scalar(dst, src, host::Scalar(scalar), line);
}

/// dst = first, first + 1, ..., or -(first), -(first + 1), ...; the device overwrites scratch.
template <typename D, typename Scratch, typename T, int descending>
void TCI(D& dst, T first, Scratch& scratch, int line = __builtin_LINE()) {
    static_assert(host::takes<host::OpId::TCI_SCRATCH, typename D::DType>, "TCI counts i16 and i32");
    static_assert(std::is_same_v<typename D::DType, T>, "TCI starts with a number of dst's element type");
    host::count_with_scratch(dst, first, descending ? -1 : 1, scratch, line);
}

/// Pairs that were taken of each list.
struct MrgSortExecutedNumList {
    uint16_t mrgSortList0, mrgSortList1, mrgSortList2, mrgSortList3;
};

namespace host {

template <bool exhausted, typename D, typename... Lists>
void merge_all(D& dst, MrgSortExecutedNumList& executed, Operand& scratch, int line, const Lists&... lists) {
    static_assert(takes<OpId::TMRGSORT_LISTS, typename D::DType>, "TMRGSORT merges f16 and f32");
    static_assert((std::is_same_v<typename D::DType, typename Lists::DType> && ...),
                  "TMRGSORT merges lists of dst's element type");
    const Operand* all[] = {&lists...};
    uint16_t taken[4] = {};
    merge_lists(dst, scratch, all, sizeof...(lists), exhausted ? taken : nullptr, line);
    if (exhausted) executed = {taken[0], taken[1], taken[2], taken[3]};
}

}  // namespace host

/// Two to four lists of pairs merged into one.
template <typename D, typename Scratch, typename A, typename B, bool exhausted>
void TMRGSORT(D& dst, MrgSortExecutedNumList& executed, Scratch& scratch, const A& a, const B& b,
              int line = __builtin_LINE()) {
    host::merge_all<exhausted>(dst, executed, scratch, line, a, b);
}
template <typename D, typename Scratch, typename A, typename B, typename C, bool exhausted>
void TMRGSORT(D& dst, MrgSortExecutedNumList& executed, Scratch& scratch, const A& a, const B& b, const C& c,
              int line = __builtin_LINE()) {
    host::merge_all<exhausted>(dst, executed, scratch, line, a, b, c);
}
template <typename D, typename Scratch, typename A, typename B, typename C, typename E, bool exhausted>
void TMRGSORT(D& dst, MrgSortExecutedNumList& executed, Scratch& scratch, const A& a, const B& b, const C& c,
              const E& d, int line = __builtin_LINE()) {
    host::merge_all<exhausted>(dst, executed, scratch, line, a, b, c, d);
}

/// Indices of the elements of a row that are equal to, or greater than, a number, packed to the left, and how many. As
/// ptoas prints it; the device's headers of August 2026 want a tile in place of the number.
template <typename D, typename A, typename Scratch, typename C, CmpMode mode>
void TGATHER(D& dst, const A& src, typename A::DType scalar, Scratch& scratch, C& counts, int offset,
             int line = __builtin_LINE()) {
    static_assert(mode == CmpMode::EQ || mode == CmpMode::GT, "TGATHER compares by EQ or GT");
    static_assert(std::is_same_v<typename D::DType, int32_t> && std::is_same_v<typename C::DType, int32_t>,
                  "TGATHER writes indices and counts of int32_t");
    host::gather_compared(dst, src, host::Scalar(scalar), scratch, counts, mode == CmpMode::GT, offset, line);
}

/// Extremes of two tiles with their indices; where one is not valid, the other one's.
#define PTO_PARTIAL_ARGUMENT(NAME)                                                                               \
    template <typename D, typename A, typename B, typename DI, typename AI, typename BI>                         \
    void NAME(D& dst, const A& left, const B& right, DI& dst_index, const AI& left_index, const BI& right_index, \
              int line = __builtin_LINE()) {                                                                     \
        PTO_REQUIRE_TYPE(NAME);                                                                                  \
        host::check_plain_vec<D, A, B, DI, AI, BI>();                                                            \
        static_assert(sizeof(typename DI::DType) == 4 && std::is_integral_v<typename DI::DType>,                 \
                      #NAME " has indices of i32 or ui32");                                                      \
        host::combine_arguments(host::OpId::NAME, dst, left, right, dst_index, left_index, right_index, line);   \
    }
PTO_PARTIAL_ARGUMENT(TPARTARGMAX)
PTO_PARTIAL_ARGUMENT(TPARTARGMIN)
#undef PTO_PARTIAL_ARGUMENT

}  // namespace pto
