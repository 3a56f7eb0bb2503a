// Reductions and broadcasts against scalar references.
#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

template <typename T, int Rows, int Cols, int VR, int VC, typename Op, typename Fold>
void compare_row_reduction(Op op, Fold fold, double tolerance) {
    const std::string report = run_vec([&] {
        VecTile<T, Rows, Cols, VR, VC> src;
        VecTile<T, Rows, Cols> scratch;
        Tile<TileType::Vec, T, Rows, 1, BLayout::ColMajor, VR, 1> column;
        VecTile<T, Rows, 16, VR, 1> row_major;
        TASSIGN(src, 0);
        TASSIGN(scratch, 49152);
        TASSIGN(column, 98304);
        TASSIGN(row_major, 102400);
        fill(src, [](int, int) { return 30 * noise(); });
        op(column, src, scratch);
        op(row_major, src, scratch);
        const auto expected = [&](int r, int) {
            double total = double(at(src, r, 0));
            for (int c = 1; c < VC; ++c) total = fold(total, double(at(src, r, c)));
            return total;
        };
        CHECK(distance(column, expected) <= tolerance);
        CHECK(distance(row_major, expected) <= tolerance);
    });
    CHECK(report.empty());
}

template <typename Op, typename Fold>
void compare_row_reductions(Op op, Fold fold, double tolerance) {
    compare_row_reduction<float, 32, 256, 32, 256>(op, fold, tolerance);
    compare_row_reduction<float, 16, 512, 16, 512>(op, fold, tolerance);
    compare_row_reduction<float, 32, 104, 31, 101>(op, fold, tolerance);
    compare_row_reduction<float, 16, 16, 16, 3>(op, fold, tolerance);
    compare_row_reduction<float, 8, 24, 7, 1>(op, fold, tolerance);
    compare_row_reduction<half, 16, 304, 15, 291>(op, fold, tolerance * 2000);
    compare_row_reduction<int32_t, 16, 24, 16, 23>(op, fold, 0);
}

const auto add = [](double a, double b) { return a + b; };
const auto larger = [](double a, double b) { return a > b ? a : b; };
const auto smaller = [](double a, double b) { return a < b ? a : b; };

TEST(trowsum_adds_each_row) {
    compare_row_reductions([](auto& d, auto& s, auto& t) { TROWSUM(d, s, t); }, add, 1e-3);
}
TEST(trowmax_finds_the_largest_of_each_row) {
    compare_row_reductions([](auto& d, auto& s, auto& t) { TROWMAX(d, s, t); }, larger, 0);
}
TEST(trowmin_finds_the_smallest_of_each_row) {
    compare_row_reductions([](auto& d, auto& s, auto& t) { TROWMIN(d, s, t); }, smaller, 0);
}

template <typename T, int Rows, int Cols, int VR, int VC, typename Op, typename Fold>
void compare_col_reduction(Op op, Fold fold, double tolerance) {
    const std::string report = run_vec([&] {
        VecTile<T, Rows, Cols, VR, VC> src;
        VecTile<T, 1, Cols, 1, VC> row;
        TASSIGN(src, 0);
        TASSIGN(row, 98304);
        fill(src, [](int, int) { return 30 * noise(); });
        op(row, src);
        CHECK(distance(row, [&](int, int c) {
                  double total = double(at(src, 0, c));
                  for (int r = 1; r < VR; ++r) total = fold(total, double(at(src, r, c)));
                  return total;
              }) <= tolerance);
    });
    CHECK(report.empty());
}

template <typename Op, typename Fold>
void compare_col_reductions(Op op, Fold fold, double tolerance) {
    compare_col_reduction<float, 32, 256, 32, 256>(op, fold, tolerance);
    compare_col_reduction<float, 32, 304, 31, 291>(op, fold, tolerance);
    compare_col_reduction<half, 16, 144, 15, 131>(op, fold, tolerance * 2000);
    compare_col_reduction<int32_t, 16, 24, 1, 23>(op, fold, 0);
}

