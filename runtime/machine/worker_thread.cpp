#include "runtime/machine/worker_thread.hpp"

#include <algorithm>
#include <cerrno>
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

cpu_set_t UsableCpus::others() const {
    cpu_set_t others = set_;
    const int own = sched_getcpu();
    if (own >= 0) CPU_CLR(own, &others);
    return others;
}

void UsableCpus::allow() const {
    if (CPU_COUNT(&set_)) sched_setaffinity(0, sizeof set_, &set_);
}

WorkerThread::WorkerThread(const UsableCpus& cpus, std::function<void()> work)
    : task_(new Task{cpus, std::move(work)}) {
    const cpu_set_t others = cpus.others();
    pthread_attr_t begin;
    pthread_attr_init(&begin);
    int trouble = EINVAL;
    if (CPU_COUNT(&others) && pthread_attr_setaffinity_np(&begin, sizeof others, &others) == 0)
        trouble = pthread_create(&thread_, &begin, run, task_.get());
    pthread_attr_destroy(&begin);
    // Also where somebody has taken those CPUs from the process.
    if (trouble) trouble = pthread_create(&thread_, nullptr, run, task_.get());
    if (trouble) throw std::system_error(trouble, std::generic_category());
}

WorkerThread::~WorkerThread() {
    if (task_) pthread_join(thread_, nullptr);
}

void* WorkerThread::run(void* task) {
    const auto& [cpus, work] = *static_cast<const Task*>(task);
    cpus.allow();
    work();
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
