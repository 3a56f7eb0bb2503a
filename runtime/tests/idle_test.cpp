// What launches leave for the next one: a place for each worker, and no thing had by two.
#include "runtime/machine/idle.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "harness.hpp"

using namespace pto::host;

namespace {

TEST(what_is_left_at_a_place_is_found_there) {
    Idle<int> idle(3);
    CHECK(!idle.take(0));
    for (int i = 0; i < 3; ++i) idle.give(std::make_unique<int>(i), i);
    CHECK(*idle.take(1) == 1);
    CHECK(*idle.take(2) == 2);
    CHECK(*idle.take(0) == 0);
    CHECK(!idle.take(0));
}

TEST(who_finds_nothing_at_its_place_takes_from_another) {
    Idle<int> idle(2);
    idle.give(std::make_unique<int>(7), 5);
    CHECK(*idle.take(0) == 7);
}

TEST(a_thing_is_removed_once_wherever_it_is) {
    Idle<int> idle(3);
    for (int i = 0; i < 2; ++i) idle.give(std::make_unique<int>(i), i);
    const std::unique_ptr<int> taken = idle.take(0);
    CHECK(*taken == 0 && !idle.remove(taken.get()));
    std::unique_ptr<int> other = idle.take(0);
    int* const left = other.get();
    idle.give(std::move(other), 2);
    CHECK(idle.remove(left) && !idle.remove(left));
    other.reset(left);
    CHECK(!idle.take(0));
}

TEST(what_finds_no_place_is_destroyed) {
    struct Counted {
        explicit Counted(int& count) : count(count) { ++count; }
        ~Counted() { --count; }
        int& count;
    };
    int count = 0;
    Idle<Counted> idle(2);
    for (size_t place : {1, 1, 1}) idle.give(std::make_unique<Counted>(count), place);
    CHECK(count == 2);
    while (idle.take(0)) continue;
    CHECK(count == 0);
}

TEST(no_thing_is_had_by_two_threads) {
    constexpr int kThreads = 4, kRounds = 20000;
    Idle<std::atomic<int>> idle(kThreads);
    for (int i = 0; i < kThreads - 1; ++i) idle.give(std::make_unique<std::atomic<int>>(0), i);
    std::atomic<int> clashes{0}, taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int r = 0; r < kRounds; ++r) {
                auto thing = idle.take(t);
                if (!thing) continue;
                ++taken;
                if (++*thing != 1) ++clashes;
                --*thing;
                idle.give(std::move(thing), t + r);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(clashes == 0 && taken > 0);
    int left = 0;
    while (idle.take(0)) ++left;
    CHECK(0 < left && left < kThreads);  // one that saw each place taken, at its time, has destroyed what it had
}

}  // namespace

HARNESS_MAIN
