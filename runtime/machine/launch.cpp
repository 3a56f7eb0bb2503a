#include "runtime/machine/launch.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/machine/trace_file.hpp"

namespace pto::host {

namespace {

/// Blocks are dealt to worker threads one by one; the first failure stops the dealing.
class Launcher {
  public:
    explicit Launcher(LaunchRequest request) : request_(std::move(request)) {
        launch_.block_count = request_.block_count;
        launch_.program = request_.program;
        launch_.gm = request_.gm;
        launch_.source = request_.source;
        if (kTrace) trace_.logs.resize(size_t{kCoresPerBlock} * request_.block_count);
    }

    /// Returns the report of what went wrong, empty if nothing did.
    std::string run() {
        if (request_.block_count == 0) return "block_dim is 0: a launch needs at least one block";
        run_workers(std::min(std::max(1u, std::thread::hardware_concurrency()), request_.block_count));
        if (kTrace && !request_.trace_path.empty()) {
            trace_.source = request_.source;
            trace_.block_count = request_.block_count;
            trace_.error = report_;
            const std::string trouble = write_trace(trace_, request_.trace_path);
            if (report_.empty()) report_ = trouble;
        }
        return report_;
    }

  private:
    /// Works on `count` threads, or on as many as the system gives.
    void run_workers(uint32_t count) {
        std::vector<std::thread> workers;
        workers.reserve(count);
        try {
            while (workers.size() < count) workers.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            work();
        }
        for (std::thread& worker : workers) worker.join();
    }

    void work() {
        try {
            Workspace workspace;
            for (uint32_t b = next_++; b < request_.block_count && !launch_.failed; b = next_++) {
                Block block(launch_, b, workspace, kTrace ? &trace_.logs[size_t{kCoresPerBlock} * b] : nullptr);
                finish(block, block.run());
            }
        } catch (const std::exception& error) {
            report(std::string("the host ran out of a resource: ") + error.what());
        }
    }

    void finish(const Block& block, const std::string& trouble) {
        if (!trouble.empty()) report(trouble);
        if (!kTrace) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const Fifo& fifo : block.fifos()) {
            const bool known = std::any_of(trace_.fifos.begin(), trace_.fifos.end(), [&](const auto& entry) {
                return entry.first.flag_base == fifo.spec.flag_base;
            });
            if (!known) trace_.fifos.emplace_back(fifo.spec, fifo.split);
        }
    }

    void report(const std::string& trouble) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (report_.empty()) report_ = trouble;
        launch_.failed = true;
    }

    LaunchRequest request_;
    Launch launch_;
    TraceContents trace_;
    std::atomic<uint32_t> next_{0};
    std::mutex mutex_;
    std::string report_;
};

}  // namespace

std::string run_launch(LaunchRequest request) { return Launcher(std::move(request)).run(); }

}  // namespace pto::host
