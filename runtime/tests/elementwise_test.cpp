// Element-wise operations against scalar references.
#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

/// Runs op(dst, a, b) on tiles of Rows x Cols (of which VR x VC are valid) and compares with the reference.
template <typename T, int Rows, int Cols, int VR, int VC, typename Op, typename Reference>
void compare_binary(Op op, Reference reference, double tolerance) {
    using Operand = VecTile<T, Rows, Cols, VR, VC>;
    const std::string report = run_vec([&] {
        Operand a, b, d;
        TASSIGN(a, 0);
        TASSIGN(b, 32768);
        TASSIGN(d, 65536);
        fill(a, [](int, int) { return 8 * noise(); });
        fill(b, [](int, int) { return 9 * noise() + 10; });
        fill(d, [](int, int) { return 77; });
        op(d, a, b);
        CHECK(distance(d, [&](int r, int c) {
                  using C = host::Compute<T>;
                  return T(reference(static_cast<C>(at(a, r, c)), static_cast<C>(at(b, r, c))));
              }) <= tolerance);
    });
    CHECK(report.empty());
}

template <typename Op, typename Reference>
void compare_binary_on_floats(Op op, Reference reference) {
    compare_binary<float, 32, 64, 32, 64>(op, reference, 0);
    compare_binary<float, 32, 64, 31, 57>(op, reference, 0);
    compare_binary<float, 1, 8, 1, 1>(op, reference, 0);
    compare_binary<half, 16, 144, 16, 144>(op, reference, 0);
    compare_binary<half, 16, 144, 5, 129>(op, reference, 0);
}

template <typename Op, typename Reference>
void compare_binary_everywhere(Op op, Reference reference) {
    compare_binary_on_floats(op, reference);
    compare_binary<int32_t, 8, 24, 7, 24>(op, reference, 0);
    compare_binary<int16_t, 8, 32, 8, 31>(op, reference, 0);
}

#define BINARY(OP, EXPRESSION)                                                    \
    TEST(OP##_computes_each_element) {                                            \
        compare_binary_everywhere([](auto& d, auto& a, auto& b) { OP(d, a, b); }, \
                                  [](auto a, auto b) { return EXPRESSION; });     \
    }
BINARY(TADD, a + b)
BINARY(TSUB, a - b)
BINARY(TMUL, a* b)
BINARY(TMAX, a > b ? a : b)
BINARY(TMIN, a < b ? a : b)
#undef BINARY

TEST(tdiv_computes_each_element) {
    compare_binary_on_floats([](auto& d, auto& a, auto& b) { TDIV(d, a, b); }, [](auto a, auto b) { return a / b; });
}

TEST(bitwise_operations_work_on_integers) {
    compare_binary<int16_t, 8, 48, 8, 48>([](auto& d, auto& a, auto& b) { TAND(d, a, b); },
                                          [](int16_t a, int16_t b) { return a & b; }, 0);
    compare_binary<int8_t, 8, 32, 3, 5>([](auto& d, auto& a, auto& b) { TOR(d, a, b); },
                                        [](int8_t a, int8_t b) { return a | b; }, 0);
    compare_binary<uint16_t, 8, 32, 8, 32>(
        [](auto& d, auto& a, auto& b) {
            VecTile<uint16_t, 8, 32> scratch;
            TASSIGN(scratch, 65536);
            TXOR(d, a, b, scratch);
        },
        [](uint16_t a, uint16_t b) { return a ^ b; }, 0);
    compare_binary<int16_t, 8, 32, 8, 32>([](auto& d, auto& a, auto&) { TNOT(d, a); },
                                          [](int16_t a, int16_t) { return ~a; }, 0);
}

TEST(scalar_operations_take_the_scalar_on_the_right) {
#define SCALAR(OP, EXPRESSION)                                                           \
    compare_binary<float, 8, 24, 8, 24>([](auto& d, auto& a, auto&) { OP(d, a, 3.0f); }, \
                                        [](float a, float) { return EXPRESSION; }, 0);   \
    compare_binary<half, 8, 32, 7, 32>([](auto& d, auto& a, auto&) { OP(d, a, 3.0f); },  \
                                       [](float a, float) { return EXPRESSION; }, 0);
    SCALAR(TADDS, a + 3)
    SCALAR(TSUBS, a - 3)
    SCALAR(TMULS, a * 3)
    SCALAR(TDIVS, a / 3)
    SCALAR(TMAXS, a > 3 ? a : 3)
    SCALAR(TMINS, a < 3 ? a : 3)
#undef SCALAR
}