TEST(column_reductions) {
    compare_col_reductions([](auto& d, auto& s) { TCOLSUM(d, s); }, add, 1e-4);
    compare_col_reductions([](auto& d, auto& s) { TCOLMAX(d, s); }, larger, 0);
    compare_col_reductions([](auto& d, auto& s) { TCOLMIN(d, s); }, smaller, 0);
}

TEST(tcolsum_accepts_scratch_space) {
    const std::string report = run_vec([] {
        VecTile<float, 4, 8> src, scratch;
        VecTile<float, 1, 8> row;
        TASSIGN(src, 0);
        TASSIGN(scratch, 1024);
        TASSIGN(row, 2048);
        fill(src, [](int r, int c) { return r + c; });
        TCOLSUM(row, src, scratch, true);
        CHECK(distance(row, [](int, int c) { return 6 + 4 * c; }) == 0);
    });
    CHECK(report.empty());
}

TEST(reductions_of_memory_that_nobody_wrote_are_nan) {
    const std::string report = run_vec([] {
        VecTile<float, 4, 64> src, scratch;
        ColumnTile<float, 4> column;
        TASSIGN(src, 0);
        TASSIGN(scratch, 1024);
        TASSIGN(column, 2048);
        fill(src, [](int, int) { return 1; });
        at(src, 1, 3) = NAN;
        at(src, 2, 63) = NAN;
        TROWMAX(column, src, scratch);
        CHECK(at(column, 0, 0) == 1 && std::isnan(at(column, 1, 0)) && std::isnan(at(column, 2, 0)));
        TROWSUM(column, src, scratch);
        CHECK(at(column, 0, 0) == 64 && std::isnan(at(column, 1, 0)));
    });
    CHECK(report.empty());
}

template <typename T, int Rows, int Cols, int VR, int VC, bool by_row, typename Op, typename Reference>
void compare_expand_with(Op op, Reference reference) {
    const std::string report = run_vec([&] {
        VecTile<T, Rows, Cols, VR, VC> src, dst;
        Tile<TileType::Vec, T, by_row ? Rows : 1, by_row ? 1 : Cols, by_row ? BLayout::ColMajor : BLayout::RowMajor,
             by_row ? VR : 1, by_row ? 1 : VC>
            values;
        TASSIGN(src, 0);
        TASSIGN(dst, 49152);
        TASSIGN(values, 98304);
        fill(src, [](int, int) { return 8 * noise(); });
        fill(values, [](int, int) { return 2 + noise(); });
        op(dst, src, values);
        CHECK(distance(dst, [&](int r, int c) {
                  const float value = by_row ? at(values, r, 0) : at(values, 0, c);
                  return T(reference(float(at(src, r, c)), value));
              }) == 0);
    });
    CHECK(report.empty());
}

