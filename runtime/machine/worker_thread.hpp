// The threads of a launch, and the CPUs that they have.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
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
    /// Puts a thread on another CPU than the caller's, if there is one; then it may use them all.
    void put_elsewhere(pthread_t thread) const;

  private:
    cpu_set_t set_;  ///< empty if they are not known
    uint32_t count_;
};

/// A thread that begins on another CPU than its maker's, and then goes where the system puts it. By itself Linux puts
/// some of them (6.18: a sixth, and half of those made after a pause) on the CPU of the maker, who works on: until the
/// system sees that another CPU has nothing to do, up to 4 ms, the two threads have one CPU.
class WorkerThread {
  public:
    /// `work` throws nothing. Throws std::system_error if the system gives no thread.
    WorkerThread(const UsableCpus& cpus, std::function<void()> work);
    WorkerThread(WorkerThread&&) = default;
    /// Waits for the end of the work.
    ~WorkerThread();

  private:
    struct Task {
        std::function<void()> work;
        std::atomic<bool> placed{false};  ///< its maker does not need the thread any more
    };

    static void* run(void* task);

    std::unique_ptr<Task> task_;
    pthread_t thread_;
};

/// Threads that call work(1) to work(count), or fewer, if the system gives no more.
std::vector<WorkerThread> start_workers(const UsableCpus& cpus, uint32_t count,
                                        const std::function<void(uint32_t)>& work);

}  // namespace pto::host
