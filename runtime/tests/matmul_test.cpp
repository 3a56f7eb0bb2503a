// Matrix products against scalar references, through the whole path GM -> L1 -> L0 -> GM.
#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

template <typename T>
std::vector<T> random_matrix(int rows, int cols) {
    std::vector<T> values(size_t(rows) * cols);
    for (T& value : values) value = static_cast<T>(host::is_float<T> ? noise() : 100 * noise());
    return values;
}

/// a [M, K], b [K, N] or, transposed, [N, K]; the result in double.
template <typename T>
double reference(const std::vector<T>& a, const std::vector<T>& b, int k, int n, bool transposed, int r, int c) {
    double sum = 0;
    for (int i = 0; i < k; ++i) sum += double(a[r * k + i]) * double(transposed ? b[c * k + i] : b[i * n + c]);
    return sum;
}

constexpr int padded(int size) { return (size + 15) / 16 * 16; }

/// Multiplies valid sizes m, k, n in tiles that are padded to whole boxes.
template <typename T, typename Out, int m, int k, int n, bool transposed>
void compare_matmul(double tolerance) {
    std::vector<T> a = random_matrix<T>(m, k), b = random_matrix<T>(k, n);
    std::vector<Out> once(m * n), twice(m * n);
    const std::string report = run_cube([&] {
        using RightMat = std::conditional_t<transposed, TransposedMatTile<T, padded(k), padded(n), k, n>,
                                            MatTile<T, padded(k), padded(n), k, n>>;
        using RightView = std::conditional_t<transposed, Transposed2D<T, k, n>, Rows2D<T, k, n>>;
        MatTile<T, padded(m), padded(k), m, k> left_mat;
        RightMat right_mat;
        LeftTile<T, padded(m), padded(k), m, k> left;
        RightTile<T, padded(k), padded(n), k, n> right;
        AccTile<Out, padded(m), padded(n), m, n> acc, other;
        TASSIGN(left_mat, 0);
        TASSIGN(right_mat, 65536);
        TASSIGN(left, 0);
        TASSIGN(right, 0);
        TASSIGN(acc, 0);
        TASSIGN(other, 65536);
        TLOAD(left_mat, Rows2D<T, m, k>(a.data()));
        TLOAD(right_mat, RightView(b.data()));
        TMOV(left, left_mat);
        TMOV(right, right_mat);
        TMATMUL(acc, left, right);
        TSTORE(Rows2D<Out, m, n>(once.data()), acc);
        TMATMUL_ACC(acc, left, right);
        TMATMUL_ACC(other, acc, left, right);
        TSTORE(Rows2D<Out, m, n>(twice.data()), other);
    });
    CHECK(report.empty());
    double worst = 0;
    for (int r = 0; r < m; ++r) {
        for (int c = 0; c < n; ++c) {
            const double expected = reference(a, b, k, n, transposed, r, c);
            worst = std::fmax(worst, std::fabs(once[r * n + c] - expected));
            worst = std::fmax(worst, std::fabs(twice[r * n + c] - 3 * expected));
        }
    }
    CHECK(worst <= tolerance);
}

TEST(f16_products) {
    compare_matmul<half, float, 128, 128, 128, false>(1e-4);
    compare_matmul<half, float, 128, 128, 128, true>(1e-4);
    compare_matmul<half, float, 64, 256, 128, true>(1e-4);
    compare_matmul<half, float, 16, 16, 16, false>(1e-5);
    compare_matmul<half, float, 16, 16, 16, true>(1e-5);
}

TEST(products_of_partly_valid_tiles) {
    compare_matmul<half, float, 1, 128, 128, false>(1e-4);
    compare_matmul<half, float, 7, 13, 5, false>(1e-5);
    compare_matmul<half, float, 7, 13, 5, true>(1e-5);
    compare_matmul<half, float, 31, 65, 49, false>(1e-4);
    compare_matmul<half, float, 31, 65, 49, true>(1e-4);
    compare_matmul<half, float, 31, 65, 40, true>(1e-4);
}