TEST(texpands_fills_the_valid_part) {
    compare_binary<float, 8, 24, 7, 23>([](auto& d, auto&, auto&) { TEXPANDS(d, 3.0f); },
                                        [](float, float) { return 3.0f; }, 0);
    compare_binary<half, 8, 32, 8, 32>([](auto& d, auto&, auto&) { TEXPANDS(d, half(3.0f)); },
                                       [](float, float) { return 3.0f; }, 0);
}

TEST(unary_operations_compute_each_element) {
#define UNARY(OP, TOLERANCE, EXPRESSION)                                                         \
    compare_binary<float, 16, 40, 16, 40>([](auto& d, auto&, auto& b) { OP(d, b); },             \
                                          [](float, float b) { return EXPRESSION; }, TOLERANCE); \
    compare_binary<float, 16, 40, 15, 37>([](auto& d, auto&, auto& b) { OP(d, b); },             \
                                          [](float, float b) { return EXPRESSION; }, TOLERANCE); \
    compare_binary<half, 16, 48, 16, 37>([](auto& d, auto&, auto& b) { OP(d, b); },              \
                                         [](float, float b) { return EXPRESSION; }, TOLERANCE);
    UNARY(TLOG, 0, std::log(b))
    UNARY(TSQRT, 0, std::sqrt(b))
    UNARY(TRSQRT, 1e-6, 1 / std::sqrt(b))
    UNARY(TRECIP, 0, 1 / b)
    UNARY(TRELU, 0, b > 0 ? b : 0)
    UNARY(TABS, 0, std::fabs(b))
    UNARY(TNEG, 0, -b)
#undef UNARY
    compare_binary<int32_t, 16, 40, 16, 40>([](auto& d, auto& a, auto&) { TRELU(d, a); },
                                            [](int32_t a, int32_t) { return std::max(a, 0); }, 0);
}

TEST(an_operation_may_overwrite_its_operand) {
    const std::string report = run_vec([] {
        VecTile<float, 32, 64> a, b;
        TASSIGN(a, 0);
        TASSIGN(b, 8192);
        fill(a, [](int r, int c) { return r * 64 + c; });
        fill(b, [](int, int) { return 0.5f; });
        TADD(a, a, b);
        TMUL(a, a, a);
        CHECK(distance(a, [](int r, int c) { return (r * 64 + c + 0.5f) * (r * 64 + c + 0.5f); }) == 0);
    });
    CHECK(report.empty());
}

TEST(elements_beside_the_valid_ones_are_not_written) {
    const std::string report = run_vec([] {
        VecTile<float, 4, 16> whole;
        VecTile<float, 4, 16, 3, 13> part;
        TASSIGN(whole, 0);
        TASSIGN(part, 0);
        fill(whole, [](int, int) { return 1; });
        TADD(part, part, part);
        CHECK(distance(whole, [](int r, int c) { return r < 3 && c < 13 ? 2 : 1; }) == 0);
    });
    CHECK(report.empty());
}

TEST(maximum_of_memory_that_nobody_wrote_is_nan) {
    const std::string report = run_vec([] {
        VecTile<float, 1, 16> written, never, d;
        TASSIGN(written, 0);
        TASSIGN(never, 64);
        TASSIGN(d, 128);
        fill(written, [](int, int) { return 1; });
        TMAX(d, written, never);
        CHECK(std::isnan(at(d, 0, 0)) && std::isnan(at(d, 0, 15)));
        TMIN(d, never, written);
        CHECK(std::isnan(at(d, 0, 0)) && std::isnan(at(d, 0, 15)));
    });
    CHECK(report.empty());
}

TEST(integer_division_by_zero_and_overflow_do_not_trap) {
    const std::string report = run_vec([] {
        VecTile<int32_t, 1, 8> a, d;
        TASSIGN(a, 0);
        TASSIGN(d, 32);
        fill(a, [](int, int c) { return c == 0 ? INT32_MIN : 7; });
        TDIVS(d, a, -1);
        CHECK(at(d, 0, 0) == INT32_MIN && at(d, 0, 1) == -7);
        TDIVS(d, a, 0);
        CHECK(at(d, 0, 0) == 0 && at(d, 0, 1) == 0);
    });
    CHECK(report.empty());
}

void exp_of(size_t count, float* results, const float* inputs) {
    numbers().map(host::OpId::TEXP, host::DTypeId::F32, {1, count}, {results, 0}, {inputs, 0}, {});
}

