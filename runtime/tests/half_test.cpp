// 16-bit floats: every value, every rounding boundary.
#include "harness.hpp"

namespace {

using pto::host::bits_float;
using pto::host::DTypeId;
using pto::host::float_bits;
using pto::host::Rounding;

half from_bits(uint32_t bits) {
    half value;
    value.bits = static_cast<uint16_t>(bits);
    return value;
}

/// The value by definition: sign, exponent, fraction.
double defined_value(uint32_t bits) {
    const double sign = bits & 0x8000u ? -1.0 : 1.0;
    const int exponent = (bits >> 10) & 31;
    const double fraction = bits & 0x3ffu;
    if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
    return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

uint16_t narrowed_as_span(float value) {
    const float wide[9] = {value, value, value, value, value, value, value, value, value};
    half narrow[9];
    harness::numbers().copy(DTypeId::F32, DTypeId::F16, {narrow, 9, 1}, {const_cast<float*>(wide), 9, 1}, 1, 9);
    CHECK(narrow[0].bits == narrow[8].bits);
    return narrow[0].bits;
}

bool narrows_to(float value, uint32_t bits) { return half(value).bits == bits && narrowed_as_span(value) == bits; }

TEST(every_half_widens_to_its_defined_value) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        const double expected = defined_value(bits);
        half source[9];
        float wide[9];
        for (half& value : source) value = from_bits(bits);
        harness::numbers().convert(DTypeId::F16, DTypeId::F32, {1, 9}, {wide, 9}, {source, 9}, Rounding::Nearest, true);
        const bool same = std::isnan(expected)
                              ? std::isnan(float(source[0])) && std::isnan(wide[0]) && std::isnan(wide[8])
                              : float(source[0]) == expected && wide[0] == expected && wide[8] == expected &&
                                    std::signbit(wide[0]) == std::signbit(expected);
        if (!same) CHECK(same);
    }
}

TEST(every_half_survives_a_round_trip) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        const float wide = from_bits(bits);
        const uint32_t expected = std::isnan(wide) ? bits | 0x200u : bits;
        if (!narrows_to(wide, expected)) CHECK(narrows_to(wide, expected));
    }
}

TEST(values_between_two_halves_round_to_the_nearest_and_ties_to_even) {
    for (uint32_t bits = 0; bits < 0x7bff; ++bits) {
        const float middle = static_cast<float>((defined_value(bits) + defined_value(bits + 1)) / 2);
        const uint32_t even = bits & 1 ? bits + 1 : bits;
        const bool right = narrows_to(middle, even) && narrows_to(std::nextafterf(middle, 0.0f), bits) &&
                           narrows_to(std::nextafterf(middle, INFINITY), bits + 1) &&
                           narrows_to(-middle, even | 0x8000u);
        if (!right) CHECK(right);
    }
}

TEST(too_large_values_become_infinity) {
    CHECK(narrows_to(65504.0f, 0x7bff));
    CHECK(narrows_to(65519.996f, 0x7bff));
    CHECK(narrows_to(65520.0f, 0x7c00));
    CHECK(narrows_to(-65520.0f, 0xfc00));
    CHECK(narrows_to(3.4e38f, 0x7c00));
    CHECK(narrows_to(-INFINITY, 0xfc00));
}

TEST(tiny_values_become_subnormal_or_zero) {
    CHECK(narrows_to(0x1p-24f, 1));
    CHECK(narrows_to(0x1p-25f, 0));
    CHECK(narrows_to(0x1.000002p-25f, 1));
    CHECK(narrows_to(-0x1p-26f, 0x8000));
    CHECK(narrows_to(1e-45f, 0));
}

TEST(bfloat_rounds_to_nearest_even) {
    CHECK(bfloat16_t(1.0f).bits == 0x3f80);
    CHECK(bfloat16_t(bits_float(0x3f808000u)).bits == 0x3f80);
    CHECK(bfloat16_t(bits_float(0x3f818000u)).bits == 0x3f82);
    CHECK(bfloat16_t(bits_float(0x3f808001u)).bits == 0x3f81);
    CHECK(std::isinf(float(bfloat16_t(3.4e38f))));
    CHECK(std::isnan(float(bfloat16_t(NAN))));
    CHECK(float_bits(bfloat16_t(-2.5f)) == float_bits(-2.5f));
}

}  // namespace

HARNESS_MAIN
