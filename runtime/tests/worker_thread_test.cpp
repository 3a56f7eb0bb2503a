// Threads of a launch: on which CPU they begin and which they may use, and what becomes of them between launches.
#include "runtime/machine/worker_thread.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "harness.hpp"

using namespace pto::host;
using harness::HeldUp;
using harness::Pinned;
using std::chrono::milliseconds;

namespace {

/// Waits for what another thread does soon.
template <typename F>
bool comes_true(F f) {
    for (int i = 0; i < 3000 && !f(); ++i) std::this_thread::sleep_for(milliseconds(1));
    return f();
}

/// Returns the thread that took part in some work.
pthread_t helper_of_a_launch() {
    pthread_t helper{};
    Helpers(UsableCpus(), 1, [&](uint32_t) { helper = pthread_self(); });
    return helper;
}

std::ptrdiff_t threads_of_the_process() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

TEST(a_pinned_thread_may_use_one_cpu) {
    const Pinned pinned;
    CHECK(UsableCpus().count() == 1);
}

/// Gives work to a new thread, or else to one that has waited for a while.
void check_where_threads_begin(bool a_new_one) {
    const UsableCpus cpus;
    if (cpus.count() == 1) return;
    constexpr int kThreads = 25;
    const Pinned pinned;
    int elsewhere = 0, with_all = 0;
    WorkerThread kept;
    for (int t = 0; t < kThreads; ++t) {
        WorkerThread fresh;
        WorkerThread& worker = a_new_one ? fresh : kept;
        std::this_thread::sleep_for(milliseconds(a_new_one ? 0 : 5));
        worker.begin(cpus, [&] {
            elsewhere += sched_getcpu() != pinned.cpu;
            with_all += comes_true([&] { return UsableCpus().count() == cpus.count(); });
        });
        CHECK(worker.ends_within(std::chrono::minutes(1)));
    }
    CHECK(with_all == kThreads);
    CHECK(elsewhere > kThreads / 2);  // where other tests run, the system may move one before it looks
}

TEST(a_thread_begins_on_another_cpu_than_its_maker_and_may_use_all) { check_where_threads_begin(true); }

TEST(a_thread_that_waited_begins_on_another_cpu_than_who_wakes_it_and_may_use_all) { check_where_threads_begin(false); }

TEST(where_there_is_no_other_cpu_a_thread_works_too) {
    const Pinned pinned;
    int done = 0;
    Helpers(UsableCpus(), 1, [&](uint32_t) { ++done; });
    CHECK(done == 1);
}

TEST(each_helper_works_once_and_is_waited_for) {
    for (int launch = 0; launch < 20; ++launch) {
        std::vector<int> done(21);
        Helpers(UsableCpus(), 20, [&](uint32_t worker) { ++done[worker]; });
        CHECK(done[0] == 0 && std::count(done.begin(), done.end(), 1) == 20);
    }
}

TEST(one_launch_after_the_other_has_the_same_thread) {
    std::set<long> threads;
    for (int launch = 0; launch < 5; ++launch)
        Helpers(UsableCpus(), 1, [&](uint32_t) { threads.insert(syscall(SYS_gettid)); });
    CHECK(threads.size() == 1);
}

TEST(launches_of_several_threads_at_the_same_time_have_threads_of_their_own) {
    constexpr int kLaunches = 4, kRounds = 500;
    std::atomic<int> done{0};
    std::vector<std::thread> launches;
    for (int l = 0; l < kLaunches; ++l) {
        launches.emplace_back([&] {
            for (int r = 0; r < kRounds; ++r) {
                int own = 0;
                Helpers(UsableCpus(), 1, [&](uint32_t) { ++own; });
                done += own;
            }
        });
    }
    for (std::thread& launch : launches) launch.join();
    CHECK(done == kLaunches * kRounds);
}

TEST(an_end_that_takes_long_is_not_waited_for_longer_than_asked) {
    std::atomic<bool> may_end{false};
    Helpers helpers(UsableCpus(), 1, [&](uint32_t) { comes_true([&] { return may_end.load(); }); });
    CHECK(!helpers.end_within(milliseconds(1)));
    CHECK(!helpers.end_within(std::chrono::microseconds(1)));
    may_end = true;
    CHECK(helpers.end_within(std::chrono::minutes(1)));
    CHECK(helpers.end_within(milliseconds(1)));
}

TEST(who_has_not_begun_need_not) {
    auto held = std::make_unique<HeldUp>(helper_of_a_launch());
    int done = 0;
    {
        Helpers helpers(UsableCpus(), 1, [&](uint32_t) { ++done; });
        CHECK(!helpers.end_within(milliseconds(1)));
        helpers.take_back();
        CHECK(helpers.end_within(milliseconds(1)));
        held.reset();
    }
    CHECK(done == 0);
}

TEST(a_thread_whose_work_was_taken_back_does_the_next) {
    const pthread_t helper = helper_of_a_launch();
    for (int launch = 0; launch < 3; ++launch) {
        const HeldUp held(helper);
        Helpers(UsableCpus(), 1, [](uint32_t) {}).take_back();
    }
    for (int launch = 0; launch < 3; ++launch) CHECK(helper_of_a_launch() == helper);
}

TEST(threads_without_work_end) {
    std::ptrdiff_t working = 0;
    Helpers(UsableCpus(), 1, [&](uint32_t) { working = threads_of_the_process(); });
    CHECK(working >= 2);
    CHECK(comes_true([=] { return threads_of_the_process() < working; }));
    int done = 0;
    Helpers(UsableCpus(), 1, [&](uint32_t) { ++done; });
    CHECK(done == 1);
}

TEST(signals_are_for_the_threads_of_the_process_but_not_faults) {
    sigset_t before, after, theirs;
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    {
        WorkerThread worker;
        worker.begin(UsableCpus(), [&] { pthread_sigmask(SIG_BLOCK, nullptr, &theirs); });
        CHECK(worker.ends_within(std::chrono::minutes(1)));
    }
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    for (int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1}) {
        CHECK(sigismember(&theirs, signal) == 1);
        CHECK(sigismember(&after, signal) == sigismember(&before, signal));
    }
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) CHECK(sigismember(&theirs, fault) == 0);
}

TEST(a_forked_process_has_threads_of_its_own) {
    Helpers(UsableCpus(), 2, [](uint32_t) {});
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);
        std::atomic<int> done{0};
        Helpers(UsableCpus(), 2, [&](uint32_t) { ++done; });
        _exit(done);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 2);
}

}  // namespace

HARNESS_MAIN
