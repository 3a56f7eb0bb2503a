// Conversions of whole runs between 16-bit floats and float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/common/half.hpp"
#include "runtime/numbers/level.hpp"

namespace pto::host::PTO_LEVEL {

/// Elements that the CPU's vector instructions convert; the rest of a span goes one by one.
inline constexpr size_t vector_part(size_t count) {
#if defined(__F16C__)
    return count / 8 * 8;
#else
    return count * 0;
#endif
}

#if defined(__F16C__)
typedef float EightFloats __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint16_t EightHalves __attribute__((vector_size(16), aligned(2), may_alias));

PTO_INLINE void widen_eight(float* dst, const half* src) {
    EightFloats wide;
    __asm__("vcvtph2ps %1, %0" : "=x"(wide) : "m"(*reinterpret_cast<const EightHalves*>(src)));
    *reinterpret_cast<EightFloats*>(dst) = wide;
}

PTO_INLINE void narrow_eight(half* dst, const float* src) {
    EightHalves narrow;
    __asm__("vcvtps2ph $0, %1, %0"
            : "=x"(narrow)
            : "x"(*reinterpret_cast<const EightFloats*>(src)));  // 0: to nearest even
    *reinterpret_cast<EightHalves*>(dst) = narrow;
}
#endif

/// dst[i] = src[i], exactly.
inline void widen_span(float* dst, const half* src, size_t count) {
#if defined(__F16C__)
    for (size_t i = 0; i < vector_part(count); i += 8) widen_eight(dst + i, src + i);
#endif
#if defined(__aarch64__)
    const __fp16* rest = reinterpret_cast<const __fp16*>(src);
#else
    const half* rest = src;
#endif
    for (size_t i = vector_part(count); i < count; ++i) dst[i] = rest[i];
}

/// dst[i] = src[i] rounded to nearest even; dst may start where src starts.
inline void narrow_span(half* dst, const float* src, size_t count) {
#if defined(__F16C__)
    for (size_t i = 0; i < vector_part(count); i += 8) narrow_eight(dst + i, src + i);
#endif
    for (size_t i = vector_part(count); i < count; ++i) dst[i] = half(src[i]);
}

inline void widen_span(float* dst, const bfloat16_t* src, size_t count) {
    for (size_t i = 0; i < count; ++i) dst[i] = src[i];
}

inline void narrow_span(bfloat16_t* dst, const float* src, size_t count) {
    for (size_t i = 0; i < count; ++i) dst[i] = bfloat16_t(src[i]);
}

}  // namespace pto::host::PTO_LEVEL
