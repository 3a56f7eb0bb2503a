// Conversion between element types. Pipe V.
#pragma once

#include "pto/ops/conversions.hpp"
#include "pto/ops/elementwise.hpp"

namespace pto {

/// dst = src converted to the element type of dst. f32 to f32 rounds to integers. Pairs that heed no saturation mode
/// always saturate; the others do not unless asked.
template <typename D, typename S>
void TCVT(D& dst, const S& src, RoundMode mode, SaturationMode saturation = SaturationMode::OFF,
          int line = __builtin_LINE()) {
    static_assert(host::is_vec<D> && host::is_vec<S>, "TCVT works on vec tiles (TileType::Vec, in UB) only");
    static_assert(host::same_valid_shape<D, S>,
                  "TCVT needs a destination with the valid rows and columns of the source");
    static_assert(D::isRowMajor == S::isRowMajor,
                  "TCVT needs operands that are both row-major or both column-major: TRESHAPE one of them");
    static_assert(host::converts<typename S::DType, typename D::DType>,
                  "the device has no conversion between these element types: see pto/ops/conversions.hpp");
    host::convert(dst, src, mode, saturation, line);
}

}  // namespace pto
