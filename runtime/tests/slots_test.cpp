// FIFOs: which slots a producer gets, and who gets its turn when.
#include <set>

#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

constexpr auto kUpDown = TileSplitAxis::TILE_UP_DOWN;
constexpr int kRows = 32, kCols = 16, kSlots = 8;
using Pipe = TPipe<0, Direction::DIR_C2V, kRows * kCols * 4, kSlots, kSlots, false>;
using Whole = Rows2D<float, kRows, kCols>;
using Upper = Rows2D<float, kRows / 2, kCols>;

using Memory = std::vector<float>;

Memory slots() { return Memory(kSlots * kRows * kCols); }

/// The cube sends slots filled with their numbers; `sending` is called with the number and the address of each.
template <typename Sending>
void send(Memory& memory, int count, Sending sending) {
    auto pipe = Pipe(memory.data(), 0, 0);
    AccTile<float, kRows, kCols> acc;
    TASSIGN(acc, 0);
    for (int n = 0; n < count; ++n) {
        Whole entry(nullptr);
        TALLOC<Pipe, Whole, kUpDown>(pipe, entry);
        sending(n, entry.view().address);
        fill(acc, [n](int, int) { return n; });
        TSTORE(entry, acc);
        TPUSH<Pipe, Whole, kUpDown>(pipe, entry);
    }
}

template <typename Received>
void receive(Memory& memory, int count, Received received) {
    auto pipe = Pipe(memory.data(), 0, 0);
    VecTile<float, kRows / 2, kCols> tile;
    TASSIGN(tile, 0);
    for (int n = 0; n < count; ++n) {
        Upper entry(nullptr);
        TPOP<Pipe, Upper, kUpDown>(pipe, entry);
        TLOAD(tile, entry);
        CHECK(distance(tile, [n](int, int) { return n; }) == 0);
        received(n);
        TFREE<Pipe, Upper, kUpDown>(pipe, entry);
    }
}

/// The slots that the cube gets when it sends `count` times.
std::vector<uint64_t> slots_used(bool fill, int count) {
    Memory memory = slots();
    std::vector<uint64_t> used;
    host::LaunchRequest request;
    request.cpu = cpu();
    request.fill = fill;
    request.program.cube = [&] { send(memory, count, [&](int, uint64_t address) { used.push_back(address); }); };
    request.program.vec = [&] { receive(memory, count, [](int) {}); };
    CHECK(host::run_launch(request).empty());
    return used;
}

TEST(slots_go_round) {
    const std::vector<uint64_t> used = slots_used(true, 100);
    CHECK(std::set<uint64_t>(used.begin(), used.begin() + kSlots).size() == kSlots);
    for (size_t n = kSlots; n < used.size(); ++n) CHECK(used[n] == used[n - kSlots]);
}

TEST(a_launch_that_saves_time_uses_few_slots_again_and_again) {
    const std::vector<uint64_t> used = slots_used(false, 100);
    CHECK(std::set<uint64_t>(used.end() - 20, used.end()).size() <= 2);
}

TEST(who_waits_for_a_slot_gets_its_turn_when_it_is_pushed) {
    Memory memory = slots();
    int received = 0;
    const auto cube = [&] {
        send(memory, 40, [&](int n, uint64_t) {
            if (n > 2 * kSlots) CHECK(received == n);  // at first nobody waits, and the cube fills all slots
        });
    };
    const auto vec = [&] { receive(memory, 40, [&](int) { received += get_subblockid() == 0; }); };
    CHECK(run(cube, vec).empty());
}

}  // namespace

HARNESS_MAIN
