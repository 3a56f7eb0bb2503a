// TCVT: rounding modes, saturation, conversion in place. convert_numbers_test.py compares all pairs with NumPy.
#include <cfloat>

#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

template <typename To, typename From>
To converted(From value, RoundMode mode, SaturationMode saturation = SaturationMode::OFF) {
    To result{};
    const std::string report = run_vec([&] {
        VecTile<From, 1, 32> src;
        VecTile<To, 1, 32> dst;
        TASSIGN(src, 0);
        TASSIGN(dst, 4096);
        fill(src, [&](int, int) { return value; });
        TCVT(dst, src, mode, saturation);
        CHECK(std::memcmp(&at(dst, 0, 0), &at(dst, 0, 31), sizeof(To)) == 0);
        result = at(dst, 0, 0);
    });
    CHECK(report.empty());
    return result;
}

TEST(f32_to_i32_rounds_as_asked) {
    CHECK(converted<int32_t>(2.5f, RoundMode::CAST_RINT) == 2);
    CHECK(converted<int32_t>(3.5f, RoundMode::CAST_RINT) == 4);
    CHECK(converted<int32_t>(2.5f, RoundMode::CAST_ROUND) == 3);
    CHECK(converted<int32_t>(-2.5f, RoundMode::CAST_ROUND) == -3);
    CHECK(converted<int32_t>(-2.5f, RoundMode::CAST_FLOOR) == -3);
    CHECK(converted<int32_t>(-2.5f, RoundMode::CAST_CEIL) == -2);
    CHECK(converted<int32_t>(-2.9f, RoundMode::CAST_TRUNC) == -2);
    CHECK(converted<int32_t>(2.9f, RoundMode::CAST_NONE) == 2);
    CHECK(converted<int32_t>(2.9f, RoundMode::CAST_ODD) == 2);
}

TEST(pairs_that_heed_no_saturation_mode_always_clamp) {
    CHECK(converted<int32_t>(3e9f, RoundMode::CAST_RINT) == INT32_MAX);
    CHECK(converted<int32_t>(-INFINITY, RoundMode::CAST_RINT) == INT32_MIN);
    CHECK(converted<int64_t>(1e19f, RoundMode::CAST_RINT) == INT64_MAX);
    CHECK(converted<int32_t>(NAN, RoundMode::CAST_RINT) == 0);
    CHECK(converted<half>(1e6f, RoundMode::CAST_RINT).bits == 0x7bff);
    CHECK(converted<half>(-1e6f, RoundMode::CAST_TRUNC).bits == 0xfbff);
    CHECK(converted<half>(float(INFINITY), RoundMode::CAST_TRUNC).bits == 0x7c00);
    CHECK(converted<half>(int32_t{70000}, RoundMode::CAST_NONE).bits == 0x7bff);
    CHECK(converted<bfloat16_t>(FLT_MAX, RoundMode::CAST_RINT).bits == 0x7f7f);
}

TEST(the_others_keep_the_low_bits_unless_asked_to_clamp) {
    CHECK(converted<int8_t>(half(300.0f), RoundMode::CAST_RINT) == 44);
    CHECK(converted<int8_t>(half(300.0f), RoundMode::CAST_RINT, SaturationMode::ON) == 127);
    CHECK(converted<uint8_t>(half(-1.0f), RoundMode::CAST_RINT) == 255);
    CHECK(converted<uint8_t>(half(-1.0f), RoundMode::CAST_RINT, SaturationMode::ON) == 0);
    CHECK(converted<int16_t>(-70000.0f, RoundMode::CAST_RINT) == int16_t(-70000));
    CHECK(converted<int16_t>(1e20f, RoundMode::CAST_RINT) == 0);
    CHECK(converted<int16_t>(float(INFINITY), RoundMode::CAST_RINT) == 0);
    CHECK(converted<int16_t>(float(INFINITY), RoundMode::CAST_RINT, SaturationMode::ON) == INT16_MAX);
    CHECK(converted<int16_t>(int32_t{70000}, RoundMode::CAST_NONE) == 70000 - 65536);
    CHECK(converted<int16_t>(int32_t{70000}, RoundMode::CAST_NONE, SaturationMode::ON) == INT16_MAX);
    CHECK(converted<int32_t>(int64_t{-1} << 40, RoundMode::CAST_NONE, SaturationMode::ON) == INT32_MIN);
}

