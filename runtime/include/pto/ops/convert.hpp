// Conversion between element types. Pipe V.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {
namespace host {

/// `value` rounded to an integer.
inline double round_to_integer(double value, RoundMode mode) {
    switch (mode) {
        case RoundMode::CAST_FLOOR:
            return std::floor(value);
        case RoundMode::CAST_CEIL:
            return std::ceil(value);
        case RoundMode::CAST_TRUNC:
            return std::trunc(value);
        case RoundMode::CAST_ROUND:
            return std::round(value);
        case RoundMode::CAST_ODD: {
            const double down = std::floor(value);
            return down == value || std::fmod(down, 2.0) != 0.0 ? down : down + 1.0;
        }
        case RoundMode::CAST_NONE:
        case RoundMode::CAST_RINT:
            break;
    }
    return std::nearbyint(value);
}

/// Bits of the 16-bit float T next to `value` by the rounding mode; overflow to infinity.
template <typename T>
T round_to_short(float value, RoundMode mode) {
    const T nearest(value);
    if (mode == RoundMode::CAST_NONE || mode == RoundMode::CAST_RINT || !std::isfinite(value)) return nearest;
    const float back = nearest;
    if (back == value) return nearest;
    T below = nearest;
    T above = nearest;
    T& other = std::fabs(back) > std::fabs(value) ? below : above;  // by magnitude, which the bits count
    other.bits = static_cast<uint16_t>(nearest.bits + (&other == &below ? -1 : 1));
    const bool negative = std::signbit(value);
    switch (mode) {
        case RoundMode::CAST_FLOOR:
            return negative ? above : below;
        case RoundMode::CAST_CEIL:
            return negative ? below : above;
        case RoundMode::CAST_TRUNC:
            return below;
        case RoundMode::CAST_ODD:
            return (below.bits & 1) ? below : above;
        default: {  // CAST_ROUND: to nearest, ties away from zero
            const double distance_down = std::fabs(double(value) - double(float(below)));
            const double distance_up = std::fabs(double(float(above)) - double(value));
            return distance_up <= distance_down ? above : below;
        }
    }
}

/// One element converted. Integers out of range saturate when they come from floats or when asked to, else they wrap.
template <typename To, typename From>
To convert_element(From value, RoundMode mode, SaturationMode saturation) {
    if constexpr (is_float<From> && is_short_float<To>) {
        const float wide = value;
        if (saturation == SaturationMode::ON && std::isfinite(wide)) {
            constexpr float largest = std::is_same_v<To, half> ? 65504.0f : 0x1.fep127f;
            return round_to_short<To>(std::fmin(std::fmax(wide, -largest), largest), mode);
        }
        return round_to_short<To>(wide, mode);
    } else if constexpr (is_float<From> && std::is_same_v<To, float>) {
        const float wide = value;
        const bool to_integral = std::is_same_v<From, float> && mode != RoundMode::CAST_NONE;
        return to_integral ? static_cast<float>(round_to_integer(wide, mode)) : wide;
    } else if constexpr (is_float<From>) {
        const float wide = value;
        if (wide != wide) return To{0};
        const double rounded = round_to_integer(wide, mode == RoundMode::CAST_NONE ? RoundMode::CAST_TRUNC : mode);
        if (rounded <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
        if (rounded >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
        return static_cast<To>(rounded);
    } else if constexpr (is_float<To>) {
        return static_cast<To>(static_cast<float>(value));
    } else {
        if (saturation == SaturationMode::ON) {
            using Limits = std::numeric_limits<To>;
            if (value < From{0} &&
                (Limits::min() == 0 || static_cast<int64_t>(value) < static_cast<int64_t>(Limits::min()))) {
                return Limits::min();
            }
            if (value > From{0} && static_cast<uint64_t>(value) > static_cast<uint64_t>(Limits::max()))
                return Limits::max();
        }
        return static_cast<To>(value);
    }
}

/// dst[i] = src[i] converted; the two may start at the same address if dst is not wider.
template <typename To, typename From>
void convert_span(To* dst, const From* src, size_t count, RoundMode mode, SaturationMode saturation) {
    const bool nearest = mode == RoundMode::CAST_NONE || mode == RoundMode::CAST_RINT;
    if constexpr (std::is_same_v<From, float> && is_short_float<To>) {
        if (nearest && saturation == SaturationMode::OFF) return narrow_span(dst, src, count);
    } else if constexpr (is_short_float<From> && std::is_same_v<To, float>) {
        return widen_span(dst, src, count);
    }
    for (size_t i = 0; i < count; ++i) dst[i] = convert_element<To>(src[i], mode, saturation);
}

}  // namespace host

/// dst = src converted to the element type of dst. f32 to f32 rounds to integers.
template <typename D, typename S>
PTO_OUT_OF_LINE void TCVT(D& dst, const S& src, RoundMode mode, SaturationMode saturation = SaturationMode::OFF,
                          int line = __builtin_LINE()) {
    static_assert(host::is_vec<D> && host::is_vec<S>, "TCVT works on vec tiles (TileType::Vec, in UB) only");
    static_assert(host::same_valid_shape<D, S>,
                  "TCVT needs a destination with the valid rows and columns of the source");
    host::require_operands(host::OpId::TCVT, line, dst, src);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TCVT, PIPE_V, dst, line).read(src).write(dst);
    } else {
        host::for_each_run<D, S>(dst, [&](size_t count, size_t to, size_t from) {
            host::convert_span(dst.data() + to, src.data() + from, count, mode, saturation);
        });
    }
}

}  // namespace pto
