// Conversion between element types.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "runtime/numbers/map.hpp"

namespace pto::host::PTO_LEVEL {

/// `value` rounded to an integer; NaN and infinities stay.
inline double round_to_integer(double value, Rounding rounding) {
    switch (rounding) {
        case Rounding::Floor:
            return std::floor(value);
        case Rounding::Ceil:
            return std::ceil(value);
        case Rounding::ToZero:
            return std::trunc(value);
        case Rounding::Away:
            return std::round(value);
        case Rounding::ToOdd: {
            const double down = std::floor(value);
            return down == value || std::fmod(down, 2.0) != 0.0 ? down : down + 1.0;
        }
        case Rounding::Nearest:
            break;
    }
    return std::nearbyint(value);
}

/// The neighbours of a number that is no T, by magnitude.
template <typename T>
struct Neighbours {
    T below;
    T above;
    bool negative;      ///< the number is
    bool below_is_odd;  ///< its last bit is one
    bool above_is_as_close;
};

/// The neighbour that a rounding other than to nearest even takes.
template <typename T>
T choose(const Neighbours<T>& near, Rounding rounding) {
    switch (rounding) {
        case Rounding::Floor:
            return near.negative ? near.above : near.below;
        case Rounding::Ceil:
            return near.negative ? near.below : near.above;
        case Rounding::ToOdd:
            return near.below_is_odd ? near.below : near.above;
        case Rounding::Away:
            return near.above_is_as_close ? near.above : near.below;
        case Rounding::ToZero:
        case Rounding::Nearest:
            break;
    }
    return near.below;
}

/// The 16-bit float T next to `value`; overflow to infinity.
template <typename T>
T round_to_short(float value, Rounding rounding) {
    const T nearest(value);
    if (rounding == Rounding::Nearest || !std::isfinite(value)) return nearest;
    const float back = nearest;
    if (back == value) return nearest;
    T below = nearest;
    T above = nearest;
    T& other = std::fabs(back) > std::fabs(value) ? below : above;  // by magnitude, which the bits count
    other.bits = static_cast<uint16_t>(nearest.bits + (&other == &below ? -1 : 1));
    const double down = std::fabs(double(value) - double(float(below)));
    const double up = std::fabs(double(float(above)) - double(value));
    return choose<T>({below, above, std::signbit(value), (below.bits & 1) != 0, up <= down}, rounding);
}

/// The float next to an integer.
inline float round_to_float(int64_t value, Rounding rounding) {
    const float nearest = static_cast<float>(value);
    const __int128 exact = value;
    const __int128 error = static_cast<__int128>(nearest) - exact;  // a float of an integer of this size is one
    if (error == 0 || rounding == Rounding::Nearest) return nearest;
    const bool nearest_is_above = (error > 0) == (exact > 0);
    const float other = std::nextafter(nearest, nearest_is_above ? 0.0f : std::copysign(INFINITY, nearest));
    const float below = nearest_is_above ? other : nearest;
    const float above = nearest_is_above ? nearest : other;
    const __int128 twice = 2 * exact - static_cast<__int128>(below) - static_cast<__int128>(above);
    const bool above_is_as_close = exact < 0 ? twice <= 0 : twice >= 0;
    return choose<float>({below, above, exact < 0, (float_bits(below) & 1) != 0, above_is_as_close}, rounding);
}

/// An integral number as an integer: clamped, or its low bits. NaN is 0; so are infinities that are not clamped.
template <typename To>
To integer_of(double integral, bool saturate) {
    using Limits = std::numeric_limits<To>;
    if (integral != integral) return To{0};
    if (saturate) {
        if (integral <= static_cast<double>(Limits::min())) return Limits::min();
        if (integral >= static_cast<double>(Limits::max())) return Limits::max();
        return static_cast<To>(integral);
    }
    const double size = std::ldexp(1.0, 8 * sizeof(To));
    return std::isinf(integral) ? To{0} : static_cast<To>(static_cast<int64_t>(std::fmod(integral, size)));
}

template <typename To, typename From>
To narrow_integer(From value, bool saturate) {
    if (saturate) {
        const From lowest = std::numeric_limits<To>::min();
        const From highest = std::numeric_limits<To>::max();
        value = value < lowest ? lowest : value > highest ? highest : value;
    }
    return static_cast<To>(value);
}

/// The largest finite value of a 16-bit float type.
template <typename T>
inline constexpr float kLargest = std::is_same_v<T, half> ? 65504.0f : 0x1.fep127f;

/// `value` clamped to the finite values of a 16-bit float type; NaN and infinities stay.
template <typename T>
PTO_INLINE float clamp_finite(float value) {
    const float high = value > kLargest<T> ? kLargest<T> : value;
    const float clamped = high < -kLargest<T> ? -kLargest<T> : high;
    return std::fabs(value) == INFINITY ? value : clamped;
}

/// One element converted. 16-bit floats always saturate: the device has no conversion to them that does not.
template <typename To, typename From>
To convert_element(From value, Rounding rounding, bool saturate) {
    if constexpr (is_short_float<To>) {
        return round_to_short<To>(clamp_finite<To>(static_cast<float>(value)), rounding);
    } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, float>) {
        return static_cast<float>(round_to_integer(value, rounding));
    } else if constexpr (std::is_same_v<To, float> && is_short_float<From>) {
        return static_cast<float>(value);
    } else if constexpr (std::is_same_v<To, float>) {
        return round_to_float(value, rounding);
    } else if constexpr (is_float<From>) {
        return integer_of<To>(round_to_integer(static_cast<float>(value), rounding), saturate);
    } else if constexpr (sizeof(To) < sizeof(From)) {
        return narrow_integer<To>(value, saturate);
    } else {
        return static_cast<To>(value);
    }
}

