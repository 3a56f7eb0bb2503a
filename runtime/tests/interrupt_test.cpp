// Ctrl-C is noted during a launch, and does what it did before.
#include "runtime/machine/interrupt.hpp"

#include <csignal>
#include <thread>

#include "harness.hpp"

using namespace pto::host;

namespace {

volatile std::sig_atomic_t calls = 0;

void count_call(int) { calls = calls + 1; }
void count_call_with_info(int, siginfo_t*, void*) { calls = calls + 1; }

/// The process's handler during a test.
class Handler {
  public:
    explicit Handler(void (*handler)(int)) {
        struct sigaction action = {};
        action.sa_handler = handler;
        sigaction(SIGINT, &action, &before_);
        calls = 0;
    }
    explicit Handler(void (*handler)(int, siginfo_t*, void*)) {
        struct sigaction action = {};
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = handler;
        sigaction(SIGINT, &action, &before_);
        calls = 0;
    }
    ~Handler() { sigaction(SIGINT, &before_, nullptr); }

  private:
    struct sigaction before_;
};

/// What stands as handler now.
decltype(SIG_DFL) current_handler() {
    struct sigaction action;
    sigaction(SIGINT, nullptr, &action);
    return action.sa_handler;
}

TEST(an_interrupt_is_noted_and_handled_as_before) {
    const Handler handler(count_call);
    {
        const InterruptWatch watch;
        CHECK(!watch.interrupted());
        std::raise(SIGINT);
        CHECK(watch.interrupted());
        CHECK(calls == 1);
    }
    CHECK(current_handler() == count_call);
    const InterruptWatch next;
    CHECK(!next.interrupted());
}

TEST(handlers_that_take_more_get_it) {
    const Handler handler(count_call_with_info);
    const InterruptWatch watch;
    std::raise(SIGINT);
    CHECK(watch.interrupted() && calls == 1);
}

TEST(what_ends_a_process_or_is_ignored_stays_so) {
    for (const auto action : {SIG_DFL, SIG_IGN}) {
        const Handler handler(action);
        const InterruptWatch watch;
        CHECK(current_handler() == action);
    }
}

TEST(another_thread_than_the_main_one_does_not_watch) {
    const Handler handler(count_call);
    const InterruptWatch main;
    std::raise(SIGINT);
    std::thread([] {
        const InterruptWatch watch;
        CHECK(!watch.interrupted());
        std::raise(SIGINT);
        CHECK(!watch.interrupted());
    }).join();
    CHECK(main.interrupted() && calls == 2);
}

}  // namespace

HARNESS_MAIN
