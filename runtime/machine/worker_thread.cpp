#include "runtime/machine/worker_thread.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/machine/idle.hpp"

namespace pto::host {

namespace {

using std::chrono::nanoseconds;

/// A thread without work lives so long.
constexpr std::chrono::seconds kIdleTime{1};
/// Who waits for an end looks for it so long before it sleeps: to wake takes 20 us.
constexpr std::chrono::microseconds kLookTime{100};

Idle<WorkerThread>& idle_threads() {
    static auto* instance = new Idle<WorkerThread>;
    return *instance;
}

std::unique_ptr<WorkerThread> take_thread(uint32_t worker) {
    for (;;) {
        std::unique_ptr<WorkerThread> left = idle_threads().take(worker);
        if (!left) return std::make_unique<WorkerThread>();
        if (left->exists()) return left;
        left.release();  // its thread is in the process that this one was forked from
    }
}

/// Whether somebody posts within a time. By the clock that can be set: glibc before 2.30 has no other for semaphores.
bool posted_within(sem_t& semaphore, nanoseconds time) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    constexpr nanoseconds kSecond = std::chrono::seconds(1);
    const nanoseconds end = now.tv_sec * kSecond + nanoseconds(now.tv_nsec) + time;
    const timespec at{static_cast<time_t>(end / kSecond), static_cast<long>((end % kSecond).count())};
    while (sem_timedwait(&semaphore, &at) != 0) {
        if (errno != EINTR) return false;
    }
    return true;
}

/// Signals are for the process's own threads; what a thread itself does wrong is reported where it was done.
sigset_t others_signals() {
    sigset_t set;
    sigfillset(&set);
    for (int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&set, own);
    return set;
}

}  // namespace

UsableCpus::UsableCpus() {
    CPU_ZERO(&set_);
    // std::thread::hardware_concurrency() asks the system's files, which took 60 us in a process that had done other
    // work, and counts CPUs that this process may not use. More of them than a set has room for are not known.
    if (sched_getaffinity(0, sizeof set_, &set_) != 0) CPU_ZERO(&set_);
    const int known = CPU_COUNT(&set_);
    count_ = known ? static_cast<uint32_t>(known) : std::max(1u, std::thread::hardware_concurrency());
}

// If somebody has just taken CPUs from the process, a thread stays where it is.
void UsableCpus::keep_off_ours(pthread_t thread) const {
    cpu_set_t others = set_;
    const int own = sched_getcpu();
    if (own >= 0) CPU_CLR(own, &others);
    if (CPU_COUNT(&others) != 0) pthread_setaffinity_np(thread, sizeof others, &others);
}

void UsableCpus::open_to(pthread_t thread) const {
    if (CPU_COUNT(&set_) != 0) pthread_setaffinity_np(thread, sizeof set_, &set_);
}

WorkerThread::WorkerThread() {
    sem_init(&woken_, 0, 0);
    sem_init(&ended_, 0, 0);
    const sigset_t blocked = others_signals();
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const int trouble = pthread_create(&thread_, nullptr, run, this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (trouble) throw std::system_error(trouble, std::generic_category());
}

WorkerThread::~WorkerThread() {
    if (pthread_equal(pthread_self(), thread_)) {
        pthread_detach(thread_);
    } else {
        leaving_ = true;
        sem_post(&woken_);
        pthread_join(thread_, nullptr);
    }
    sem_destroy(&woken_);
    sem_destroy(&ended_);
}

void WorkerThread::begin(const UsableCpus& cpus, std::function<void()> work) {
    work_ = std::move(work);
    state_ = State::Offered;
    cpus.keep_off_ours(thread_);
    sem_post(&woken_);
    cpus.open_to(thread_);
}

void WorkerThread::take_back() {
    State offered = State::Offered;
    if (state_.compare_exchange_strong(offered, State::Idle)) sem_post(&ended_);
}

bool WorkerThread::ends_within(nanoseconds time) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::min<nanoseconds>(time, kLookTime)) {
        if (sem_trywait(&ended_) == 0) return true;
        std::this_thread::yield();
    }
    return posted_within(ended_, time);
}

/// False if it is to leave. It wakes without work, too, if that was taken back in the meantime.
bool WorkerThread::wait_for_work() {
    for (;;) {
        while (!posted_within(woken_, kIdleTime)) {
            // Who takes it out of its place has it: either this thread itself, or somebody who has work for it.
            if (idle_threads().remove(this)) return false;
        }
        if (leaving_) return false;
        State offered = State::Offered;
        if (state_.compare_exchange_strong(offered, State::Begun)) return true;
    }
}

void* WorkerThread::run(void* its_worker) {
    auto* worker = static_cast<WorkerThread*>(its_worker);
    while (worker->wait_for_work()) {
        worker->work_();
        worker->state_ = State::Idle;
        sem_post(&worker->ended_);
    }
    if (!worker->leaving_) delete worker;
    return nullptr;
}

Helpers::Helpers(const UsableCpus& cpus, uint32_t count, const std::function<void(uint32_t)>& work) {
    threads_.reserve(count);
    try {
        for (uint32_t worker = 1; worker <= count; ++worker) {
            threads_.push_back(take_thread(worker));
            threads_.back()->begin(cpus, [=] { work(worker); });
        }
    } catch (const std::system_error&) {
        // Those that there are do it all.
    }
}

Helpers::~Helpers() {
    while (!end_within(std::chrono::seconds(1))) continue;
    for (size_t i = 0; i < threads_.size(); ++i) idle_threads().give(std::move(threads_[i]), i + 1);
}

void Helpers::take_back() {
    for (const auto& thread : threads_) thread->take_back();
}

bool Helpers::end_within(nanoseconds time) {
    while (ended_ < threads_.size() && threads_[ended_]->ends_within(time)) ++ended_;
    return ended_ == threads_.size();
}

}  // namespace pto::host