/// Whether a number of a run is beyond the largest of a 16-bit float type, or infinite. It is asked of the bits, which
/// vectors compare faster; NaN may count.
template <typename To>
PTO_INLINE bool leaves_range(const float* src, size_t count) {
    constexpr int32_t kSign = int32_t(0x80000000);
    int32_t largest = 0;
    for (size_t i = 0; i < count; ++i) {
        const int32_t magnitude = static_cast<int32_t>(float_bits(src[i])) & ~kSign;
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest > static_cast<int32_t>(float_bits(kLargest<To>));
}

#if defined(__AVX512F__)
/// Vectors whose range is tested at once.
inline constexpr int kNarrowVectors = 4;

/// As leaves_range, of vectors.
template <int count>
PTO_INLINE bool any_leaves_range(const FloatV (&x)[count]) {
    __m512i largest = (__m512i)((IntV)x[0] & 0x7fffffff);
    PTO_UNROLL
    for (int v = 1; v < count; ++v) largest = _mm512_max_epi32(largest, (__m512i)((IntV)x[v] & 0x7fffffff));
    const IntV limit = IntV{} + static_cast<int32_t>(float_bits(kLargest<half>));
    return _mm512_cmpgt_epi32_mask(largest, (__m512i)limit) != 0;
}

/// Stores vectors rounded to nearest even, and clamps them as clamp_finite does.
template <int count>
PTO_INLINE void narrow_vectors(half* dst, FloatV (&x)[count]) {
    if (__builtin_expect(any_leaves_range(x), 0)) {
        for_each_vector<count>([&](int v) {
            const IntV is_infinite = ((IntV)x[v] & 0x7fffffff) == 0x7f800000;
            x[v] = is_infinite ? x[v] : clamp(x[v], -kLargest<half>, kLargest<half>);
        });
    }
    for_each_vector<count>([&](int v) {
        const __m256i narrow = _mm512_cvtps_ph(x[v], _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + v * kLanes), narrow);
    });
}

/// dst[i] = src[i] rounded to nearest even, several vectors at once: returns how many of `count`.
inline size_t narrow_by_vectors(half* dst, const float* src, size_t count) {
    constexpr size_t kTurn = kNarrowVectors * kLanes, kAhead = 256;
    size_t i = 0;
    for (; i + kTurn <= count; i += kTurn) {
        FloatV x[kNarrowVectors];
        for_each_vector<kNarrowVectors>([&](int v) { x[v] = load_vector(src + i + v * kLanes); });
        for (size_t e = 0; e < kTurn; e += kLineBytes / sizeof(half)) expect_stores(dst + i + kAhead + e);
        narrow_vectors(dst + i, x);
    }
    return i;
}
#endif

/// dst[i] = src[i] rounded to nearest even; the two may start at the same address.
template <typename To>
void narrow_clamped(To* dst, const float* src, size_t count) {
    for (size_t begin = 0; begin < count; begin += kPiece) {
        const size_t size = count - begin < kPiece ? count - begin : kPiece;
        const float* from = src + begin;
        float piece[kPiece];
        if (leaves_range<To>(from, size)) {
            PTO_INDEPENDENT
            for (size_t i = 0; i < size; ++i) piece[i] = clamp_finite<To>(from[i]);
            from = piece;
        }
        narrow_span(dst + begin, from, size);
    }
}

/// dst[i] = src[i] converted; the two may start at the same address if dst is not wider.
template <typename To, typename From>
void convert_span(To* dst, const From* src, size_t count, Rounding how, bool saturate) {
    if constexpr (std::is_same_v<From, float> && is_short_float<To>) {
        if (how == Rounding::Nearest) {
#if defined(__AVX512F__)
            if constexpr (std::is_same_v<To, half>) {
                const size_t done = narrow_by_vectors(dst, src, count);
                return narrow_clamped(dst + done, src + done, count - done);
            }
#endif
            return narrow_clamped(dst, src, count);
        }
    } else if constexpr (is_short_float<From> && std::is_same_v<To, float>) {
        return widen_span(dst, src, count);
    }
    for (size_t i = 0; i < count; ++i) dst[i] = convert_element<To>(src[i], how, saturate);
}

template <DTypeId id>
struct TypeOf;
#define PTO_TYPE(ID, TYPE, NAME) \
    template <>                  \
    struct TypeOf<DTypeId::ID> { \
        using type = TYPE;       \
    };
PTO_ELEMENTS(PTO_TYPE)
#undef PTO_TYPE

/// The loops of one row of the table of conversions.
template <size_t row>
bool convert_by(DTypeId from, DTypeId to, Extent extent, Block2D dst, Source2D src, Rounding how, bool saturate) {
    constexpr Conversion one = kConversions[row];
    if (one.from != from || one.to != to) return false;
    using From = typename TypeOf<one.from>::type;
    using To = typename TypeOf<one.to>::type;
    for (size_t r = 0; r < extent.runs; ++r)
        convert_span(run<To>(dst, r), run<From>(src, r), extent.count, how, saturate);
    return true;
}

template <size_t... rows>
bool convert_by_table(std::index_sequence<rows...>, DTypeId from, DTypeId to, Extent extent, Block2D dst, Source2D src,
                      Rounding how, bool saturate) {
    return (convert_by<rows>(from, to, extent, dst, src, how, saturate) || ...);
}

inline void convert(DTypeId from, DTypeId to, Extent extent, Block2D dst, Source2D src, Rounding how, bool saturate) {
    constexpr size_t rows = sizeof kConversions / sizeof kConversions[0];
    if (!convert_by_table(std::make_index_sequence<rows>{}, from, to, extent, dst, src, how, saturate))
        __builtin_trap();
}

}  // namespace pto::host::PTO_LEVEL
