// TLOAD, TSTORE, TMOV, TEXTRACT, TRESHAPE.
#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

std::vector<float> counting(size_t count) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
    return values;
}

TEST(a_strided_slice_is_loaded_and_stored) {
    std::vector<float> in = counting(64 * 100), out(64 * 100, -1);
    using Slice = GlobalTensor<float, Shape<1, 1, 1, 16, 24>, Stride<6400, 6400, 6400, 100, 1>, Layout::ND>;
    const std::string report = run_vec([&] {
        VecTile<float, 16, 24> tile;
        TASSIGN(tile, 96);
        TLOAD(tile, Slice(in.data() + 5 * 100 + 7));
        CHECK(distance(tile, [](int r, int c) { return (r + 5) * 100 + c + 7; }) == 0);
        TSTORE(Slice(out.data() + 100), tile);
    });
    CHECK(report.empty());
    CHECK(out[99] == -1 && out[100] == 507 && out[123] == 530 && out[124] == -1 && out[200] == 607);
}

TEST(dynamic_shapes_and_strides_come_from_the_constructor) {
    std::vector<float> in = counting(64 * 100);
    using DynamicShape = Shape<1, 1, 1, -1, -1>;
    using DynamicStride = Stride<-1, -1, -1, -1, 1>;
    using Slice = GlobalTensor<float, DynamicShape, DynamicStride, Layout::ND>;
    const std::string report = run_vec([&] {
        VecTile<float, 16, 24, kDynamic, kDynamic> tile(9, 21);
        VecTile<float, 16, 24, 16, kDynamic> columns(size_t{21});
        TASSIGN(tile, 0);
        TASSIGN(columns, 0);
        CHECK(columns.GetValidRow() == 16 && columns.GetValidCol() == 21);
        TLOAD(tile, Slice(in.data(), DynamicShape(9, 21), DynamicStride(6400, 6400, 6400, 100)));
        CHECK(distance(tile, [](int r, int c) { return r * 100 + c; }) == 0);
        TLOAD(tile, Slice(in.data(), DynamicShape(1, 1, 1, 9, 21), DynamicStride(0, 0, 0, 200, 1)));
        CHECK(distance(tile, [](int r, int c) { return r * 200 + c; }) == 0);
    });
    CHECK(report.empty());
}

TEST(outer_dimensions_become_rows) {
    std::vector<float> in = counting(2 * 3 * 4 * 8);
    using Box = GlobalTensor<float, Shape<1, 2, 3, 4, 8>, Stride<192, 96, 32, 8, 1>, Layout::ND>;
    const std::string report = run_vec([&] {
        VecTile<float, 24, 8> tile;
        TASSIGN(tile, 0);
        TLOAD(tile, Box(in.data()));
        CHECK(distance(tile, [](int r, int c) { return r * 8 + c; }) == 0);
    });
    CHECK(report.empty());
}

TEST(a_column_vector_is_loaded_from_and_stored_to_consecutive_numbers) {
    std::vector<float> in = counting(32), out(32);
    using Column = GlobalTensor<float, Shape<1, 1, 1, 32, 1>, Stride<32, 32, 32, 1, 1>, Layout::DN>;
    const std::string report = run_vec([&] {
        ColumnTile<float, 32> tile;
        TASSIGN(tile, 0);
        TLOAD(tile, Column(in.data()));
        TSTORE(Column(out.data()), tile);
    });
    CHECK(report.empty());
    CHECK(in == out);
}

TEST(padding_fills_the_rest_of_the_last_32_bytes_of_a_row) {
    std::vector<float> in = counting(64);
    const std::string report = run_vec([&] {
        Tile<TileType::Vec, float, 4, 32, BLayout::RowMajor, 4, 13, SLayout::NoneBox, 512, PadValue::Min> tile;
        TASSIGN(tile, 0);
        VecTile<float, 4, 32> whole;
        TASSIGN(whole, 0);
        fill(whole, [](int, int) { return 7; });
        TLOAD(tile, GlobalTensor<float, Shape<1, 1, 1, 4, 13>, Stride<64, 64, 64, 16, 1>>(in.data()));
        CHECK(at(tile, 3, 12) == 60 && at(tile, 0, 13) == -INFINITY && at(tile, 3, 15) == -INFINITY);
        CHECK(at(tile, 0, 16) == 7 && at(tile, 3, 31) == 7);
    });
    CHECK(report.empty());
}

