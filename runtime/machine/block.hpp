// One block: a cube core and two vector cores which run in turns on one thread and meet in FIFOs.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pto/machine/core.hpp"
#include "runtime/machine/fiber.hpp"

namespace pto::host {

inline constexpr int kCoresPerBlock = 1 + kSubblocks;

/// The two passes of a kernel, arguments bound.
struct Program {
    std::function<void()> cube;
    std::function<void()> vec;
};

/// A buffer in global memory that a kernel may touch.
struct GmRange {
    uint64_t begin;
    uint64_t end;
};

/// What a block needs to know about its launch.
struct Launch {
    uint32_t block_count = 1;
    Program program;
    std::vector<GmRange> gm;  ///< empty: unknown, not checked
    std::string source;       ///< file name of the generated C++, for messages
    std::atomic<bool> failed{false};
};

/// "kernel.cpp:12".
std::string source_position(const Launch& launch, int line);

/// Stacks and memories of the cores of one block, reused from block to block.
struct Workspace {
    OnChipMemory cube{CoreKind::Cube, !kTrace};
    OnChipMemory vec[kSubblocks] = {{CoreKind::Vec, !kTrace}, {CoreKind::Vec, !kTrace}};
    FiberStack stacks[kCoresPerBlock];
};

class Block {
  public:
    /// `logs`: kCoresPerBlock logs in the order cube, vec0, vec1, or null.
    Block(Launch& launch, uint32_t index, Workspace& workspace, CoreLog* logs);

    /// Runs the three cores to their end. Returns the report of what went wrong, empty if nothing did.
    std::string run();

    /// See Core::open_fifo.
    Fifo& open_fifo(const FifoSpec& spec, int line);
    /// Position of a FIFO in the order of flag bases.
    int fifo_id(const Fifo& fifo) const;
    const std::deque<Fifo>& fifos() const { return fifos_; }

    Launch& launch;
    const uint32_t index;

  private:
    void run_core(Core& core);
    bool all_done() const;
    bool resume_ready_cores();
    std::string abort_with(const std::string& report);
    std::string deadlock_report() const;
    std::string describe_wait(const Core& core) const;
    std::string unbalanced_report() const;

    std::deque<Core> cores_;
    std::deque<Fifo> fifos_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
};

}  // namespace pto::host
