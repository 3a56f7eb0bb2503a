// FIFOs: what arrives, who waits for whom, what is refused, how a deadlock is reported.
#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

constexpr auto kNone = TileSplitAxis::TILE_NO_SPLIT;
constexpr auto kUpDown = TileSplitAxis::TILE_UP_DOWN;
constexpr auto kLeftRight = TileSplitAxis::TILE_LEFT_RIGHT;

constexpr int kRows = 32;
constexpr int kCols = 16;
constexpr int kSlotBytes = kRows * kCols * 4;
using ToVec = TPipe<0, Direction::DIR_C2V, kSlotBytes, 8, 8, false>;
using ToCube = TPipe<2, Direction::DIR_V2C, kSlotBytes, 8, 8, false>;
using Whole = Rows2D<float, kRows, kCols>;
using Upper = Rows2D<float, kRows / 2, kCols>;
using LeftHalf = GlobalTensor<float, Shape<1, 1, 1, kRows, kCols / 2>, Stride<512, 512, 512, kCols, 1>>;

struct Slots {
    std::vector<float> memory = std::vector<float>(8 * kRows * kCols, NAN);
    float* data() { return memory.data(); }
};

/// The cube sends slots filled with n * 1000 + row * 16 + column.
void send(float* slots, int count) {
    auto pipe = ToVec(slots, 0, 0);
    AccTile<float, kRows, kCols> acc;
    TASSIGN(acc, 0);
    for (int n = 0; n < count; ++n) {
        Whole entry(nullptr);
        TALLOC<ToVec, Whole, kUpDown>(pipe, entry);
        fill(acc, [n](int r, int c) { return n * 1000 + r * kCols + c; });
        TSTORE(entry, acc);
        TPUSH<ToVec, Whole, kUpDown>(pipe, entry);
    }
}

template <typename Entry, int Rows, int Cols, TileSplitAxis split>
void receive(float* slots, int count, int row_step, int col_step) {
    auto pipe = ToVec(slots, 0, 0);
    VecTile<float, Rows, Cols> tile;
    TASSIGN(tile, 0);
    const int sub = static_cast<int>(get_subblockid());
    for (int n = 0; n < count; ++n) {
        Entry entry(nullptr);
        TPOP<ToVec, Entry, split>(pipe, entry);
        TLOAD(tile, GlobalTensor<float, Shape<1, 1, 1, Rows, Cols>, Stride<512, 512, 512, kCols, 1>>(entry.data()));
        CHECK(distance(tile, [&](int r, int c) {
                  return n * 1000 + (r + sub * row_step) * kCols + c + sub * col_step;
              }) == 0);
        TFREE<ToVec, Entry, split>(pipe, entry);
    }
}

/// The report of a cube body on the FIFO to the vector cores.
template <typename Body>
std::string misuse(Body body) {
    Slots slots;
    return run_cube([&] {
        auto pipe = ToVec(slots.data(), 0, 0);
        body(pipe);
    });
}

TEST(each_vector_core_gets_its_half_of_every_slot) {
    Slots slots;
    const auto cube = [&] { send(slots.data(), 21); };
    CHECK(run(cube, [&] { receive<Upper, 16, 16, kUpDown>(slots.data(), 21, 16, 0); }).empty());
    CHECK(run(cube, [&] { receive<LeftHalf, 32, 8, kLeftRight>(slots.data(), 21, 0, 8); }).empty());
    CHECK(run(cube, [&] { receive<Whole, 32, 16, kNone>(slots.data(), 21, 0, 0); }).empty());
}

TEST(the_cube_gets_what_both_vector_cores_pushed) {
    Slots slots;
    const auto vec = [&] {
        auto pipe = ToCube(slots.data(), 0, 0);
        VecTile<float, 16, 16> tile;
        TASSIGN(tile, 0);
        for (int n = 0; n < 21; ++n) {
            Upper entry(nullptr);
            TALLOC<ToCube, Upper, kUpDown>(pipe, entry);
            fill(tile, [n](int, int) { return n * 10 + get_subblockid(); });
            TSTORE(entry, tile);
            TPUSH<ToCube, Upper, kUpDown>(pipe, entry);
        }
    };
    const auto cube = [&] {
        auto pipe = ToCube(slots.data(), 0, 0);
        MatTile<float, 32, 16> tile;
        TASSIGN(tile, 0);
        for (int n = 0; n < 21; ++n) {
            Whole entry(nullptr);
            TPOP<ToCube, Whole, kUpDown>(pipe, entry);
            CHECK(entry.data() == slots.data() + (n % 8) * kRows * kCols);
            TLOAD(tile, entry);
            CHECK(distance(tile, [n](int r, int) { return n * 10 + r / 16; }) == 0);
            TFREE<ToCube, Whole, kUpDown>(pipe, entry);
        }
    };
    CHECK(run(cube, vec).empty());
}