TEST(padding_fills_the_end_of_the_columns_of_a_column_major_tile) {
    std::vector<half> in(20, half(1.0f));
    const std::string report = run_vec([&] {
        Tile<TileType::Vec, half, 48, 1, BLayout::ColMajor, 20, 1, SLayout::NoneBox, 512, PadValue::Zero> tile;
        TASSIGN(tile, 0);
        ColumnTile<half, 48> whole;
        TASSIGN(whole, 0);
        fill(whole, [](int, int) { return 7; });
        TLOAD(tile, GlobalTensor<half, Shape<1, 1, 1, 20, 1>, Stride<20, 20, 20, 1, 1>, Layout::DN>(in.data()));
        CHECK(at(tile, 19, 0) == 1 && at(tile, 20, 0) == 0 && at(tile, 31, 0) == 0 && at(tile, 32, 0) == 7);
    });
    CHECK(report.empty());
}

TEST(views_that_no_memory_has_are_refused) {
    std::vector<float> in(64);
    const auto load = [&](int64_t stride) {
        return run_vec([&] {
            VecTile<float, 8, 8> tile;
            TASSIGN(tile, 0);
            using DynamicStride = Stride<1, 1, 1, -1, 1>;
            using View = GlobalTensor<float, Shape<1, 1, 1, 8, 8>, DynamicStride>;
            TLOAD(tile, View(in.data(), Shape<1, 1, 1, 8, 8>(), DynamicStride(stride)));
        });
    };
    CHECK(load(8).empty());
    CHECK_CONTAINS(load(-8), "TLOAD of a global tensor with a negative size or stride");
    CHECK_CONTAINS(load(INT64_MAX), "or with more elements than memory has");
}

TEST(treshape_shows_the_same_bytes) {
    const std::string report = run_vec([] {
        ColumnTile<float, 32> column;
        VecTile<float, 1, 32> row;
        TASSIGN(column, 4096);
        TRESHAPE(row, column);
        CHECK(row.address() == 4096 && row.data() == column.data());
        fill(row, [](int, int c) { return c; });
        CHECK(distance(column, [](int r, int) { return r; }) == 0);
    });
    CHECK(report.empty());
}

TEST(overlapping_vec_tiles_share_bytes_of_any_type) {
    const std::string report = run_vec([] {
        VecTile<float, 1, 8> words;
        VecTile<uint16_t, 1, 16> shorts;
        TASSIGN(words, 64);
        VecTile<uint16_t, 1, 16> scratch;
        TASSIGN(shorts, 64);
        TASSIGN(scratch, 128);
        fill(words, [](int, int) { return 1.0f; });
        TXOR(shorts, shorts, shorts, scratch);
        CHECK(distance(words, [](int, int) { return 0; }) == 0);
    });
    CHECK(report.empty());
}

TEST(tmov_copies_vec_tiles) {
    const std::string report = run_vec([] {
        VecTile<half, 8, 32, 7, 30> a, b;
        TASSIGN(a, 0);
        TASSIGN(b, 1024);
        fill(a, [](int r, int c) { return r * c; });
        TMOV(b, a);
        CHECK(distance(b, [](int r, int c) { return r * c; }) == 0);
    });
    CHECK(report.empty());
}

TEST(tiles_of_l1_hold_nd_and_dn_tensors) {
    std::vector<half> in(32 * 48);
    for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i);
    const std::string report = run_cube([&] {
        MatTile<half, 32, 48> rows;
        TransposedMatTile<half, 48, 32> cols, odd;
        MatTile<half, 48, 32> also_cols;
        TASSIGN(rows, 0);
        TASSIGN(cols, 4096);
        TASSIGN(also_cols, 8192);
        TASSIGN(odd, 16384);
        TLOAD(rows, Rows2D<half, 32, 48>(in.data()));
        TLOAD(cols, Transposed2D<half, 48, 32>(in.data()));
        TLOAD(also_cols, Transposed2D<half, 48, 32>(in.data()));
        TLOAD(odd, Rows2D<half, 48, 32>(in.data()));
        CHECK(distance(rows, [](int r, int c) { return r * 48 + c; }) == 0);
        CHECK(distance(cols, [](int r, int c) { return c * 48 + r; }) == 0);
        CHECK(distance(also_cols, [](int r, int c) { return c * 48 + r; }) == 0);
        CHECK(distance(odd, [](int r, int c) { return r * 32 + c; }) == 0);
    });
    CHECK(report.empty());
}

TEST(accumulators_are_narrowed_by_a_store_or_a_move_to_l1) {
    std::vector<half> out(16 * 32);
    std::vector<float> wide(16 * 32);
    const std::string report = run_cube([&] {
        AccTile<float, 16, 32> acc;
        MatTile<half, 16, 32> mat;
        TASSIGN(acc, 0);
        TASSIGN(mat, 0);
        fill(acc, [](int r, int c) { return r == 15 && c == 31 ? 1e6f : 0.1f * float(r * 32 + c); });
        TSTORE(Rows2D<half, 16, 32>(out.data()), acc);
        TSTORE(Rows2D<float, 16, 32>(wide.data()), acc);
        TMOV(mat, acc);
        CHECK(at(mat, 2, 5).bits == half(6.9f).bits);
    });
    CHECK(report.empty());
    CHECK(out[69].bits == half(6.9f).bits && out[511].bits == 0x7c00 && wide[511] == 1e6f);
}

