// 16-bit floating point: types for generated code and conversions of whole spans.
// The types are structs on every compiler, so that results do not depend on its _Float16 support.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pto/common/keywords.hpp"

namespace pto::host {

PTO_INLINE uint32_t float_bits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

PTO_INLINE float bits_float(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// binary16 bits of a float: round to nearest even, overflow to infinity, NaN stays a quiet NaN.
inline uint16_t narrow_to_half(float value) {
    const uint32_t bits = float_bits(value);
    const uint32_t sign = (bits >> 16) & 0x8000u;
    const uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return static_cast<uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
    }
    if (magnitude >= 0x477ff000u) {  // 65520 and more: halfway between the largest half and 2^16
        return static_cast<uint16_t>(sign | 0x7c00u);
    }
    if (magnitude < 0x38800000u) {  // below 2^-14: adding 0.5 lets the FPU round to a multiple of 2^-24
        return static_cast<uint16_t>(sign | (float_bits(bits_float(magnitude) + 0.5f) - 0x3f000000u));
    }
    const uint32_t odd = (magnitude >> 13) & 1u;
    return static_cast<uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
}

/// Exact float value of binary16 bits.
inline float widen_half(uint16_t half_bits) {
    const uint32_t sign = static_cast<uint32_t>(half_bits & 0x8000u) << 16;
    const uint32_t magnitude = half_bits & 0x7fffu;
    if (magnitude >= 0x7c00u) {
        const uint32_t quiet = magnitude > 0x7c00u ? 0x400000u : 0u;
        return bits_float(sign | 0x7f800000u | quiet | (magnitude << 13));
    }
    if (magnitude < 0x400u) {
        const float value = static_cast<float>(magnitude) * 0x1p-24f;
        return bits_float(sign | float_bits(value));
    }
    return bits_float(sign | ((magnitude << 13) + 0x38000000u));
}

/// bfloat16 bits of a float: round to nearest even.
inline uint16_t narrow_to_bfloat(float value) {
    const uint32_t bits = float_bits(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
    return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace pto::host

/// IEEE 754 binary16; arithmetic happens in float.
struct half {
    uint16_t bits;

    half() = default;
    half(float value) : bits(pto::host::narrow_to_half(value)) {}
    operator float() const { return pto::host::widen_half(bits); }
};

/// The upper 16 bits of a float; arithmetic happens in float.
struct bfloat16_t {
    uint16_t bits;

    bfloat16_t() = default;
    bfloat16_t(float value) : bits(pto::host::narrow_to_bfloat(value)) {}
    operator float() const { return pto::host::bits_float(static_cast<uint32_t>(bits) << 16); }
};

namespace pto::host {

/// Elements that the CPU's vector instructions convert; the rest of a span goes one by one.
inline constexpr size_t vector_part(size_t count) {
#if defined(__F16C__)
    return count / 8 * 8;
#else
    return count * 0;
#endif
}

#if defined(__F16C__)
// Not <immintrin.h>, whose thousands of intrinsics cost every kernel 0.6 s of compilation, for two instructions.
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

}  // namespace pto::host
