// Sorting, merging, and the places of extremes. Pipe V.
#pragma once

#include <type_traits>

#include "pto/ops/arrange.hpp"

namespace pto {

namespace host {

template <typename D, typename S, typename I, typename... Scratch>
void sort32(D& dst, const S& src, const I& indices, int line, Scratch*... scratch) {
    PTO_REQUIRE_TYPE(TSORT32);
    check_plain_vec<D, S, I, Scratch...>();
    static_assert(std::is_same_v<typename I::DType, uint32_t>, "TSORT32 takes indices of uint32_t");
    sort_blocks(dst, src, indices, line, scratch...);
}

}  // namespace host

/// Each block of 32 columns by falling value, as pairs of 8 bytes: value and index; the indices are one row for all.
template <typename D, typename S, typename I>
void TSORT32(D& dst, const S& src, const I& indices, int line = __builtin_LINE()) {
    host::sort32(dst, src, indices, line);
}
template <typename D, typename S, typename I, typename Scratch, typename = std::enable_if_t<host::is_tile<Scratch>>>
void TSORT32(D& dst, const S& src, const I& indices, Scratch& scratch, int line = __builtin_LINE()) {
    host::sort32(dst, src, indices, line, &scratch);
}

/// Every four blocks of `length` elements, which are sorted lists of pairs, merged into one.
template <typename D, typename S>
void TMRGSORT(D& dst, const S& src, int32_t length, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TMRGSORT);
    host::check_plain_vec<D, S>();
    host::merge_blocks(dst, src, length, line);
}

namespace host {

template <OpId op, typename D, typename S>
constexpr void check_argument() {
    static_assert(takes<op, typename S::DType>, "this does not exist for this element type: see isa/ops.py");
    static_assert(is_vec<D> && is_vec<S> && S::isRowMajor, "this works on row-major vec tiles only");
    static_assert(std::is_integral_v<typename D::DType> && sizeof(typename D::DType) == 4,
                  "the places of extremes are i32 or ui32");
}

}  // namespace host

/// dst[r][0] = column of the first extreme of row r; dst[0][c] = row of the first extreme of column c.
#define PTO_ARGUMENT(NAME, AXIS)                                                          \
    template <typename D, typename S, typename Scratch>                                   \
    void NAME(D& dst, const S& src, Scratch& scratch, int line = __builtin_LINE()) {      \
        host::check_argument<host::OpId::NAME, D, S>();                                   \
        host::find_extremes(host::OpId::NAME, host::Axis::AXIS, dst, src, scratch, line); \
    }
PTO_ARGUMENT(TROWARGMAX, Row)
PTO_ARGUMENT(TROWARGMIN, Row)
PTO_ARGUMENT(TCOLARGMAX, Col)
PTO_ARGUMENT(TCOLARGMIN, Col)
#undef PTO_ARGUMENT

}  // namespace pto
