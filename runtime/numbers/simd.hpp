// Vectors of floats by the compiler's vector extensions, and the functions on them that compilers do not vectorise.
#pragma once

#include <cstddef>
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

// Before a loop over elements that compilers vectorise: four vectors a turn, so that its speed does not depend on where
// the linker puts it. Clang does so by itself.
#if defined(__clang__)
#define PTO_LONG_TURNS
#else
#define PTO_LONG_TURNS _Pragma("GCC unroll 4")
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

inline constexpr size_t kLineBytes = 64;

/// Fetches a line of memory that will be written soon: stores wait for their lines in turn, loads do not. Any address
/// will do.
PTO_INLINE void expect_stores(const void* address) { __builtin_prefetch(address, 1); }

PTO_INLINE FloatV splat(float value) { return value - FloatV{}; }

/// How much of a product is in registers at a time: of its results rows, and vectors in each row.
#if defined(__AVX512F__)
inline constexpr int kBlockRows = 8;
inline constexpr int kBlockVectors = 2;
#elif defined(__aarch64__)
inline constexpr int kBlockRows = 6;
inline constexpr int kBlockVectors = 4;
#else
inline constexpr int kBlockRows = 6;  // of 16 registers
inline constexpr int kBlockVectors = 2;
#endif

/// How many vectors exp_vectors should get. Each step of exp waits for the one before: a CPU that is shared with
/// another hyperthread does not look far enough ahead to find the next vector's.
#if defined(__AVX512F__)
inline constexpr int kExpVectors = 8;
#else
inline constexpr int kExpVectors = 4;
#endif

template <int count, typename F>
PTO_INLINE void for_each_vector(F f) {
    PTO_UNROLL
    for (int v = 0; v < count; ++v) f(v);
}

/// `x` between two numbers; NaN stays.
PTO_INLINE FloatV clamp(FloatV x, float lowest, float highest) {
#if defined(__AVX512F__)
    return _mm512_min_ps(splat(highest), _mm512_max_ps(splat(lowest), x));  // the second operand, if one is NaN
#else
    x = x < lowest ? splat(lowest) : x;
    return x > highest ? splat(highest) : x;
#endif
}

/// exp(x), at most 1.5 ulp off, subnormal results included; exp(-inf) = 0, exp(inf) = inf, NaN stays NaN.
/// x = n ln 2 + r; e^r is the degree-6 polynomial of Cephes' expf; 2^n is applied in two steps so that n may leave the
/// exponent range.
template <int count>
PTO_INLINE void exp_vectors(FloatV (&x)[count]) {
    constexpr float kLog2E = 1.44269504088896341f;
    constexpr float kLn2High = 0.693359375f;
    constexpr float kLn2Low = -2.12194440e-4f;
    constexpr float kRound = 0x1.8p23f;  // adding it rounds to an integer, which lands in the low bits
    FloatV shifted[count], n[count], r[count], p[count];
    // exp rounds to 0 from -103.98 down, and overflows from 88.73 up
    for_each_vector<count>([&](int v) { x[v] = clamp(x[v], -105.0f, 89.0f); });
    for_each_vector<count>([&](int v) { shifted[v] = x[v] * kLog2E + kRound; });
    for_each_vector<count>([&](int v) { n[v] = shifted[v] - kRound; });
    for_each_vector<count>([&](int v) { r[v] = x[v] - n[v] * kLn2High; });
    for_each_vector<count>([&](int v) { r[v] = r[v] - n[v] * kLn2Low; });
    for_each_vector<count>([&](int v) { p[v] = 1.9875691500e-4f * r[v] + 1.3981999507e-3f; });
    for_each_vector<count>([&](int v) { p[v] = p[v] * r[v] + 8.3334519073e-3f; });
    for_each_vector<count>([&](int v) { p[v] = p[v] * r[v] + 4.1665795894e-2f; });
    for_each_vector<count>([&](int v) { p[v] = p[v] * r[v] + 1.6666665459e-1f; });
    for_each_vector<count>([&](int v) { p[v] = p[v] * r[v] + 5.0000001201e-1f; });
    for_each_vector<count>([&](int v) { p[v] = p[v] * (r[v] * r[v]) + r[v] + 1.0f; });
    for_each_vector<count>([&](int v) {
#if defined(__AVX512F__)
        x[v] = _mm512_scalef_ps(p[v], n[v]);
#else
        const IntV exponent = (IntV)shifted[v] - 0x4b400000;
        const IntV half_exponent = exponent >> 1;
        const FloatV first = (FloatV)((half_exponent + 127) << 23);
        const FloatV second = (FloatV)((exponent - half_exponent + 127) << 23);
        x[v] = p[v] * first * second;
#endif
    });
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
