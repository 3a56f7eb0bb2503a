// Levels of CPU: which there are, which one runs, and what is the same on all of them.
#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

std::vector<std::string> names() {
    std::vector<std::string> list;
    const std::string text = host::level_names("\n") + "\n";
    for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
        list.push_back(text.substr(begin, end - begin));
    return list;
}

TEST(the_best_level_is_the_first_name) {
    CHECK(!names().empty());
    CHECK(names().front() == host::best_numbers()->level);
    for (const std::string& name : names()) CHECK(host::numbers_of(name)->level == name);
}

TEST(a_level_that_is_not_there_is_refused_before_anything_runs) {
    host::LaunchRequest request;
    bool ran = false;
    request.program.cube = request.program.vec = [&] { ran = true; };
    request.cpu = "x86-64-v9";
    const std::string report = host::run_launch(request);
    CHECK_CONTAINS(report, "there is no CPU level x86-64-v9 on this machine; it has " + names().front());
    CHECK(!ran);
}

/// The bits that `compute` leaves in `results` with the loops of each level.
template <typename Compute>
std::vector<std::vector<float>> on_all_levels(size_t count, Compute compute) {
    std::vector<std::vector<float>> all;
    for (const std::string& name : names()) {
        all.emplace_back(count);
        compute(*host::numbers_of(name), all.back().data());
    }
    return all;
}

bool same(const std::vector<std::vector<float>>& all) {
    for (const auto& one : all) {
        if (std::memcmp(one.data(), all.front().data(), one.size() * sizeof(float)) != 0) return false;
    }
    return true;
}

std::vector<float> noisy(size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = 8 * noise();
    return values;
}

TEST(sums_maxima_and_arithmetic_have_the_same_bits_on_every_level) {
    for (const size_t count : {1, 15, 64, 100, 128, 256, 1000}) {
        const std::vector<float> in = noisy(7 * count), other = noisy(7 * count);
        for (const auto op : {host::OpId::TROWSUM, host::OpId::TROWMAX, host::OpId::TROWMIN}) {
            CHECK(same(on_all_levels(7, [&](const host::Numbers& one, float* out) {
                one.reduce_rows(op, host::DTypeId::F32, {7, count}, {out, 1}, {in.data(), int64_t(count)});
            })));
        }
        for (const auto op : {host::OpId::TADD, host::OpId::TSUB, host::OpId::TMUL, host::OpId::TDIV}) {
            CHECK(same(on_all_levels(7 * count, [&](const host::Numbers& one, float* out) {
                one.map(op, host::DTypeId::F32, {1, 7 * count}, {out, 0}, {in.data(), 0}, {other.data(), 0});
            })));
        }
    }
}

TEST(extrema_with_a_nan_or_zeros_anywhere_have_the_same_bits_on_every_level) {
    constexpr size_t kCount = 260;  // whole vectors, and a rest
    std::vector<float> in(kCount * kCount);
    for (size_t r = 0; r < kCount; ++r) {
        for (size_t i = 0; i < kCount; ++i) in[r * kCount + i] = i % 3 == 0 ? -0.0f : 0.0f;
        const uint32_t payload = 0x7fc00000u + static_cast<uint32_t>(r);
        if (r % 2) std::memcpy(&in[r * kCount + r], &payload, sizeof payload);
        if (r % 4 == 1) in[r * kCount + (r + 64) % kCount] = NAN;
        if (r % 8 == 0) in[r * kCount + r] = r % 16 ? INFINITY : -INFINITY;
    }
    for (const auto op : {host::OpId::TROWMAX, host::OpId::TROWMIN}) {
        const auto all = on_all_levels(kCount, [&](const host::Numbers& one, float* out) {
            one.reduce_rows(op, host::DTypeId::F32, {kCount, kCount}, {out, 1}, {in.data(), int64_t(kCount)});
        });
        CHECK(same(all));
        for (size_t r = 0; r < kCount; ++r) {
            if (std::isnan(all.front()[r]) != (r % 2 == 1)) CHECK(std::isnan(all.front()[r]) == (r % 2 == 1));
        }
    }
}

TEST(narrowing_has_the_same_bits_on_every_level) {
    std::vector<float> in = noisy(300);
    const float special[] = {65504, 65519, 65520, 1e30f, INFINITY, NAN, 6e-8f, 2e-8f, 0x1.002p0f, 0.0f};
    for (size_t i = 0; i < 290; i += 7) in[i] = special[i % 10] * (i % 2 ? -1.0f : 1.0f);
    for (const bool in_place : {false, true}) {
        const auto all = on_all_levels(300, [&](const host::Numbers& one, float* out) {
            if (in_place) std::memcpy(out, in.data(), in.size() * sizeof(float));
            one.convert(host::DTypeId::F32, host::DTypeId::F16, {1, 300}, {out, 0}, {in_place ? out : in.data(), 0},
                        host::Rounding::Nearest, true);
            std::memset(out + 150, 0, 150 * sizeof(float));  // what 300 halves leave
        });
        CHECK(same(all));
        const auto* halves = reinterpret_cast<const half*>(all.front().data());
        for (size_t i = 0; i < in.size(); ++i) {
            const float clamped = std::isinf(in[i]) ? in[i] : std::fmin(std::fmax(in[i], -65504.0f), 65504.0f);
            const half expected(std::isnan(in[i]) ? in[i] : clamped);
            if (halves[i].bits != expected.bits && !std::isnan(in[i])) CHECK(halves[i].bits == expected.bits);
        }
    }
}

using Left = LeftTile<half, 48, 80, 33, 70>;
using Right = RightTile<half, 80, 48, 70, 41>;

