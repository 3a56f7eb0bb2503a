// Conversions of whole runs between 16-bit floats and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/common/half.hpp"
#include "runtime/numbers/level.hpp"

namespace pto::host::PTO_LEVEL {

#if defined(__F16C__)
template <int count>
struct Converted {
    typedef float Floats __attribute__((vector_size(4 * count), aligned(4), may_alias));
    typedef uint16_t Halves __attribute__((vector_size(2 * count), aligned(2), may_alias));
};

/// 8 elements, or 16 with AVX-512.
template <int count>
PTO_INLINE void widen_some(float* dst, const half* src) {
    typename Converted<count>::Floats wide;
    __asm__("vcvtph2ps %1, %0" : "=x"(wide) : "m"(*reinterpret_cast<const typename Converted<count>::Halves*>(src)));
    *reinterpret_cast<typename Converted<count>::Floats*>(dst) = wide;
}

template <int count>
PTO_INLINE void narrow_some(half* dst, const float* src) {
    typename Converted<count>::Halves narrow;
    __asm__("vcvtps2ph $0, %1, %0"
            : "=x"(narrow)
            : "x"(*reinterpret_cast<const typename Converted<count>::Floats*>(src)));  // 0: to nearest even
    *reinterpret_cast<typename Converted<count>::Halves*>(dst) = narrow;
}
#endif

/// dst[i] = src[i], exactly.
inline void widen_span(float* dst, const half* src, size_t count) {
    size_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= count; i += 16) widen_some<16>(dst + i, src + i);
#endif
#if defined(__F16C__)
    for (; i + 8 <= count; i += 8) widen_some<8>(dst + i, src + i);
#endif
#if defined(__aarch64__)
    const __fp16* rest = reinterpret_cast<const __fp16*>(src);
#else
    const half* rest = src;
#endif
    for (; i < count; ++i) dst[i] = rest[i];
}

/// dst[i] = src[i] rounded to nearest even; dst may start where src starts.
inline void narrow_span(half* dst, const float* src, size_t count) {
    size_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= count; i += 16) narrow_some<16>(dst + i, src + i);
#endif
#if defined(__F16C__)
    for (; i + 8 <= count; i += 8) narrow_some<8>(dst + i, src + i);
#endif
    for (; i < count; ++i) dst[i] = half(src[i]);
}

inline void widen_span(float* dst, const bfloat16_t* src, size_t count) {
    for (size_t i = 0; i < count; ++i) dst[i] = src[i];
}

inline void narrow_span(bfloat16_t* dst, const float* src, size_t count) {
    for (size_t i = 0; i < count; ++i) dst[i] = bfloat16_t(src[i]);
}

}  // namespace pto::host::PTO_LEVEL
