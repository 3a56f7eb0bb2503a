// A lock that is held briefly: one thread at a time has it, and nobody sleeps for it.
#include "runtime/machine/brief_lock.hpp"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "harness.hpp"

using namespace pto::host;

namespace {

/// How often the calling thread has gone to sleep.
long sleeps() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

TEST(one_thread_has_it) {
    constexpr int kThreads = 4, kRounds = 20000;
    BriefLock lock;
    std::atomic<int> ready{0}, having{0}, clashes{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            ++ready;
            while (ready < kThreads) std::this_thread::yield();
            for (int r = 0; r < kRounds; ++r) {
                const std::lock_guard held(lock);
                if (++having != 1) ++clashes;
                --having;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(clashes == 0);
}

TEST(who_waits_for_it_does_not_sleep) {
    BriefLock lock;
    std::atomic<bool> held{false}, waits{false};
    std::thread holder([&] {
        const std::lock_guard guard(lock);
        held = true;
        while (!waits) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        held = false;
    });
    while (!held) std::this_thread::yield();
    const long before = sleeps();
    waits = true;
    lock.lock();
    CHECK(!held);
    CHECK(sleeps() == before);
    lock.unlock();
    holder.join();
}

}  // namespace

HARNESS_MAIN
