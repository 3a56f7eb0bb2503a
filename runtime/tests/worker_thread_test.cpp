// Threads of a launch: on which CPU they begin, and which they may use.
#include "runtime/machine/worker_thread.hpp"

#include <algorithm>
#include <vector>

#include "harness.hpp"

using namespace pto::host;

namespace {

/// The calling thread has one CPU while this lives.
class Pinned {
  public:
    Pinned() {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    }
    ~Pinned() { before.allow(); }

    const UsableCpus before;
    const int cpu = sched_getcpu();
};

TEST(cpus_of_a_pinned_thread_are_one_and_no_others) {
    const Pinned pinned;
    const UsableCpus cpus;
    const cpu_set_t others = cpus.others();
    CHECK(cpus.count() == 1 && CPU_COUNT(&others) == 0);
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
            with_all += UsableCpus().count() == cpus.count();
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
