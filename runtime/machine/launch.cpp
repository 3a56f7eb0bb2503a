#include "runtime/machine/launch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <mutex>
#include <utility>

#include "runtime/machine/brief_lock.hpp"
#include "runtime/machine/interleave.hpp"
#include "runtime/machine/trace_file.hpp"
#include "runtime/machine/worker_thread.hpp"
#include "runtime/numbers/levels.hpp"

namespace pto::host {

namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(50);

/// Blocks are dealt to worker threads one by one; the first failure stops the dealing.
class Launcher {
  public:
    Launcher(const LaunchRequest& request, const Numbers* numbers) : request_(request), launch_(request, numbers) {
        trace_.source = request.source;
        trace_.block_count = request.block_count;
        if (kTrace) trace_.logs.resize(size_t{kCoresPerBlock} * request.block_count);
    }

    /// Returns the report of what went wrong, empty if nothing did.
    std::string run() {
        const UsableCpus cpus;
        const uint32_t threads = request_.threads ? request_.threads : cpus.count();
        run_workers(request_.interleave ? 1 : std::min(threads, request_.block_count), cpus);
        trace_.error = report_;
        return report_;
    }

    TraceContents& trace() { return trace_; }

  private:
    /// Works on `count` threads, or on as many as the system gives. The calling thread is one of them: to wake another
    /// one takes 10 us, and its CPU's caches do not have what the caller wrote.
    void run_workers(uint32_t count, const UsableCpus& cpus) {
        Helpers helpers(cpus, count - 1, [this](uint32_t worker) { work(worker, {}); });
        work(0, request_.interrupted ? [this] { end_if_interrupted(); } : Look());
        helpers.take_back();
        while (request_.interrupted && !helpers.end_within(kPollInterval)) end_if_interrupted();
    }

    void end_if_interrupted() {
        if (request_.interrupted()) report("interrupted");
    }

    /// `worker`: 0 for the calling thread. In each launch a worker has what it had in the last one, since it mostly is
    /// on the same CPU, whose caches then know it. `look`: see Block::run.
    void work(uint32_t worker, const Look& look) {
        try {
            if (request_.interleave) return work_interleaved(look);
            const WorkspaceHandle workspace = take_workspace(worker);
            Profile profile;
            for (uint32_t b = next_++; b < request_.block_count && !launch_.failed; b = next_++) {
                Block block(launch_, b, *workspace, logs_of(b), request_.profile ? &profile : nullptr);
                finish(block, block.run(look));
            }
            if (!request_.profile) return;
            const std::lock_guard lock(mutex_);
            request_.profile->add(profile);
        } catch (const std::exception& error) {
            report(std::string("the host ran out of a resource: ") + error.what());
        }
    }

    void work_interleaved(const Look& look) {
        Interleaver interleaver(launch_, *request_.interleave);
        interleaver.run(
            look, [this](uint32_t b) { return logs_of(b); },
            [this](const Block& block, const std::string& trouble) { finish(block, trouble); });
    }

    CoreLog* logs_of(uint32_t block) { return kTrace ? &trace_.logs[size_t{kCoresPerBlock} * block] : nullptr; }

    void finish(const Block& block, const std::string& trouble) {
        if (!trouble.empty()) report(trouble);
        if (!kTrace) return;
        const std::lock_guard lock(mutex_);
        for (const Fifo& fifo : block.fifos()) {
            const bool known = std::any_of(trace_.fifos.begin(), trace_.fifos.end(), [&](const auto& entry) {
                return entry.first.flag_base == fifo.spec.flag_base;
            });
            if (!known) trace_.fifos.emplace_back(fifo.spec, fifo.split);
        }
    }

    void report(const std::string& trouble) {
        const std::lock_guard lock(mutex_);
        if (report_.empty()) report_ = trouble;
        launch_.failed = true;
    }

    const LaunchRequest& request_;
    Launch launch_;
    TraceContents trace_;
    std::atomic<uint32_t> next_{0};
    BriefLock mutex_;
    std::string report_;
};

}  // namespace

std::string run_launch(const LaunchRequest& request) {
    if (request.block_count == 0) return "block_dim is 0: a launch needs at least one block";
    if (request.block_count > kMaxBlocks) {
        return format("block_dim is %u: a launch has at most %u blocks", request.block_count, kMaxBlocks);
    }
    const Numbers* numbers = nullptr;
    if constexpr (!kTrace) {
        numbers = request.cpu.empty() ? best_numbers() : numbers_of(request.cpu);
        if (!numbers) return no_such_level(request.cpu);
    }
    Launcher launcher(request, numbers);
    std::string report = launcher.run();
    if (kTrace && !request.trace_path.empty()) {
        const std::string trouble = write_trace(launcher.trace(), request.trace_path);
        if (report.empty()) report = trouble;
    }
    return report;
}

}  // namespace pto::host