#define EXPAND_WITH(NAME, EXPRESSION)                                                     \
    TEST(TROWEXPAND##NAME##_and_TCOLEXPAND##NAME) {                                       \
        const auto by_row = [](auto& d, auto& s, auto& v) { TROWEXPAND##NAME(d, s, v); }; \
        const auto by_col = [](auto& d, auto& s, auto& v) { TCOLEXPAND##NAME(d, s, v); }; \
        const auto reference = [](float a, float v) { return EXPRESSION; };               \
        compare_expand_with<float, 32, 256, 32, 256, true>(by_row, reference);            \
        compare_expand_with<float, 32, 104, 29, 101, true>(by_row, reference);            \
        compare_expand_with<half, 16, 144, 15, 131, true>(by_row, reference);             \
        compare_expand_with<float, 32, 256, 32, 256, false>(by_col, reference);           \
        compare_expand_with<half, 16, 144, 15, 131, false>(by_col, reference);            \
    }
EXPAND_WITH(ADD, a + v)
EXPAND_WITH(SUB, a - v)
EXPAND_WITH(MUL, a* v)
EXPAND_WITH(DIV, a / v)
EXPAND_WITH(MAX, a > v ? a : v)
EXPAND_WITH(MIN, a < v ? a : v)
#undef EXPAND_WITH

TEST(plain_broadcasts_copy_the_values) {
    const std::string report = run_vec([] {
        VecTile<float, 8, 32, 7, 29> dst;
        VecTile<float, 8, 8, 7, 1> rows;
        VecTile<float, 1, 32, 1, 29> cols;
        TASSIGN(dst, 0);
        TASSIGN(rows, 4096);
        TASSIGN(cols, 8192);
        fill(rows, [](int r, int) { return r; });
        fill(cols, [](int, int c) { return c; });
        TROWEXPAND(dst, rows);
        CHECK(distance(dst, [](int r, int) { return r; }) == 0);
        TCOLEXPAND(dst, cols);
        CHECK(distance(dst, [](int, int c) { return c; }) == 0);
    });
    CHECK(report.empty());
}

TEST(a_broadcast_may_overwrite_its_source) {
    const std::string report = run_vec([] {
        VecTile<float, 32, 128> o;
        ColumnTile<float, 32> e;
        TASSIGN(o, 0);
        TASSIGN(e, 16384);
        fill(o, [](int r, int c) { return r + c; });
        fill(e, [](int r, int) { return r; });
        TROWEXPANDMUL(o, o, e);
        CHECK(distance(o, [](int r, int c) { return r * (r + c); }) == 0);
    });
    CHECK(report.empty());
}

TEST(dynamic_reductions_check_their_sizes) {
    using Dynamic = VecTile<float, 8, 64, kDynamic, kDynamic>;
    const std::string report = run_vec([] {
        Dynamic src(5, 60);
        VecTile<float, 8, 64> scratch;
        ColumnTile<float, 8> column;
        TASSIGN(src, 0);
        TASSIGN(scratch, 4096);
        TASSIGN(column, 8192);
        TROWSUM(column, src, scratch);
    });
    CHECK_CONTAINS(report, "TROWSUM of 5 x 60 needs columns to reduce and a destination of 5 x 1, not 8 x 1");
}

TEST(row_values_are_broadcast_in_the_scratch_of_the_library) {
    const std::string report = run_vec([] {
        VecTile<float, 300, 8> src, dst;  // more rows than the library broadcasts at once
        ColumnTile<float, 304> values;
        VecTile<float, 8, 256> victim;
        TASSIGN(src, 0);
        TASSIGN(dst, 32768);
        TASSIGN(values, 65536);
        TASSIGN(victim, host::kLibraryScratchStart);
        fill(src, [](int r, int c) { return r + 0.5f * c; });
        fill(values, [](int r, int) { return 1000.0f * r; });
        fill(victim, [](int, int) { return 7.0f; });
        Tile<TileType::Vec, float, 304, 1, BLayout::ColMajor, 300, 1> rows;
        TASSIGN(rows, 65536);
        TROWEXPANDADD(dst, src, rows);
        CHECK(distance(dst, [](int r, int c) { return 1001.0f * r + 0.5f * c; }) == 0);
        CHECK(at(victim, 0, 0) == 240000.0f && at(victim, 0, 8) == 241000.0f);  // of the last step
        CHECK(std::isnan(at(victim, 7, 255)));
    });
    CHECK(report.empty());
}

TEST(a_tile_in_the_scratch_of_the_library_computes_wrong_results) {
    const std::string report = run_vec([] {
        VecTile<float, 32, 64> src, dst;
        ColumnTile<float, 32> values;
        TASSIGN(src, host::kLibraryScratchStart);
        TASSIGN(dst, 0);
        TASSIGN(values, 65536);
        fill(src, [](int, int) { return 1.0f; });
        fill(values, [](int, int) { return 2.0f; });
        TROWEXPANDMUL(dst, src, values);
        CHECK(at(dst, 0, 0) == 4.0f);  // 2 * 2: the values lie where the source was
        CHECK(std::isnan(at(dst, 31, 63)));
    });
    CHECK(report.empty());
}

TEST(row_values_that_fill_their_row_need_no_scratch) {
    const std::string report = run_vec([] {
        VecTile<float, 8, 64> src, dst;
        VecTile<float, 8, 8> values;
        VecTile<float, 1, 8> victim;
        TASSIGN(src, 0);
        TASSIGN(dst, 4096);
        TASSIGN(values, 8192);
        TASSIGN(victim, host::kLibraryScratchStart);
        fill(src, [](int, int) { return 1.0f; });
        fill(values, [](int r, int) { return r; });
        fill(victim, [](int, int) { return 7.0f; });
        TROWEXPANDSUB(dst, src, values);
        CHECK(distance(dst, [](int r, int) { return 1.0f - r; }) == 0);
        CHECK(at(victim, 0, 0) == 7.0f);
    });
    CHECK(report.empty());
}

TEST(scratch_of_a_row_reduction_holds_nothing_afterwards) {
    const std::string report = run_vec([] {
        VecTile<float, 32, 104, 32, 101> src, scratch;
        ColumnTile<float, 32> column;
        TASSIGN(src, 0);
        TASSIGN(scratch, 16384);
        TASSIGN(column, 32768);
        fill(src, [](int, int) { return 1; });
        fill(scratch, [](int, int) { return 1; });
        TROWSUM(column, src, scratch);
        CHECK(at(column, 31, 0) == 101);
        CHECK(std::isnan(at(scratch, 0, 0)) && std::isnan(at(scratch, 31, 100)));
    });
    CHECK(report.empty());
}

TEST(fast_row_reductions_overwrite_4_kib_of_scratch) {
    const std::string report = run_vec([] {
        VecTile<float, 16, 512> src;
        VecTile<float, 32, 64> scratch;
        ColumnTile<float, 16> column;
        TASSIGN(src, 0);
        TASSIGN(scratch, 32768);
        TASSIGN(column, 65536);
        fill(src, [](int, int) { return 1; });
        fill(scratch, [](int, int) { return 1; });
        TROWMAX(column, src, scratch);
        CHECK(std::isnan(at(scratch, 0, 0)) && std::isnan(at(scratch, 15, 63)));
        CHECK(at(scratch, 16, 0) == 1);
    });
    CHECK(report.empty());
}

TEST(scratch_that_shares_bytes_with_the_source_is_refused) {
    const auto reduce = [](uint64_t scratch_at, uint64_t column_at) {
        return run_vec([=] {
            VecTile<float, 32, 64, 32, 32> src, scratch;  // left and right halves of a tile, say
            ColumnTile<float, 32> column;
            TASSIGN(src, 0);
            TASSIGN(scratch, scratch_at);
            TASSIGN(column, column_at);
            fill(src, [](int, int) { return 1; });
            TROWMIN(column, src, scratch);
        });
    };
    CHECK(reduce(128, 32768).empty());
    CHECK_CONTAINS(reduce(0, 32768), "TROWMIN with scratch at byte 0 of UB that shares bytes with its source");
    CHECK_CONTAINS(reduce(96, 32768), "TROWMIN with scratch at byte 96 of UB");
    CHECK_CONTAINS(reduce(16384, 16384), "shares bytes with its source or its destination");
}

TEST(scratch_that_is_too_small_is_found_at_run_time) {
    const std::string report = run_vec([] {
        Tile<TileType::Vec, float, 32, 64, BLayout::RowMajor, -1, 64> src(32);
        Tile<TileType::Vec, float, 32, 64, BLayout::RowMajor, -1, 64> scratch(31);
        ColumnTile<float, 32> column;
        TASSIGN(src, 0);
        TASSIGN(scratch, 16384);
        TASSIGN(column, 32768);
        TROWMAX(column, src, scratch);
    });
    CHECK_CONTAINS(report,
                   "TROWMAX of 32 x 64 with scratch of 31 x 64: the device overwrites as much as the source has");
}

}  // namespace

HARNESS_MAIN
