#include "runtime/machine/interrupt.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

namespace pto::host {

namespace {

std::atomic<bool> noted{false};
struct sigaction own_action;  ///< the process's own handler

void note_interrupt(int signal, siginfo_t* info, void* context) {
    noted = true;
    if (own_action.sa_flags & SA_SIGINFO) return own_action.sa_sigaction(signal, info, context);
    own_action.sa_handler(signal);
}

bool on_main_thread() { return syscall(SYS_gettid) == getpid(); }

}  // namespace

InterruptWatch::InterruptWatch() {
    if (!on_main_thread() || sigaction(SIGINT, nullptr, &own_action) != 0) return;
    if (own_action.sa_handler == SIG_DFL || own_action.sa_handler == SIG_IGN) return;
    noted = false;
    struct sigaction ours = own_action;
    ours.sa_flags |= SA_SIGINFO;
    ours.sa_sigaction = note_interrupt;
    installed_ = sigaction(SIGINT, &ours, nullptr) == 0;
}

InterruptWatch::~InterruptWatch() {
    if (installed_) sigaction(SIGINT, &own_action, nullptr);
}

bool InterruptWatch::interrupted() const { return installed_ && noted; }

}  // namespace pto::host
