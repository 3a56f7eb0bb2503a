// TCVT: rounding modes, saturation, conversion in place.
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
    CHECK(converted<int32_t>(2.1f, RoundMode::CAST_ODD) == 3);
    CHECK(converted<int32_t>(3.9f, RoundMode::CAST_ODD) == 3);
}

TEST(floats_out_of_range_saturate_to_integers) {
    CHECK(converted<int32_t>(3e9f, RoundMode::CAST_RINT) == INT32_MAX);
    CHECK(converted<int32_t>(-INFINITY, RoundMode::CAST_RINT) == INT32_MIN);
    CHECK(converted<int32_t>(NAN, RoundMode::CAST_RINT) == 0);
    CHECK(converted<uint8_t>(-1.0f, RoundMode::CAST_RINT) == 0);
    CHECK(converted<int8_t>(half(200.0f), RoundMode::CAST_RINT) == 127);
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

TEST(f32_to_f16_overflows_to_infinity_or_saturates) {
    CHECK(converted<half>(1e6f, RoundMode::CAST_RINT).bits == 0x7c00);
    CHECK(converted<half>(1e6f, RoundMode::CAST_RINT, SaturationMode::ON).bits == 0x7bff);
    CHECK(converted<half>(-1e6f, RoundMode::CAST_RINT, SaturationMode::ON).bits == 0xfbff);
    CHECK(converted<half>(1e6f, RoundMode::CAST_TRUNC).bits == 0x7bff);
    CHECK(converted<half>(float(INFINITY), RoundMode::CAST_TRUNC).bits == 0x7c00);
}

TEST(other_conversions) {
    CHECK(converted<float>(half(0.1f), RoundMode::CAST_NONE) == float(half(0.1f)));
    CHECK(converted<float>(2.5f, RoundMode::CAST_RINT) == 2.0f);
    CHECK(converted<float>(2.5f, RoundMode::CAST_NONE) == 2.5f);
    CHECK(converted<float>(int32_t{7}, RoundMode::CAST_NONE) == 7.0f);
    CHECK(float(converted<half>(int32_t{7}, RoundMode::CAST_NONE)) == 7.0f);
    CHECK(converted<int16_t>(int32_t{70000}, RoundMode::CAST_NONE) == 70000 - 65536);
    CHECK(converted<int16_t>(int32_t{70000}, RoundMode::CAST_NONE, SaturationMode::ON) == INT16_MAX);
    CHECK(converted<uint8_t>(int32_t{-5}, RoundMode::CAST_NONE, SaturationMode::ON) == 0);
    CHECK(converted<int64_t>(int32_t{-5}, RoundMode::CAST_NONE) == -5);
    CHECK(converted<bfloat16_t>(1.0f + 0x1p-8f, RoundMode::CAST_CEIL).bits == 0x3f81);
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