/// What a FIFO of `Slots` slots does when vec0 has freed `freed` of them, and vec1 all: slots that the cube gets in
/// all.
template <int Slots>
int allocated_after(int freed) {
    std::vector<float> memory(Slots * kRows * kCols);
    using Pipe = TPipe<0, Direction::DIR_C2V, kSlotBytes, Slots, Slots, false>;
    int allocated = 0;
    const auto cube = [&] {
        auto pipe = Pipe(memory.data(), 0, 0);
        for (;;) {
            Whole entry(nullptr);
            TALLOC<Pipe, Whole, kUpDown>(pipe, entry);
            ++allocated;
            TPUSH<Pipe, Whole, kUpDown>(pipe, entry);
        }
    };
    const auto vec = [&] {
        auto pipe = Pipe(memory.data(), 0, 0);
        for (int n = 0; n < (get_subblockid() == 0 ? freed : 100); ++n) {
            Upper entry(nullptr);
            TPOP<Pipe, Upper, kUpDown>(pipe, entry);
            TFREE<Pipe, Upper, kUpDown>(pipe, entry);
        }
    };
    CHECK_CONTAINS(run(cube, vec), "deadlock, no core can continue: cube waits");
    return allocated;
}

template <int Slots>
std::vector<int> allocated_after_each(int most) {
    std::vector<int> counts;
    for (int freed = 0; freed <= most; ++freed) counts.push_back(allocated_after<Slots>(freed));
    return counts;
}

TEST(slots_are_given_back_in_batches_of_half_the_ring_by_both_vector_cores) {
    CHECK(allocated_after_each<1>(3) == (std::vector<int>{1, 2, 3, 4}));
    CHECK(allocated_after_each<2>(4) == (std::vector<int>{2, 2, 4, 4, 6}));
    CHECK(allocated_after_each<3>(3) == (std::vector<int>{3, 4, 5, 6}));
    CHECK(allocated_after_each<4>(5) == (std::vector<int>{4, 4, 6, 6, 8, 8}));
    CHECK(allocated_after_each<6>(6) == (std::vector<int>{6, 6, 6, 9, 9, 9, 12}));
    CHECK(allocated_after_each<8>(8) == (std::vector<int>{8, 8, 8, 8, 12, 12, 12, 12, 16}));
}

/// The report of vector cores that take one slot by `body`, which gets the FIFO and an unbound entry.
template <typename Entry, typename Body>
std::string taking(int sent, Body body) {
    Slots slots;
    return run([&] { send(slots.data(), sent); },
               [&] {
                   auto pipe = ToVec(slots.data(), 0, 0);
                   Entry entry(nullptr);
                   body(pipe, entry);
               });
}

TEST(an_entry_of_a_vector_core_that_is_more_than_half_of_a_slot_is_refused) {
    const auto up_down = [](ToVec& pipe, Whole& entry) { TPOP<ToVec, Whole, kUpDown>(pipe, entry); };
    CHECK_CONTAINS(taking<Whole>(1, up_down),
                   "vec0: TPOP on FIFO 0 (c2v, flag base 0): the entry has 2048 bytes, and that of vec1 begins at byte "
                   "2048: it ends beyond its slot of 2048. On a vector core an entry is half of a slot that is split");
    const auto left_right = [](ToVec& pipe, Whole& entry) { TPOP<ToVec, Whole, kLeftRight>(pipe, entry); };
    CHECK_CONTAINS(taking<Whole>(1, left_right), "and that of vec1 begins at byte 64: it ends beyond its slot of 2048");
    using Most = Rows2D<float, kRows / 2 + 1, kCols>;
    const auto little_more = [](ToVec& pipe, Most& entry) { TPOP<ToVec, Most, kUpDown>(pipe, entry); };
    CHECK_CONTAINS(taking<Most>(1, little_more), "and that of vec1 begins at byte 1088: it ends beyond its slot");
}

TEST(an_entry_that_is_larger_than_its_slot_is_refused) {
    using Large = Rows2D<float, kRows + 1, kCols>;
    const auto unsplit = [](ToVec& pipe, Large& entry) { TPOP<ToVec, Large, kNone>(pipe, entry); };
    CHECK_CONTAINS(taking<Large>(1, unsplit), "the entry has 2112 bytes: it ends beyond its slot of 2048");
}

