// Threads of a launch: on which CPU they begin, and which they may use.
#include "runtime/machine/worker_thread.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "harness.hpp"

using namespace pto::host;
using harness::Pinned;

namespace {

/// Waits for what another thread does soon.
template <typename F>
bool comes_true(F f) {
    for (int i = 0; i < 1000 && !f(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return f();
}

TEST(a_pinned_thread_may_use_one_cpu) {
    const Pinned pinned;
    CHECK(UsableCpus().count() == 1);
}

TEST(a_thread_begins_on_another_cpu_than_its_maker_and_may_use_all) {
    const UsableCpus cpus;
    if (cpus.count() == 1) return;
    constexpr int kThreads = 25;
    const Pinned pinned;
    int elsewhere = 0, with_all = 0;
    for (int t = 0; t < kThreads; ++t) {
        const WorkerThread worker(cpus, [&] {
            elsewhere += sched_getcpu() != pinned.cpu;
            with_all += comes_true([&] { return UsableCpus().count() == cpus.count(); });
        });
    }
    CHECK(with_all == kThreads);
    CHECK(elsewhere > kThreads / 2);  // where other tests run, the system may move one before it looks
}

TEST(where_there_is_no_other_cpu_a_thread_works_too) {
    const Pinned pinned;
    int done = 0;
    {
        const WorkerThread worker(UsableCpus(), [&] { ++done; });
    }
    CHECK(done == 1);
}

TEST(each_worker_works_once_and_is_waited_for) {
    std::vector<int> done(21);
    start_workers(UsableCpus(), 20, [&](uint32_t worker) { ++done[worker]; }).clear();
    CHECK(done[0] == 0 && std::count(done.begin(), done.end(), 1) == 20);
}

}  // namespace

HARNESS_MAIN