TEST(scalars_are_read_straight_from_global_memory) {
    std::vector<half> in = {half(1.5f), half(2.5f)};
    float sum = 0;
    CHECK(run_vec([&] {
              __gm__ half* v1 = in.data();
              float v2 = v1[0] + v1[1];
              sum = v2;
          }).empty());
    CHECK(sum == 4.0f);
}

TEST(a_load_into_l1_takes_rows_at_most_65535_elements_apart) {
    std::vector<half> gm(15 * 65536 + 16);
    const auto load = [&](int64_t stride) {
        return run_cube([&] {
            MatTile<half, 16, 16> tile;
            TASSIGN(tile, 0);
            using Strides = Stride<1, 1, 1, -1, 1>;
            TLOAD(tile, GlobalTensor<half, Shape<1, 1, 1, 16, 16>, Strides>(gm.data(), {}, Strides(stride)));
        });
    };
    CHECK(load(65535).empty());
    CHECK_CONTAINS(load(65536),
                   "TLOAD into L1 of rows that are 65536 elements apart: the instruction takes at most 65535");
    CHECK(run_vec([&] {
              VecTile<half, 16, 16> tile;
              TASSIGN(tile, 0);
              TLOAD(tile, GlobalTensor<half, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 65536, 1>>(gm.data()));
          }).empty());
}

TEST(a_store_to_elements_that_are_one_is_refused) {
    std::vector<float> gm(64 * 16);
    const auto store = [&](int64_t planes, int64_t rows) {
        return run_vec([&] {
            VecTile<float, 8, 16> tile;
            TASSIGN(tile, 0);
            using Strides = Stride<1, 1, -1, -1, 1>;
            TSTORE(GlobalTensor<float, Shape<1, 1, 2, 4, 16>, Strides>(gm.data(), {}, Strides(planes, rows)), tile);
        });
    };
    CHECK(store(64, 16).empty());
    CHECK(store(16, 32).empty());
    CHECK_CONTAINS(store(64, 15), "TSTORE to a view in which 4 elements are 15 apart and lie on others");
    CHECK_CONTAINS(store(0, 16), "TSTORE to a view in which 2 elements are 0 apart and lie on others");
    CHECK_CONTAINS(store(48, 16), "TSTORE to a view in which 2 elements are 48 apart and lie on others");
}

TEST(an_extract_within_ub_destroys_what_lies_in_the_scratch_of_the_library) {
    const std::string report = run_vec([] {
        VecTile<float, 4, 16> src;
        VecTile<float, 2, 8> dst;
        VecTile<float, 1, 8> victim;
        TASSIGN(src, 0);
        TASSIGN(dst, 4096);
        TASSIGN(victim, host::kLibraryScratchStart);
        fill(src, [](int r, int c) { return 16 * r + c; });
        fill(victim, [](int, int) { return 1.0f; });
        TEXTRACT(dst, src, 1, 8);
        CHECK(distance(dst, [](int r, int c) { return 16 * (r + 1) + c + 8; }) == 0);
        CHECK(std::isnan(at(victim, 0, 0)));
    });
    CHECK(report.empty());
}

/// Copies `rows` rows of `bytes` bytes, 7 more apart in the source and 13 in the destination, which start at odd
/// addresses.
bool copies_rows(size_t rows, size_t bytes) {
    const size_t from_pitch = bytes + 7, to_pitch = bytes + 13;
    std::vector<uint8_t> from(1 + rows * from_pitch), to(3 + rows * to_pitch, 0xaa);
    for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint8_t>(i * 37 + i / 256);
    std::vector<uint8_t> expected = to;
    for (size_t r = 0; r < rows; ++r) {
        for (size_t b = 0; b < bytes; ++b) expected[3 + r * to_pitch + b] = from[1 + r * from_pitch + b];
    }
    numbers().copy(host::DTypeId::U8, host::DTypeId::U8, {to.data() + 3, int64_t(to_pitch), 1},
                   {from.data() + 1, int64_t(from_pitch), 1}, rows, bytes);
    return to == expected;
}

TEST(rows_of_any_length_are_copied_and_nothing_beside_them) {
    for (const size_t bytes : {1, 31, 63, 64, 65, 100, 128, 512, 1000, 2047, 2048, 2049, 5000}) {
        for (const size_t rows : {1, 2, 5}) {
            CHECK(copies_rows(rows, bytes));
        }
    }
}

}  // namespace

HARNESS_MAIN