/// left [33, 70] right [70, 41] by the loops of a level, from row-major factors; `transposed`: right [41, 70].
std::vector<float> product(const host::Numbers& one, const std::vector<half>& left, const std::vector<half>& right,
                           bool transposed, bool accumulate) {
    constexpr int kRows = 33, kDepth = 70, kCols = 41;
    alignas(64) static std::byte packed_left[Left::kBytes * 4], packed_right[Right::kBytes * 4];
    std::memset(packed_left, 0xff, sizeof packed_left);
    std::memset(packed_right, 0xff, sizeof packed_right);
    one.pack_left(host::DTypeId::F16, packed_left, Left::kInfo, {const_cast<half*>(left.data()), kDepth, 1}, kRows,
                  kDepth);
    const host::Strided from = {const_cast<half*>(right.data()), transposed ? 1 : kCols, transposed ? kDepth : 1};
    one.pack_right(host::DTypeId::F16, packed_right, Right::kInfo, from, kDepth, kCols);
    std::vector<float> result(kRows * 48, 7.0f);
    const host::Product shape = {
        kRows, kCols, kDepth, {result.data(), 48}, accumulate ? host::Source2D(result.data(), 48) : host::Source2D()};
    one.multiply(host::DTypeId::F16, shape, packed_left, Left::kInfo, packed_right, Right::kInfo);
    return result;
}

std::vector<half> random_halves(size_t count) {
    std::vector<half> values(count);
    for (half& value : values) value = half(std::ldexp(noise(), static_cast<int>(12 * noise())));
    return values;
}

/// What the levels may differ by: the sum of f32 rounded 4 times as often.
TEST(products_of_all_levels_are_within_the_rounding_of_f32) {
    for (const bool transposed : {false, true}) {
        for (const bool accumulate : {false, true}) {
            const std::vector<half> left = random_halves(33 * 70), right = random_halves(70 * 41);
            for (const std::string& name : names()) {
                const std::vector<float> found = product(*host::numbers_of(name), left, right, transposed, accumulate);
                for (int r = 0; r < 33; ++r) {
                    for (int c = 0; c < 41; ++c) {
                        double exact = accumulate ? 7 : 0, size = std::fabs(exact);
                        for (int k = 0; k < 70; ++k) {
                            const double term =
                                double(left[r * 70 + k]) * double(right[transposed ? c * 70 + k : k * 41 + c]);
                            exact += term;
                            size += std::fabs(term);
                        }
                        const double error = std::fabs(found[r * 48 + c] - exact);
                        if (!(error <= size * 70 * 0x1p-24)) CHECK(error <= size * 70 * 0x1p-24);
                    }
                    for (int c = 41; c < 48; ++c) CHECK(found[r * 48 + c] == 7.0f);
                }
            }
        }
    }
}

TEST(every_finite_half_is_multiplied_exactly) {
    for (const std::string& name : names()) {
        for (uint32_t first = 0; first < 0x10000; first += 70) {
            std::vector<half> left(33 * 70, half(0.0f)), right(70 * 41, half(0.0f));
            for (int k = 0; k < 70; ++k) {
                const uint32_t bits = first + k;
                if (bits < 0x10000 && (bits & 0x7c00) != 0x7c00) left[k].bits = static_cast<uint16_t>(bits);
            }
            for (int k = 0; k < 41; ++k) right[k * 41 + k] = half(1.0f);
            const std::vector<float> found = product(*host::numbers_of(name), left, right, false, false);
            for (int c = 0; c < 41; ++c) {
                if (found[c] != float(left[c])) CHECK(found[c] == float(left[c]));
            }
        }
    }
}

/// Normal numbers are packed in another way than subnormals, and whole pieces than edges: both are in each factor.
TEST(every_finite_half_of_a_right_factor_is_multiplied_exactly) {
    std::vector<half> left(33 * 70, half(0.0f));
    for (int r = 0; r < 33; ++r) left[r * 70 + r] = half(1.0f);
    for (const std::string& name : names()) {
        for (uint32_t first = 0; first < 0x10000; first += 33 * 41) {
            for (const bool transposed : {false, true}) {
                std::vector<half> right(70 * 41, half(0.0f));
                const auto at = [&](int r, int c) -> half& { return right[transposed ? c * 70 + r : r * 41 + c]; };
                for (int i = 0; i < 33 * 41; ++i) {
                    const uint32_t bits = first + i;
                    if (bits < 0x10000 && (bits & 0x7c00) != 0x7c00) at(i / 41, i % 41).bits = uint16_t(bits);
                }
                const std::vector<float> found = product(*host::numbers_of(name), left, right, transposed, false);
                for (int i = 0; i < 33 * 41; ++i) {
                    const float value = found[i / 41 * 48 + i % 41];
                    if (value != float(at(i / 41, i % 41))) CHECK(value == float(at(i / 41, i % 41)));
                }
            }
        }
    }
}

TEST(infinities_and_nan_come_out_of_products_as_they_must) {
    for (const std::string& name : names()) {
        std::vector<half> left(33 * 70, half(1.0f)), right(70 * 41, half(1.0f));
        left[5 * 70 + 3] = half(INFINITY);
        left[6 * 70 + 69] = half(NAN);
        right[4 * 41 + 40] = half(-INFINITY);
        const std::vector<float> found = product(*host::numbers_of(name), left, right, false, false);
        CHECK(found[0] == 70.0f && found[40] == -INFINITY);
        CHECK(found[5 * 48] == INFINITY && std::isnan(found[5 * 48 + 40]));
        CHECK(std::isnan(found[6 * 48]) && std::isnan(found[6 * 48 + 40]));
    }
}

}  // namespace

HARNESS_MAIN
