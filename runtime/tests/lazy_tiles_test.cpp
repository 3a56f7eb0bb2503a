// What is put off leaves no trace: random programs compute the same bits as with every tile written at once.
#include <set>
#include <utility>

#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

constexpr int kRows = 32, kCols = 64, kEdge = 32;
constexpr int kPrograms = 300, kLength = 60;

using Floats = VecTile<float, kRows, kCols>;
using Upper = VecTile<float, kRows / 2, kCols>;
using Halves = VecTile<half, kRows, kCols>;
using Values = ColumnTile<float, kRows>;
using Matrix = Rows2D<float, kRows, kCols>;

/// Numbers of a program, the same for both ways to run it.
class Dice {
  public:
    explicit Dice(uint32_t seed) : state_(seed * 2654435761u + 1) {}
    int operator()(int sides) {
        state_ = state_ * 1664525u + 1013904223u;
        return static_cast<int>((state_ >> 16) % static_cast<uint32_t>(sides));
    }

  private:
    uint32_t state_;
};

template <typename T>
std::vector<T> noise_of(size_t count) {
    std::vector<T> numbers(count);
    for (T& number : numbers) number = static_cast<T>(noise());
    return numbers;
}

/// Asks for the bytes of a tile, so that nothing about it is put off any more.
template <typename... T>
void write_all(bool at_once, T&... tiles) {
    if (at_once) (static_cast<void>(tiles.data()), ...);
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

constexpr int kPlaces = 6;  ///< in global memory, half a matrix apart

Matrix place(std::vector<float>& memory, int index) { return Matrix(memory.data() + index * (kRows * kCols / 2)); }

/// A random program of a vector core on tiles that overlap, and places in global memory that overlap.
void run_vector_program(uint32_t seed, bool at_once, std::vector<float>& memory) {
    Dice dice(seed);
    constexpr uint64_t kBytes = Floats::kBytes;
    Floats tiles[4];
    const uint64_t addresses[] = {0, kBytes, 2 * kBytes, kBytes / 2};
    for (int t = 0; t < 4; ++t) TASSIGN(tiles[t], addresses[t]);
    Upper upper;
    TASSIGN(upper, kBytes + kBytes / 2);
    Halves halves;
    TASSIGN(halves, dice(2) ? 3 * kBytes : 2 * kBytes);
    Values values;
    TASSIGN(values, dice(4) ? 4 * kBytes : kBytes / 4);
    Floats scratch;
    TASSIGN(scratch, 5 * kBytes);
    for (Floats& tile : tiles) TLOAD(tile, place(memory, 0));
    for (int step = 0; step < kLength; ++step) {
        Floats& a = tiles[dice(4)];
        Floats& b = tiles[dice(4)];
        const bool apart = &a == &b || (a.address() != kBytes / 2 && b.address() != kBytes / 2);
        switch (dice(12)) {
            case 0:
            case 1:
            case 2:
                TLOAD(a, place(memory, dice(kPlaces)));
                break;
            case 3:
                TSTORE(place(memory, dice(kPlaces)), a);
                break;
            case 4:
                TROWMAX(values, a, scratch);
                break;
            case 5:
                TROWEXPANDSUB(a, a, values);
                break;
            case 6:
                TMULS(a, a, dice(2) ? 0.5f : -0.25f);
                break;
            case 7:
                TEXP(a, a);
                break;
            case 8:
                if (apart) TADD(a, a, b);
                break;
            case 9:
                TCVT(halves, a, RoundMode::CAST_RINT);
                TCVT(b, halves, RoundMode::CAST_NONE);
                break;
            case 10:
                if (apart) TMULS(a, b, 0.5f);
                break;
            default:
                TMULS(upper, upper, 0.75f);
        }
        write_all(at_once, tiles[0], tiles[1], tiles[2], tiles[3], upper, halves, values);
    }
    for (int t = 0; t < 3; ++t) TSTORE(place(memory, 2 * t), tiles[t]);
}

TEST(vector_programs_compute_the_same_bits) {
    const std::vector<float> start = noise_of<float>((kPlaces + 1) * kRows * kCols / 2);
    int different = 0;
    for (uint32_t seed = 0; seed < kPrograms; ++seed) {
        std::vector<float> lazy = start, eager = start;
        CHECK(run_vec([&] { run_vector_program(seed, false, lazy); }).empty());
        CHECK(run_vec([&] { run_vector_program(seed, true, eager); }).empty());
        different += !same_bits(lazy, eager);
    }
    CHECK(different == 0);
}

using Left = LeftTile<half, kEdge, kEdge>;
using Right = RightTile<half, kEdge, kEdge>;
using Acc = AccTile<float, kEdge, kEdge>;
using Mat = MatTile<half, kEdge, kEdge>;
using Square = Rows2D<half, kEdge, kEdge>;
using Result = Rows2D<float, kEdge, kEdge>;

constexpr int kSquares = 4;

/// A random program of the cube core. Results go where factors come from, too: as f16, or as bytes of f32.
void run_cube_program(uint32_t seed, bool at_once, std::vector<half>& factors, std::vector<float>& results) {
    Dice dice(seed);
    Mat mats[3];
    Left left[2];
    Right right[2];
    Acc acc[2];
    for (int t = 0; t < 3; ++t) TASSIGN(mats[t], uint64_t(t) * Mat::kBytes / (dice(3) ? 1 : 2));
    for (int t = 0; t < 2; ++t) {
        TASSIGN(left[t], uint64_t(t) * Left::kBytes);
        TASSIGN(right[t], uint64_t(t) * Right::kBytes);
        TASSIGN(acc[t], uint64_t(t) * Acc::kBytes);
    }
    const auto square = [&](int i) { return Square(factors.data() + i * kEdge * kEdge / 2); };
    const auto result = [&](int i) { return Result(results.data() + i * kEdge * kEdge / 2); };
    for (Mat& mat : mats) TLOAD(mat, square(dice(kSquares)));
    for (int t = 0; t < 2; ++t) {
        TMOV(left[t], mats[t]);
        TMOV(right[t], mats[t]);
        TMATMUL(acc[t], left[t], right[t]);
    }
    for (int step = 0; step < kLength; ++step) {
        Left& a = left[dice(2)];
        Right& b = right[dice(2)];
        Acc& c = acc[dice(2)];
        switch (dice(11)) {
            case 0:
            case 1:
                TLOAD(mats[dice(3)], square(dice(kSquares)));
                break;
            case 2:
                TMOV(a, mats[dice(3)]);
                break;
            case 3:
            case 4:
                TMOV(b, mats[dice(3)]);
                break;
            case 5:
                TMATMUL(c, a, b);
                break;
            case 6:
                TMATMUL_ACC(c, c, a, b);
                break;
            case 7:
                TSTORE(result(dice(kSquares)), c);
                break;
            case 8:
                TMOV(mats[dice(3)], c);
                break;
            case 9:
                TMOV<Mat, Acc, ReluPreMode::NormalRelu>(mats[dice(3)], c);
                break;
            default:
                if (dice(4) == 0) TSTORE(square(dice(kSquares)), c);
        }
        write_all(at_once, mats[0], mats[1], mats[2], acc[0], acc[1]);
    }
    for (int t = 0; t < 2; ++t) TSTORE(result(2 * t), acc[t]);
}

TEST(cube_programs_compute_the_same_bits) {
    const std::vector<half> factors = noise_of<half>((kSquares + 1) * kEdge * kEdge / 2);
    const std::vector<float> results((kSquares + 1) * kEdge * kEdge / 2);
    int different = 0;
    for (uint32_t seed = 0; seed < kPrograms; ++seed) {
        // Two blocks, of which the first works: right factors are shared.
        const auto run_program = [&](bool at_once) {
            auto memory = std::pair(factors, results);
            const auto cube = [&] {
                if (get_block_idx() == 0) run_cube_program(seed, at_once, memory.first, memory.second);
            };
            CHECK(run(cube, [] {}, 2).empty());
            return memory;
        };
        const auto lazy = run_program(false), eager = run_program(true);
        different += !same_bits(lazy.first, eager.first) || !same_bits(lazy.second, eager.second);
    }
    CHECK(different == 0);
}

TEST(a_tile_keeps_what_was_loaded_when_its_source_is_overwritten) {
    std::vector<float> memory(kRows * kCols, 1);
    const auto body = [&] {
        Floats first, second;
        TASSIGN(first, 0);
        TASSIGN(second, Floats::kBytes);
        TLOAD(first, place(memory, 0));
        fill(second, [](int, int) { return 2; });
        TSTORE(place(memory, 0), second);
        CHECK(distance(first, [](int, int) { return 1; }) == 0);
        TLOAD(second, place(memory, 0));
        TEXP(second, second);
        host::GmPointer<float>(memory.data())[0] = 0;
        CHECK(std::fabs(at(second, 0, 0) - std::exp(2.0f)) < 1e-5f);
    };
    CHECK(run_vec(body).empty());
}

TEST(a_tile_in_the_librarys_scratch_is_destroyed_though_nobody_has_written_it) {
    std::vector<float> memory(kRows * kCols, 1);
    const auto body = [&] {
        Floats tile;
        Upper lost;
        Values values;
        TASSIGN(tile, 0);
        TASSIGN(values, Floats::kBytes);
        TASSIGN(lost, host::kLibraryScratchStart);
        TLOAD(lost, Rows2D<float, kRows / 2, kCols>(memory.data()));
        fill(tile, [](int, int) { return 5; });
        fill(values, [](int, int) { return 2; });
        TROWEXPANDSUB(tile, tile, values);
        CHECK(distance(tile, [](int, int) { return 3; }) == 0);
        CHECK(at(lost, 0, 0) == 2);
    };
    CHECK(run_vec(body).empty());
}

TEST(values_of_rows_may_lie_in_what_is_overwritten) {
    const auto body = [] {
        Floats tile;
        Values values;  // the first half of row 8
        TASSIGN(tile, 0);
        TASSIGN(values, Floats::kBytes / 4);
        fill(tile, [](int r, int c) { return r * kCols + c; });
        TROWEXPANDSUB(tile, tile, values);
        CHECK(distance(tile, [](int r, int c) { return r * kCols + c - (8 * kCols + r); }) == 0);
    };
    for (const bool fills : {false, true}) {
        host::LaunchRequest request;
        request.cpu = cpu();
        request.fill = fills;
        request.program.cube = [] {};
        request.program.vec = body;
        CHECK(host::run_launch(request).empty());
    }
}

TEST(what_another_core_stores_does_not_change_a_loaded_tile) {
    std::vector<float> memory(kRows * kCols, 1);
    const auto set = [](int flag) { ffts_cross_core_sync(PIPE_MTE3, getFFTSMsg(FFTS_MODE_VAL, flag)); };
    const auto cube = [&] {
        wait_flag_dev(3);
        AccTile<float, kRows, kCols> acc;
        TASSIGN(acc, 0);
        fill(acc, [](int, int) { return 2; });
        TSTORE(place(memory, 0), acc);
        set(4);
    };
    const auto vec = [&] {
        Floats tile;
        TASSIGN(tile, 0);
        TLOAD(tile, place(memory, 0));
        set(3);
        wait_flag_dev(4);
        CHECK(distance(tile, [](int, int) { return 1; }) == 0);
    };
    CHECK(run(cube, vec).empty());
}

/// Tiles of a product, with both factors loaded from `memory`.
struct OneProduct {
    Mat mat;
    Left left;
    Right right;
    Acc acc;

    explicit OneProduct(std::vector<half>& memory) {
        TASSIGN(mat, 0);
        TASSIGN(left, 0);
        TASSIGN(right, 0);
        TASSIGN(acc, 0);
        TLOAD(mat, Square(memory.data()));
        TMOV(left, mat);
        TMOV(right, mat);
    }
};

/// A product of a block with factors that lie in `memory`; returns its upper left element.
float product_of(std::vector<half>& memory) {
    OneProduct product(memory);
    TMATMUL(product.acc, product.left, product.right);
    return at(product.acc, 0, 0);
}

TEST(a_packed_factor_is_packed_again_after_a_store_and_in_the_next_launch) {
    std::vector<half> memory(kEdge * kEdge, half(1.0f));
    const auto cube = [&] {
        if (get_block_idx() != 0) return;
        CHECK(product_of(memory) == kEdge);
        CHECK(product_of(memory) == kEdge);
        for (int i = 0; i < kEdge; ++i) host::GmPointer<half>(memory.data())[i * kEdge] = half(2.0f);
        CHECK(product_of(memory) == 2 * (kEdge + 1));
    };
    CHECK(run(cube, [] {}, 2).empty());
    memory.assign(memory.size(), half(3.0f));
    const auto again = [&] { CHECK(product_of(memory) == 9 * kEdge); };
    CHECK(run(again, [] {}, 4).empty());
}

constexpr int kSlots = 8, kSent = 40;
constexpr auto kUpDown = TileSplitAxis::TILE_UP_DOWN;
using Pipe = TPipe<0, Direction::DIR_C2V, kEdge * kEdge * 4, kSlots, kSlots, false>;
using Entry = Rows2D<float, kEdge / 2, kEdge>;

/// Sends products of `factors`; returns the slots that it got.
std::set<uint64_t> send_products(std::vector<float>& slots, std::vector<half>& factors) {
    OneProduct product(factors);
    std::set<uint64_t> used;
    auto pipe = Pipe(slots.data(), 0, 0);
    for (int n = 0; n < kSent; ++n) {
        Result entry(nullptr);
        TALLOC<Pipe, Result, kUpDown>(pipe, entry);
        used.insert(entry.view().address);
        TMATMUL(product.acc, product.left, product.right);
        TSTORE(entry, product.acc);
        TPUSH<Pipe, Result, kUpDown>(pipe, entry);
    }
    return used;
}

void receive_products(std::vector<float>& slots) {
    VecTile<float, kEdge / 2, kEdge> tile;
    VecTile<half, kEdge / 2, kEdge> rounded;
    TASSIGN(tile, 0);
    TASSIGN(rounded, 16384);
    auto pipe = Pipe(slots.data(), 0, 0);
    for (int n = 0; n < kSent; ++n) {
        Entry entry(nullptr);
        TPOP<Pipe, Entry, kUpDown>(pipe, entry);
        TLOAD(tile, entry);
        TFREE<Pipe, Entry, kUpDown>(pipe, entry);
        TMULS(tile, tile, 2.0f);
        TCVT(rounded, tile, RoundMode::CAST_RINT);
        CHECK(distance(rounded, [](int, int) { return 2 * kEdge; }) == 0);
    }
}

TEST(who_has_computed_with_a_slot_leaves_it_to_the_next_product) {
    std::vector<float> slots(kSlots * kEdge * kEdge);
    std::vector<half> factors(kEdge * kEdge, half(1.0f));
    std::set<uint64_t> used;
    host::LaunchRequest request;
    request.cpu = cpu();
    request.fill = false;
    request.program.cube = [&] { used = send_products(slots, factors); };
    request.program.vec = [&] { receive_products(slots); };
    CHECK(host::run_launch(request).empty());
    CHECK(used.size() == 1);
}

}  // namespace

HARNESS_MAIN
