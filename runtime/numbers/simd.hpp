// Vectors of floats by the compiler's vector extensions, and the functions on them that compilers do not vectorise.
#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "pto/common/keywords.hpp"
#include "runtime/numbers/level.hpp"

namespace pto::host::PTO_LEVEL {

// Before a loop whose count is known and whose variables are to stay in registers.
#if defined(__clang__)
#define PTO_UNROLL _Pragma("unroll")
#else
#define PTO_UNROLL _Pragma("GCC unroll 64")
#endif

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif
inline constexpr int kLanes = kVectorBytes / 4;

typedef float FloatV __attribute__((vector_size(kVectorBytes)));
typedef int32_t IntV __attribute__((vector_size(kVectorBytes)));

/// The vector type of a 32-bit element type, and the same for memory of any alignment.
template <typename T>
struct VectorOf;
template <>
struct VectorOf<float> {
    typedef FloatV Register;
    typedef float Memory __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
};
template <>
struct VectorOf<int32_t> {
    typedef IntV Register;
    typedef int32_t Memory __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
};

template <typename T>
PTO_INLINE typename VectorOf<T>::Register load_vector(const T* from) {
    return *reinterpret_cast<const typename VectorOf<T>::Memory*>(from);
}

template <typename T>
PTO_INLINE void store_vector(T* to, typename VectorOf<T>::Register vector) {
    *reinterpret_cast<typename VectorOf<T>::Memory*>(to) = vector;
}

PTO_INLINE FloatV splat(float value) { return value - FloatV{}; }

/// exp(x), at most 1.5 ulp off, subnormal results included; exp(-inf) = 0, exp(inf) = inf, NaN stays NaN.
/// x = n ln 2 + r; e^r is the degree-6 polynomial of Cephes' expf; 2^n is applied in two steps so that n may leave the
/// exponent range.
PTO_INLINE FloatV exp_vector(FloatV x) {
    constexpr float kLowest = -105.0f;  // exp rounds to 0 from -103.98 down
    constexpr float kHighest = 89.0f;   // exp overflows from 88.73 up
    constexpr float kLog2E = 1.44269504088896341f;
    constexpr float kLn2High = 0.693359375f;
    constexpr float kLn2Low = -2.12194440e-4f;
    constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, which lands in the low bits
#if defined(__AVX512F__)
    x = _mm512_min_ps(splat(kHighest), _mm512_max_ps(splat(kLowest), x));  // the second operand, if one is NaN
#else
    x = x < kLowest ? splat(kLowest) : x;
    x = x > kHighest ? splat(kHighest) : x;
#endif
    const FloatV shifted = x * kLog2E + kRound;
    const FloatV n = shifted - kRound;
    FloatV r = x - n * kLn2High;
    r = r - n * kLn2Low;
    FloatV p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
#if defined(__AVX512F__)
    return _mm512_scalef_ps(p, n);
#else
    const IntV exponent = (IntV)shifted - 0x4b400000;
    const IntV half_exponent = exponent >> 1;
    const FloatV first = (FloatV)((half_exponent + 127) << 23);
    const FloatV second = (FloatV)((exponent - half_exponent + 127) << 23);
    return p * first * second;
#endif
}

/// The larger, the smaller of two; NaN if either is NaN, so that what nobody wrote does not disappear.
template <typename T>
PTO_INLINE T nan_max(T a, T b) {
    return ((a >= b) | (a != a)) ? a : b;
}
template <typename T>
PTO_INLINE T nan_min(T a, T b) {
    return ((a <= b) | (a != a)) ? a : b;
}

}  // namespace pto::host::PTO_LEVEL