TEST(a_quarter_of_a_slot_lies_behind_the_one_of_the_first_vector_core) {
    using Quarter = Rows2D<float, kRows / 4, kCols>;
    Slots slots;
    CHECK(
        run([&] { send(slots.data(), 3); }, [&] { receive<Quarter, 8, 16, kUpDown>(slots.data(), 3, 8, 0); }).empty());
}

TEST(a_second_pop_before_the_free_of_the_first_is_refused) {
    const std::string report = taking<Upper>(2, [](ToVec& pipe, Upper& entry) {
        Upper second(nullptr);
        TPOP<ToVec, Upper, kUpDown>(pipe, entry);
        TPOP<ToVec, Upper, kUpDown>(pipe, second);
    });
    CHECK_CONTAINS(
        report,
        "TPOP on FIFO 0 (c2v, flag base 0): number 0 is popped and not freed yet: TFREE frees what was popped "
        "last, so call it before the next TPOP");
}

TEST(a_free_without_its_entry_is_refused) {
    const std::string report = taking<Upper>(1, [](ToVec& pipe, Upper& entry) {
        TPOP<ToVec, Upper, kUpDown>(pipe, entry);
        TFREE<ToVec, kUpDown>(pipe);
    });
    CHECK_CONTAINS(report,
                   "TFREE on FIFO 0 (c2v, flag base 0): without the entry it frees nothing on the device, and the "
                   "producer would wait for ever: name the entry");
}

TEST(what_is_left_in_a_fifo_at_the_end_is_reported) {
    const auto free_all = [](ToVec& pipe, Upper& entry) {
        TPOP<ToVec, Upper, kUpDown>(pipe, entry);
        TFREE<ToVec, Upper, kUpDown>(pipe, entry);
    };
    CHECK(taking<Upper>(1, free_all).empty());
    CHECK_CONTAINS(taking<Upper>(2, free_all),
                   "block 0: FIFO 0 (c2v, flag base 0) is not empty at the end: cube allocated 2 and pushed 2, vec0 "
                   "popped 1 and freed 1, vec1 popped 1 and freed 1. Every slot must be allocated, pushed, popped and "
                   "freed once.");
    const auto keep = [](ToVec& pipe, Upper& entry) { TPOP<ToVec, Upper, kUpDown>(pipe, entry); };
    CHECK_CONTAINS(taking<Upper>(1, keep), "vec0 popped 1 and freed 0, vec1 popped 1 and freed 0");
    CHECK_CONTAINS(misuse([](ToVec& pipe) {
                       Whole entry(nullptr);
                       TALLOC<ToVec, Whole, kUpDown>(pipe, entry);
                   }),
                   "cube allocated 1 and pushed 0, vec0 popped 0 and freed 0, vec1 popped 0 and freed 0");
}

TEST(a_consumer_that_pops_once_too_often_is_reported) {
    Slots slots;
    const std::string report =
        run([&] { send(slots.data(), 11); }, [&] { receive<Upper, 16, 16, kUpDown>(slots.data(), 12, 16, 0); }, 3);
    CHECK_CONTAINS(report, "deadlock, no core can continue");
    CHECK_CONTAINS(report, "kernel.cpp:");
    CHECK_CONTAINS(report, "vec0 waits at ");
    CHECK_CONTAINS(report,
                   "in TPOP number 11 of FIFO 0 (c2v, flag base 0, slot 3 of 8) while cube has pushed 11 and finished");
    CHECK_CONTAINS(report, "cube has finished");
}

TEST(a_producer_without_consumer_is_reported) {
    Slots slots;
    const std::string report = run([&] { send(slots.data(), 9); }, [] {});
    CHECK_CONTAINS(report, "cube waits at ");
    CHECK_CONTAINS(report,
                   "in TALLOC number 8 of FIFO 0 (c2v, flag base 0, slot 0 of 8) while vec0 has freed 0 and finished");
}

TEST(cores_that_wait_for_each_other_are_reported) {
    Slots slots, back;
    const auto cube = [&] {
        auto pipe = ToCube(back.data(), 0, 0);
        Whole entry(nullptr);
        TPOP<ToCube, Whole, kUpDown>(pipe, entry);
    };
    const auto vec = [&] {
        auto pipe = ToVec(slots.data(), 0, 0);
        Upper entry(nullptr);
        TPOP<ToVec, Upper, kUpDown>(pipe, entry);
    };
    const std::string report = run(cube, vec);
    CHECK_CONTAINS(report, "cube waits at ");
    CHECK_CONTAINS(report, "of FIFO 1 (v2c, flag base 2, slot 0 of 8) while vec0 has pushed 0 and vec1 has pushed 0");
    CHECK_CONTAINS(report, "vec1 waits at ");
}