/// Distance in units of the last place of the result.
double exp_error(float x) {
    float result[1];
    exp_of(1, result, &x);
    const double exact = std::exp(double(x));
    const float nearest = static_cast<float>(exact);
    const double unit = double(std::nextafterf(nearest, INFINITY)) - nearest;
    return std::fabs(result[0] - exact) / unit;
}

TEST(exp_is_exact_to_one_and_a_half_ulp) {
    double worst = 0;
    for (float x = -87.0f; x < 88.7f; x += 0.0007f) worst = std::fmax(worst, exp_error(x));
    CHECK(worst < 1.5);
    double worst_subnormal = 0;
    for (float x = -103.9f; x < -87.0f; x += 0.0007f) worst_subnormal = std::fmax(worst_subnormal, exp_error(x));
    CHECK(worst_subnormal <= 1.0);
}

TEST(exp_at_the_edges) {
    const float inputs[] = {-INFINITY, INFINITY, 0.0f, -0.0f, 89.0f, 88.7228f, -104.0f, -1e30f, 1e30f, NAN};
    const float expected[] = {0, INFINITY, 1, 1, INFINITY, std::exp(88.7228f), 0, 0, INFINITY, NAN};
    float results[10];
    exp_of(10, results, inputs);
    for (int i = 0; i < 9; ++i)
        CHECK(std::isinf(expected[i]) || expected[i] == 0 || expected[i] == 1
                  ? results[i] == expected[i]
                  : std::fabs(results[i] / expected[i] - 1) < 1e-6f);
    CHECK(std::isnan(results[9]));
}

TEST(exp_of_a_number_is_the_same_wherever_it_stands_in_a_run) {
    constexpr size_t kMost = 300;
    float inputs[kMost], alone[kMost];
    for (size_t i = 0; i < kMost; ++i) {
        inputs[i] = i % 50 == 7 ? (i % 4 ? NAN : -INFINITY) : 110 * noise();
        exp_of(1, alone + i, inputs + i);
    }
    for (size_t count = 1; count < kMost; ++count) {
        float results[kMost];
        std::memcpy(results, inputs, sizeof inputs);
        exp_of(count, results, results);
        CHECK(std::memcmp(results, alone, count * sizeof(float)) == 0);
        CHECK(std::memcmp(results + count, inputs + count, (kMost - count) * sizeof(float)) == 0);
    }
}

TEST(texp_computes_every_shape) {
    compare_binary<float, 16, 40, 16, 40>([](auto& d, auto& a, auto&) { TEXP(d, a); },
                                          [](float a, float) { return std::exp(a); }, 3e-4);
    compare_binary<float, 16, 40, 16, 3>([](auto& d, auto& a, auto&) { TEXP(d, a); },
                                         [](float a, float) { return std::exp(a); }, 3e-4);
    compare_binary<half, 16, 48, 15, 37>([](auto& d, auto& a, auto&) { TEXP(d, a); },
                                         [](float a, float) { return std::exp(a); }, 1.0);
}

TEST(dynamic_sizes_must_agree) {
    using Dynamic = VecTile<float, 8, 64, kDynamic, kDynamic>;
    const std::string good = run_vec([] {
        Dynamic a(5, 60), d(5, 60);
        TASSIGN(a, 0);
        TASSIGN(d, 2048);
        fill(a, [](int r, int c) { return r + c; });
        TADDS(d, a, 1.0f);
        CHECK(distance(d, [](int r, int c) { return r + c + 1; }) == 0);
    });
    CHECK(good.empty());
    const std::string bad = run_vec([] {
        Dynamic a(5, 60), d(6, 60);
        TASSIGN(a, 0);
        TASSIGN(d, 2048);
        TADDS(d, a, 1.0f);
    });
    CHECK_CONTAINS(bad, "TADDS on tiles of different valid sizes (destination first): 6 x 60, 5 x 60");
}

TEST(tdivs_in_place_multiplies_by_the_reciprocal) {
    const std::string report = run_vec([] {
        VecTile<float, 1, 8> a, d;
        TASSIGN(a, 0);
        TASSIGN(d, 4096);
        fill(a, [](int, int) { return 5.0f; });
        TDIVS(d, a, 49.0f);
        CHECK(at(d, 0, 0) == 5.0f / 49.0f);
        TDIVS(a, a, 49.0f);
        CHECK(at(a, 0, 0) == 5.0f * (1.0f / 49.0f) && at(a, 0, 0) != 5.0f / 49.0f);
    });
    CHECK(report.empty());
}

}  // namespace

HARNESS_MAIN
