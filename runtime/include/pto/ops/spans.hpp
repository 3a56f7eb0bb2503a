// Applies a function to runs of elements: the one place where element loops live.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "pto/common/dtype.hpp"
#include "pto/tile/tile.hpp"

namespace pto::host {

/// 16-bit floats are widened, computed and narrowed in pieces of this many elements.
inline constexpr size_t kPiece = 128;

/// dst[i] = f(src[i]...) for full runs. Runs may coincide; they must not overlap in another way.
template <typename F, typename T, typename... S>
PTO_INLINE void map_run(F f, size_t count, T* dst, const S*... src) {
    PTO_INDEPENDENT
    for (size_t i = 0; i < count; ++i) dst[i] = f(src[i]...);
}

template <typename F, typename T, size_t... I, typename... S>
PTO_INLINE void map_short_floats(std::index_sequence<I...>, F f, size_t count, T* dst, const S*... src) {
    for (size_t begin = 0; begin < count; begin += kPiece) {
        const size_t size = std::min(kPiece, count - begin);
        float wide[1 + sizeof...(S)][kPiece];
        (widen_span(wide[1 + I], src + begin, size), ...);
        map_run(f, size, wide[0], static_cast<const float*>(wide[1 + I])...);
        narrow_span(dst + begin, wide[0], size);
    }
}

/// As map_run, with the arithmetic in Compute<T>.
template <typename F, typename T, typename... S>
PTO_INLINE void map_span(F f, size_t count, T* dst, const S*... src) {
    if constexpr (is_short_float<T>) {
        map_short_floats(std::index_sequence_for<S...>{}, f, count, dst, src...);
    } else {
        map_run(f, count, dst, src...);
    }
}

/// Calls visit(offset of dst, offsets of src..., count) for each contiguous run of the valid part; all tiles have the
/// same layout. Whole tiles without gaps are one run of static length.
template <typename D, typename... S, typename Visit>
PTO_INLINE void for_each_run(const D& dst, Visit visit) {
    static_assert(((S::isRowMajor == D::isRowMajor) && ...),
                  "element-wise operands must all be row-major or all column-major: TRESHAPE one of them");
    constexpr int line_length = D::isRowMajor ? D::Cols : D::Rows;
    constexpr bool dense = D::ValidRow == D::Rows && D::ValidCol == D::Cols &&
                           (((S::isRowMajor ? S::Cols : S::Rows) == line_length) && ...);
    if constexpr (dense) {
        visit(size_t{D::Rows} * D::Cols, size_t{0}, (static_cast<void>(sizeof(S)), size_t{0})...);
    } else {
        const size_t lines = D::isRowMajor ? dst.GetValidRow() : dst.GetValidCol();
        const size_t count = D::isRowMajor ? dst.GetValidCol() : dst.GetValidRow();
        for (size_t l = 0; l < lines; ++l) visit(count, l * line_length, (l * (S::isRowMajor ? S::Cols : S::Rows))...);
    }
}

}  // namespace pto::host
