// 16-bit floating point.
// The types are structs on every compiler, so that results do not depend on its _Float16 support. Everything here is
// always inlined: the loops in runtime/numbers are compiled for several CPUs, and a copy for one must not run on
// another.
#pragma once

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
PTO_INLINE uint16_t narrow_to_half(float value) {
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
PTO_INLINE float widen_half(uint16_t half_bits) {
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
PTO_INLINE uint16_t narrow_to_bfloat(float value) {
    const uint32_t bits = float_bits(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
    return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace pto::host

/// IEEE 754 binary16; arithmetic happens in float.
struct half {
    uint16_t bits;

    half() = default;
    PTO_INLINE half(float value) : bits(pto::host::narrow_to_half(value)) {}
    PTO_INLINE operator float() const { return pto::host::widen_half(bits); }
};

/// The upper 16 bits of a float; arithmetic happens in float.
struct bfloat16_t {
    uint16_t bits;

    bfloat16_t() = default;
    PTO_INLINE bfloat16_t(float value) : bits(pto::host::narrow_to_bfloat(value)) {}
    PTO_INLINE operator float() const { return pto::host::bits_float(static_cast<uint32_t>(bits) << 16); }
};
