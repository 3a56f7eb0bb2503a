// The threads of a launch, and the CPUs that they have.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace pto::host {

/// The CPUs that the calling thread may use, of those that the machine has.
class UsableCpus {
  public:
    UsableCpus();
    uint32_t count() const { return count_; }
    /// The thread may use them all but the caller's, if there are others.
    void keep_off_ours(pthread_t thread) const;
    /// The thread may use them all.
    void open_to(pthread_t thread) const;

  private:
    cpu_set_t set_;  ///< empty if they are not known
    uint32_t count_;
};

/// A thread that waits for work, and when that is done for the next. To make one takes 25 us and more, to wake one 10.
///
/// It wakes on another CPU than the caller's, and then goes where the system puts it. By itself Linux (6.18) mostly
/// wakes it on the CPU of the caller, who works on: until the system sees that another CPU has nothing to do, up to
/// 4 ms, the two threads have one CPU.
class WorkerThread {
  public:
    /// Throws std::system_error if the system gives no thread.
    WorkerThread();
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;
    ~WorkerThread();

    /// Gives it work, which throws nothing. The next may come when ends_within() was true.
    void begin(const UsableCpus& cpus, std::function<void()> work);
    /// Work that it has not begun by now it need not do: that counts as ended.
    void take_back();
    /// Whether its work ends within a time. Asked no more when that was true.
    bool ends_within(std::chrono::nanoseconds time);
    /// Not in a process that was forked from the one where it was made.
    bool exists() const { return process_ == getpid(); }

  private:
    enum class State { Idle, Offered, Begun };

    static void* run(void* its_worker);
    bool wait_for_work();

    const pid_t process_ = getpid();
    pthread_t thread_;
    std::function<void()> work_;
    std::atomic<State> state_{State::Idle};
    std::atomic<bool> leaving_{false};
    sem_t woken_;
    sem_t ended_;
};

/// Threads that take part in work which the caller does, too. They are left for who comes next, and end by themselves
/// after a second without work: each library has its own, and a process may have many libraries.
class Helpers {
  public:
    /// They call work(1) to work(count), which throw nothing, or fewer, if the system gives no more threads.
    Helpers(const UsableCpus& cpus, uint32_t count, const std::function<void(uint32_t)>& work);
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;
    /// Waits for their end.
    ~Helpers();

    size_t count() const { return threads_.size(); }
    /// Who has not begun by now need not.
    void take_back();
    /// Whether they end within a time.
    bool end_within(std::chrono::nanoseconds time);

  private:
    std::vector<std::unique_ptr<WorkerThread>> threads_;
    size_t ended_ = 0;  ///< that many of them, the first ones
};

}  // namespace pto::host