TEST(f32_to_f16_rounds_as_asked) {
    const float between = 1.0f + 0x1p-11f;  // halfway between 1 and the next half
    CHECK(converted<half>(between, RoundMode::CAST_RINT).bits == 0x3c00);
    CHECK(converted<half>(between, RoundMode::CAST_ROUND).bits == 0x3c01);
    CHECK(converted<half>(-between, RoundMode::CAST_ROUND).bits == 0xbc01);
    CHECK(converted<half>(between + 0x1p-12f, RoundMode::CAST_TRUNC).bits == 0x3c00);
    CHECK(converted<half>(between + 0x1p-12f, RoundMode::CAST_FLOOR).bits == 0x3c00);
    CHECK(converted<half>(-between, RoundMode::CAST_FLOOR).bits == 0xbc01);
    CHECK(converted<half>(1.0f + 0x1p-13f, RoundMode::CAST_CEIL).bits == 0x3c01);
    CHECK(converted<half>(-1.0f - 0x1p-13f, RoundMode::CAST_CEIL).bits == 0xbc00);
    CHECK(converted<half>(1.0f + 0x1p-13f, RoundMode::CAST_ODD).bits == 0x3c01);
    CHECK(converted<half>(1.0f, RoundMode::CAST_CEIL).bits == 0x3c00);
}

TEST(integers_round_to_floats_as_asked) {
    const int32_t between = (1 << 24) + 1;  // halfway between two floats
    CHECK(converted<float>(between, RoundMode::CAST_RINT) == 0x1p24f);
    CHECK(converted<float>(between, RoundMode::CAST_ODD) == 0x1p24f);
    CHECK(converted<float>(between, RoundMode::CAST_ROUND) == 0x1p24f + 2);
    CHECK(converted<float>(-between, RoundMode::CAST_FLOOR) == -0x1p24f - 2);
    CHECK(converted<float>(-between, RoundMode::CAST_CEIL) == -0x1p24f);
    CHECK(converted<float>(INT64_MAX, RoundMode::CAST_RINT) == 0x1p63f);
    CHECK(converted<float>(INT64_MAX, RoundMode::CAST_TRUNC) == 0x1.fffffep62f);
    CHECK(converted<float>(INT64_MIN, RoundMode::CAST_TRUNC) == -0x1p63f);
}

TEST(other_conversions) {
    CHECK(converted<float>(half(0.1f), RoundMode::CAST_NONE) == float(half(0.1f)));
    CHECK(converted<float>(2.5f, RoundMode::CAST_RINT) == 2.0f);
    CHECK(converted<float>(2.5f, RoundMode::CAST_NONE) == 2.0f);
    CHECK(std::signbit(converted<float>(-0.3f, RoundMode::CAST_RINT)));
    CHECK(float(converted<half>(int8_t{-7}, RoundMode::CAST_NONE)) == -7.0f);
    CHECK(converted<int64_t>(int32_t{-5}, RoundMode::CAST_NONE) == -5);
    CHECK(converted<bfloat16_t>(1.0f + 0x1p-8f, RoundMode::CAST_CEIL).bits == 0x3f81);
}

TEST(f16_to_i8_destroys_what_lies_in_the_scratch_of_the_library) {
    const std::string report = run_vec([] {
        VecTile<half, 1, 32> src;
        VecTile<int8_t, 1, 32> dst;
        VecTile<float, 1, 8> victim;
        TASSIGN(src, 0);
        TASSIGN(dst, 4096);
        TASSIGN(victim, host::kLibraryScratchStart + 4096);
        fill(src, [](int, int c) { return half(float(c)); });
        fill(victim, [](int, int) { return 1.0f; });
        TCVT(dst, src, RoundMode::CAST_RINT);
        CHECK(at(dst, 0, 31) == 31);
        CHECK(std::isnan(at(victim, 0, 0)));
    });
    CHECK(report.empty());
}

TEST(a_tile_may_be_narrowed_in_place) {
    const std::string report = run_vec([] {
        VecTile<float, 32, 256> src;
        VecTile<half, 32, 256> dst;
        TASSIGN(src, 0);
        TASSIGN(dst, 0);
        fill(src, [](int r, int c) { return r * 0.25f + c; });
        TCVT(dst, src, RoundMode::CAST_RINT);
        CHECK(distance(dst, [](int r, int c) { return half(r * 0.25f + c); }) == 0);
    });
    CHECK(report.empty());
}

TEST(partial_tiles_convert_their_valid_part) {
    const std::string report = run_vec([] {
        VecTile<float, 8, 64, 5, 61> src;
        VecTile<half, 8, 128, 5, 61> dst;
        TASSIGN(src, 0);
        TASSIGN(dst, 4096);
        fill(src, [](int r, int c) { return r - c; });
        TCVT(dst, src, RoundMode::CAST_RINT, SaturationMode::OFF);
        CHECK(distance(dst, [](int r, int c) { return r - c; }) == 0);
    });
    CHECK(report.empty());
}

}  // namespace

HARNESS_MAIN