TEST(only_one_vector_core_that_pushes_is_not_enough) {
    Slots slots;
    const auto cube = [&] {
        auto pipe = ToCube(slots.data(), 0, 0);
        Whole entry(nullptr);
        TPOP<ToCube, Whole, kUpDown>(pipe, entry);
    };
    const auto vec = [&] {
        auto pipe = ToCube(slots.data(), 0, 0);
        Upper entry(nullptr);
        if (get_subblockid() == 1) return;
        TALLOC<ToCube, Upper, kUpDown>(pipe, entry);
        TPUSH<ToCube, Upper, kUpDown>(pipe, entry);
    };
    CHECK_CONTAINS(run(cube, vec), "while vec0 has pushed 1 and finished and vec1 has pushed 0 and finished");
}

TEST(a_push_needs_an_alloc) {
    const std::string report = misuse([](ToVec& pipe) {
        Whole entry(nullptr);
        TPUSH<ToVec, Whole, kUpDown>(pipe, entry);
    });
    CHECK_CONTAINS(report, "block 0, cube: TPUSH on FIFO 0 (c2v, flag base 0): number 0 has no TALLOC before it");
}

TEST(slots_are_pushed_in_the_order_of_their_allocation) {
    const std::string report = misuse([](ToVec& pipe) {
        Whole first(nullptr), second(nullptr);
        TALLOC<ToVec, Whole, kUpDown>(pipe, first);
        TALLOC<ToVec, Whole, kUpDown>(pipe, second);
        TPUSH<ToVec, Whole, kUpDown>(pipe, second);
    });
    CHECK_CONTAINS(report, "the entry is bound to slot 1, but the oldest slot this core holds is 0");
}

TEST(the_wrong_side_of_a_fifo_is_refused) {
    const std::string report = misuse([](ToVec& pipe) {
        Whole entry(nullptr);
        TPOP<ToVec, Whole, kUpDown>(pipe, entry);
    });
    CHECK_CONTAINS(report, "TPOP on FIFO 0 (c2v, flag base 0): only the consuming side pops and frees");
}

TEST(a_slot_is_freed_once) {
    Slots slots;
    const std::string report = run([&] { send(slots.data(), 2); },
                                   [&] {
                                       auto pipe = ToVec(slots.data(), 0, 0);
                                       Upper entry(nullptr);
                                       TPOP<ToVec, Upper, kUpDown>(pipe, entry);
                                       TFREE<ToVec, Upper, kUpDown>(pipe, entry);
                                       TFREE<ToVec, Upper, kUpDown>(pipe, entry);
                                   });
    CHECK_CONTAINS(report, "TFREE on FIFO 0 (c2v, flag base 0): number 1 has no TPOP before it");
}

TEST(both_sides_must_declare_the_same_fifo) {
    Slots slots;
    using Other = TPipe<0, Direction::DIR_C2V, kSlotBytes / 2, 8, 8, false>;
    const std::string report = run([&] { ToVec(slots.data(), 0, 0); }, [&] { Other(slots.data(), 0, 0); });
    CHECK_CONTAINS(report, "the two sides of the FIFO with flag base 0 disagree: c2v, 8 slots of 1024 bytes");
    CHECK_CONTAINS(report, " on one side, c2v, 8 slots of 2048 bytes");
}

TEST(an_access_must_stay_inside_its_slot) {
    const std::string report = misuse([](ToVec& pipe) {
        AccTile<float, kRows, kCols> acc;
        TASSIGN(acc, 0);
        Whole entry(nullptr);
        TALLOC<ToVec, Whole, kUpDown>(pipe, entry);
        TSTORE(Whole(entry.data() + 1), acc);
    });
    CHECK_CONTAINS(report, "TSTORE of bytes [4, 2052) of a slot of FIFO 0, which has 2048");
}

TEST(slots_beyond_the_buffer_of_the_launch_are_refused) {
    Slots slots;
    const auto begin = reinterpret_cast<uint64_t>(slots.data());
    host::LaunchRequest request;
    request.program = {[&] { send(slots.data(), 8); },
                       [&] { receive<Upper, 16, 16, kUpDown>(slots.data(), 8, 16, 0); }};
    request.gm = {{begin, begin + 7 * kSlotBytes}};
    CHECK_CONTAINS(host::run_launch(request), "which lies in no buffer of the launch");
}

TEST(a_launch_after_a_deadlock_is_not_affected) {
    Slots slots;
    for (int i = 0; i < 20; ++i) {
        const bool dead = i % 2 == 0;
        const std::string report = run([&] { send(slots.data(), 11); },
                                       [&] { receive<Upper, 16, 16, kUpDown>(slots.data(), dead ? 12 : 11, 16, 0); });
        CHECK(report.empty() != dead);
    }
}

}  // namespace

HARNESS_MAIN