TEST(f32_bf16_and_i8_products) {
    compare_matmul<float, float, 64, 96, 48, false>(1e-4);
    compare_matmul<float, float, 33, 96, 48, true>(1e-4);
    compare_matmul<bfloat16_t, float, 32, 64, 48, false>(1e-4);
    compare_matmul<bfloat16_t, float, 32, 64, 48, true>(1e-4);
    compare_matmul<int8_t, int32_t, 64, 96, 64, false>(0);
    compare_matmul<int8_t, int32_t, 64, 96, 64, true>(0);
}

/// Two right factors, the first of which is moved after the second that begins where it ends.
template <typename T, typename Out, int n, bool transposed>
void compare_neighbours() {
    constexpr int m = 16, k = 32;
    const std::vector<T> a = random_matrix<T>(m, k);
    const std::vector<T> b[2] = {random_matrix<T>(k, n), random_matrix<T>(k, n)};
    std::vector<Out> out[2] = {std::vector<Out>(m * n), std::vector<Out>(m * n)};
    const std::string report = run_cube([&] {
        using RightMat = std::conditional_t<transposed, TransposedMatTile<T, k, n>, MatTile<T, k, n>>;
        using RightView = std::conditional_t<transposed, Transposed2D<T, k, n>, Rows2D<T, k, n>>;
        MatTile<T, m, k> left_mat;
        LeftTile<T, m, k> left;
        RightTile<T, k, n> right[2];
        AccTile<Out, m, n> acc;
        TASSIGN(left_mat, 0);
        TASSIGN(left, 0);
        TASSIGN(acc, 0);
        TLOAD(left_mat, Rows2D<T, m, k>(const_cast<T*>(a.data())));
        TMOV(left, left_mat);
        for (int i : {1, 0}) {
            RightMat mat;
            TASSIGN(mat, 65536);
            TASSIGN(right[i], uint64_t(i) * RightTile<T, k, n>::kBytes);
            TLOAD(mat, RightView(const_cast<T*>(b[i].data())));
            TMOV(right[i], mat);
        }
        for (int i : {0, 1}) {
            TMATMUL(acc, left, right[i]);
            TSTORE(Rows2D<Out, m, n>(out[i].data()), acc);
        }
    });
    CHECK(report.empty());
    double worst = 0;
    for (int i : {0, 1}) {
        for (int e = 0; e < m * n; ++e) {
            const double expected = reference(a, b[i], k, n, transposed, e / n, e % n);
            worst = std::fmax(worst, std::fabs(out[i][e] - expected));
        }
    }
    CHECK(worst <= 1e-4);
}

TEST(a_right_factor_takes_no_more_room_than_its_tile) {
    compare_neighbours<int8_t, int32_t, 16, false>();
    compare_neighbours<int8_t, int32_t, 48, false>();
    compare_neighbours<int8_t, int32_t, 80, true>();
    compare_neighbours<half, float, 16, false>();
    compare_neighbours<half, float, 16, true>();
    compare_neighbours<half, float, 112, true>();
    compare_neighbours<float, float, 16, true>();
}

TEST(tmatmul_bias_adds_a_row) {
    std::vector<half> a = random_matrix<half>(16, 32), b = random_matrix<half>(32, 48);
    std::vector<float> bias = random_matrix<float>(1, 48), out(16 * 48);
    const std::string report = run_cube([&] {
        MatTile<half, 16, 32> left_mat;
        MatTile<half, 32, 48> right_mat;
        Tile<TileType::Mat, float, 1, 48> bias_mat;
        Tile<TileType::Bias, float, 1, 48> bias_tile;
        LeftTile<half, 16, 32> left;
        RightTile<half, 32, 48> right;
        AccTile<float, 16, 48> acc;
        TASSIGN(left_mat, 0);
        TASSIGN(right_mat, 4096);
        TASSIGN(bias_mat, 8192);
        TASSIGN(bias_tile, 0);
        TASSIGN(left, 0);
        TASSIGN(right, 0);
        TASSIGN(acc, 0);
        TLOAD(left_mat, Rows2D<half, 16, 32>(a.data()));
        TLOAD(right_mat, Rows2D<half, 32, 48>(b.data()));
        TLOAD(bias_mat, Rows2D<float, 1, 48>(bias.data()));
        TMOV(left, left_mat);
        TMOV(right, right_mat);
        TMOV(bias_tile, bias_mat);
        TMATMUL_BIAS(acc, left, right, bias_tile);
        TSTORE(Rows2D<float, 16, 48>(out.data()), acc);
    });
    CHECK(report.empty());
    double worst = 0;
    for (int r = 0; r < 16; ++r) {
        for (int c = 0; c < 48; ++c) {
            worst = std::fmax(worst, std::fabs(out[r * 48 + c] - bias[c] - reference(a, b, 32, 48, false, r, c)));
        }
    }
    CHECK(worst < 1e-5);
}

