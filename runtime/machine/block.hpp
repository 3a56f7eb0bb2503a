// One block: a cube core and two vector cores which run in turns on one thread and meet in FIFOs.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pto/machine/kernel_entry.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/cross_flags.hpp"
#include "runtime/machine/fiber.hpp"
#include "runtime/machine/scalar_memory.hpp"
#include "runtime/machine/workspaces.hpp"

namespace pto::host {

inline constexpr int kCoresPerBlock = 1 + kSubblocks;

/// The two passes of a kernel, arguments bound.
struct Program {
    std::function<void()> cube;
    std::function<void()> vec;
};

/// A buffer in global memory that a kernel may touch.
struct GmRange : GmBytes {
    uint32_t argument = 0;  ///< position among the entry's parameters
};

/// What is launched.
struct Task {
    uint32_t block_count = 1;
    Program program;
    std::vector<GmRange> gm;                       ///< buffers that the kernel may touch; empty: unknown, not checked
    std::string source = "kernel.cpp";             ///< file name of the generated C++, for messages
    const DecidingLoad* deciding_loads = nullptr;  ///< see Kernel
    /// Make NaN of on-chip memories before a block, and of scratch, and let the slots of FIFOs go round as on the
    /// device.
    bool fill = true;
};

/// Of packed factors, in a launch that does not know its buffers.
inline constexpr size_t kPackedBytesUnlessKnown = size_t{8} << 20;

/// What a block needs to know about its launch.
struct Launch : Task {
    Launch(const Task& task, const Numbers* numbers)
        : Task(task), numbers(numbers), packed(most_packed_bytes(task), {task.gm.begin(), task.gm.end()}) {}

    const Numbers* const numbers;  ///< not used in trace mode
    std::atomic<bool> failed{false};
    PackedFactors packed;

    /// A launch takes at most 1.3 times the memory of its buffers, with what workers have: of those that are filled,
    /// all slots are touched.
    static size_t most_packed_bytes(const Task& task) {
        size_t bytes = 0;
        uint64_t last = 0;
        for (const GmRange& range : task.gm) {  // one buffer may be several parameters in a row
            if (range.begin != last) bytes += range.end - range.begin;
            last = range.begin;
        }
        return bytes == 0 ? kPackedBytesUnlessKnown : bytes / (task.fill ? 16 : 4);
    }

    /// The line that decides by what is loaded at `line`; 0 if none does.
    int line_that_decides_by(int line) const {
        const DecidingLoad* row = deciding_loads;
        while (row && row->load_line != 0 && row->load_line != line) ++row;
        return row && row->load_line != 0 ? row->deciding_line : 0;
    }
};

/// "kernel.cpp:12".
std::string source_position(const Launch& launch, int line);

/// Called now and then while blocks run, by the thread that runs them; it may end the launch. Empty: nothing to do.
using Look = std::function<void()>;

class Block {
  public:
    /// `logs`: kCoresPerBlock logs in the order cube, vec0, vec1, or null. `profile`: see Core.
    Block(Launch& launch, uint32_t index, Workspace& workspace, CoreLog* logs, Profile* profile = nullptr);

    /// Runs the three cores to their end. Returns the report of what went wrong, empty if nothing did.
    std::string run(const Look& look = {});

    /// See Core::open_fifo.
    Fifo& open_fifo(const FifoSpec& spec, int line);
    /// Position of a FIFO in the order of flag bases.
    int fifo_id(const Fifo& fifo) const;
    /// Gives a core that can continue its turn.
    void resume(Core& core);
    std::vector<Core*> ready_cores();
    bool all_done() const;
    /// Whether a core that waits for a FIFO in `op` can continue.
    bool lets_go_on(const Fifo& fifo, OpId op) const;
    /// Before a store to these bytes of global memory: what is to be made of what is there now, is made.
    void begin_store(uint64_t begin, uint64_t end);
    /// Whether tiles that are to be made of these bytes are left: see LazyTiles.
    bool has_lazy_tiles_in(uint64_t begin, uint64_t end) const;
    /// Whether other blocks may load what is at an address of global memory: it is in no FIFO.
    bool others_share(uint64_t address) const;
    /// Unwinds the cores that are still suspended, so that their stacks hold nothing. Returns `report`.
    std::string abort_with(const std::string& report);
    /// Who waits where for what.
    std::string deadlock_report() const;

    const std::deque<Fifo>& fifos() const { return fifos_; }
    ScalarMemory& scalars() { return scalars_; }
    CrossFlags& cross_flags() { return cross_flags_; }

    Launch& launch;
    const uint32_t index;

  private:
    void run_core(Core& core);
    void give_turn(Core& core, const Look& look);
    std::string describe_wait(const Core& core) const;
    std::string describe_flag(const Core& core) const;
    std::string unbalanced_report() const;

    std::deque<Core> cores_;
    std::deque<Fifo> fifos_;
    ScalarMemory scalars_;
    CrossFlags cross_flags_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
};

}  // namespace pto::host
