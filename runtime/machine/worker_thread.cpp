#include "runtime/machine/worker_thread.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

namespace pto::host {

UsableCpus::UsableCpus() {
    CPU_ZERO(&set_);
    // std::thread::hardware_concurrency() asks the system's files, which took 60 us in a process that had done other
    // work, and counts CPUs that this process may not use. More of them than a set has room for are not known.
    if (sched_getaffinity(0, sizeof set_, &set_) != 0) CPU_ZERO(&set_);
    const int known = CPU_COUNT(&set_);
    count_ = known ? static_cast<uint32_t>(known) : std::max(1u, std::thread::hardware_concurrency());
}

void UsableCpus::put_elsewhere(pthread_t thread) const {
    cpu_set_t others = set_;
    const int own = sched_getcpu();
    if (own >= 0) CPU_CLR(own, &others);
    if (CPU_COUNT(&others) == 0) return;
    // Not as an attribute of the new thread: it would wait for this one to set it, and wake twice. If somebody has just
    // taken CPUs from the process, it stays where it is.
    pthread_setaffinity_np(thread, sizeof others, &others);
    pthread_setaffinity_np(thread, sizeof set_, &set_);
}

WorkerThread::WorkerThread(const UsableCpus& cpus, std::function<void()> work) : task_(new Task{std::move(work)}) {
    const int trouble = pthread_create(&thread_, nullptr, run, task_.get());
    if (trouble) throw std::system_error(trouble, std::generic_category());
    cpus.put_elsewhere(thread_);
    task_->placed = true;
}

WorkerThread::~WorkerThread() {
    if (task_) pthread_join(thread_, nullptr);
}

void* WorkerThread::run(void* its_task) {
    auto& task = *static_cast<Task*>(its_task);
    task.work();
    while (!task.placed) std::this_thread::yield();
    return nullptr;
}

std::vector<WorkerThread> start_workers(const UsableCpus& cpus, uint32_t count,
                                        const std::function<void(uint32_t)>& work) {
    std::vector<WorkerThread> workers;
    workers.reserve(count);
    try {
        for (uint32_t worker = 1; worker <= count; ++worker) workers.emplace_back(cpus, [=] { work(worker); });
    } catch (const std::system_error&) {
        // Those that there are do it all.
    }
    return workers;
}

}  // namespace pto::host