TEST(textract_takes_sub_tiles_of_both_factors) {
    std::vector<half> a = random_matrix<half>(32, 256), b = random_matrix<half>(256, 64),
                      bt = random_matrix<half>(64, 256);
    std::vector<float> out(32 * 64), out_t(32 * 64);
    const std::string report = run_cube([&] {
        MatTile<half, 32, 256> left_mat;
        MatTile<half, 256, 64> right_mat;
        TransposedMatTile<half, 256, 64> right_mat_t;
        LeftTile<half, 32, 64> left;
        RightTile<half, 64, 64> right;
        AccTile<float, 32, 64> acc, acc_t;
        TASSIGN(left_mat, 0);
        TASSIGN(right_mat, 65536);
        TASSIGN(right_mat_t, 131072);
        TASSIGN(left, 0);
        TASSIGN(right, 0);
        TASSIGN(acc, 0);
        TASSIGN(acc_t, 65536);
        TLOAD(left_mat, Rows2D<half, 32, 256>(a.data()));
        TLOAD(right_mat, Rows2D<half, 256, 64>(b.data()));
        TLOAD(right_mat_t, Transposed2D<half, 256, 64>(bt.data()));
        for (int64_t k = 0; k < 256; k += 64) {
            TEXTRACT(left, left_mat, 0, k);
            TEXTRACT(right, right_mat, k, 0);
            if (k == 0) {
                TMATMUL(acc, left, right);
            } else {
                TMATMUL_ACC(acc, acc, left, right);
            }
            TEXTRACT(right, right_mat_t, k, 0);
            if (k == 0) {
                TMATMUL(acc_t, left, right);
            } else {
                TMATMUL_ACC(acc_t, acc_t, left, right);
            }
        }
        TSTORE(Rows2D<float, 32, 64>(out.data()), acc);
        TSTORE(Rows2D<float, 32, 64>(out_t.data()), acc_t);
    });
    CHECK(report.empty());
    double worst = 0;
    for (int r = 0; r < 32; ++r) {
        for (int c = 0; c < 64; ++c) {
            worst = std::fmax(worst, std::fabs(out[r * 64 + c] - reference(a, b, 256, 64, false, r, c)));
            worst = std::fmax(worst, std::fabs(out_t[r * 64 + c] - reference(a, bt, 256, 64, true, r, c)));
        }
    }
    CHECK(worst < 1e-4);
}

TEST(a_sub_tile_must_lie_inside_its_source) {
    const std::string report = run_cube([] {
        MatTile<half, 32, 256> mat;
        LeftTile<half, 32, 64> left;
        TASSIGN(mat, 0);
        TASSIGN(left, 0);
        TEXTRACT(left, mat, 0, 200);
    });
    CHECK_CONTAINS(report, "TEXTRACT of 32 x 64 elements at row 0, column 200 of a tile with 32 x 256 valid ones");
}

TEST(a_product_of_operands_that_nobody_wrote_is_nan) {
    std::vector<float> out(16 * 16);
    const std::string report = run_cube([&] {
        LeftTile<half, 16, 16> left;
        RightTile<half, 16, 16> right;
        AccTile<float, 16, 16> acc;
        TASSIGN(left, 0);
        TASSIGN(right, 0);
        TASSIGN(acc, 0);
        TMATMUL(acc, left, right);
        TSTORE(Rows2D<float, 16, 16>(out.data()), acc);
    });
    CHECK(report.empty());
    CHECK(std::isnan(out[0]) && std::isnan(out[255]));
}

}  // namespace

HARNESS_MAIN
