// One block: a cube core and two vector cores which run in turns on one thread and meet in FIFOs.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pto/machine/core.hpp"

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
    std::atomic<bool> failed{false};
};

/// Stacks and memories of the cores of one block, reused from block to block.
struct Workspace {
    OnChipMemory cube{CoreKind::Cube, !kTrace};
    OnChipMemory vec[kSubblocks] = {{CoreKind::Vec, !kTrace}, {CoreKind::Vec, !kTrace}};
    FiberStack stacks[kCoresPerBlock];
};

class Block {
  public:
    /// `logs`: kCoresPerBlock logs in the order cube, vec0, vec1, or null.
    Block(Launch& launch, uint32_t index, Workspace& workspace, CoreLog* logs) : launch(launch), index(index) {
        for (int c = 0; c < kCoresPerBlock; ++c) {
            OnChipMemory& memory = c == 0 ? workspace.cube : workspace.vec[c - 1];
            memory.poison();
            const CoreKind kind = c == 0 ? CoreKind::Cube : CoreKind::Vec;
            Core& core = cores_.emplace_back(*this, kind, c == 0 ? 0 : c - 1, memory, logs ? logs + c : nullptr);
            fibers_.push_back(std::make_unique<Fiber>(workspace.stacks[c], [this, &core] { run_core(core); }));
            core.fiber = fibers_.back().get();
        }
    }

    /// Runs the three cores to their end. Returns the report of what went wrong, empty if nothing did.
    std::string run() {
        while (!all_done()) {
            const bool progress = resume_ready_cores();
            for (const Core& core : cores_) {
                if (!core.error.empty()) return abort_with(core.error);
            }
            if (launch.failed) return abort_with("");
            if (!progress) return abort_with(deadlock_report());
        }
        return "";
    }

    /// The FIFO with this flag base; the first side that declares it fixes its properties.
    Fifo& open_fifo(const FifoSpec& spec, int line) {
        for (Fifo& fifo : fifos_) {
            if (fifo.spec.flag_base != spec.flag_base) continue;
            if (!(fifo.spec == spec)) {
                fail(line, "the two sides of the FIFO with flag base " + std::to_string(spec.flag_base) +
                               " disagree: " + describe(fifo.spec) + " on one side, " + describe(spec) +
                               " on the other");
            }
            return fifo;
        }
        return fifos_.emplace_back(spec);
    }

    /// Position of a FIFO in the order of flag bases.
    int fifo_id(const Fifo& fifo) const {
        int id = 0;
        for (const Fifo& other : fifos_) id += other.spec.flag_base < fifo.spec.flag_base;
        return id;
    }

    const std::deque<Fifo>& fifos() const { return fifos_; }

    Launch& launch;
    const uint32_t index;

  private:
    static std::string describe(const FifoSpec& spec) {
        return format("%s, %u slots of %llu bytes at GM 0x%llx", name(spec.direction), spec.slots,
                      static_cast<unsigned long long>(spec.slot_bytes), static_cast<unsigned long long>(spec.gm_base));
    }

    void run_core(Core& core) {
        try {
            (core.kind == CoreKind::Cube ? launch.program.cube : launch.program.vec)();
        } catch (const Aborted&) {
        } catch (const KernelError& error) {
            core.error = source_position(error.line()) + ": block " + std::to_string(index) + ", " + core.name() +
                         ": " + error.what();
        } catch (const std::exception& error) {
            core.error = "block " + std::to_string(index) + ", " + core.name() + ": " + error.what();
        }
    }

    bool all_done() const {
        for (const Core& core : cores_) {
            if (!core.fiber->done()) return false;
        }
        return true;
    }

    /// Gives each core that can continue one turn. Returns whether any could.
    bool resume_ready_cores() {
        bool progress = false;
        for (Core& core : cores_) {
            if (core.fiber->done() || !core.can_continue()) continue;
            Core::make_current(&core);
            core.fiber->resume();
            progress = true;
        }
        Core::make_current(nullptr);
        return progress;
    }

    /// Unwinds the cores that are still suspended, so that their stacks hold nothing.
    std::string abort_with(const std::string& report) {
        for (Core& core : cores_) core.aborting = true;
        while (!all_done()) resume_ready_cores();
        return report;
    }

    std::string deadlock_report() const {
        std::string report;
        for (const Core& core : cores_) {
            if (core.fiber->done()) continue;
            report += report.empty() ? source_position(core.wait.line) + ": block " + std::to_string(index) +
                                           ": deadlock, no core can continue: "
                                     : "; ";
            report += describe_wait(core);
        }
        for (const Core& core : cores_) {
            if (core.fiber->done()) report += "; " + core.name() + " has finished";
        }
        return report + ". Balance the FIFO operations of the two sides, or prime the FIFO that is popped first.";
    }

    std::string describe_wait(const Core& core) const {
        const Fifo& fifo = *core.wait.fifo;
        const bool pops = core.wait.op == OpId::TPOP;
        const uint64_t sequence = pops ? fifo.popped[core.subblock] : fifo.allocated[core.subblock];
        const CoreKind other_side = pops ? fifo.producer() : fifo.consumer();
        std::string text = core.name() + " waits at " + source_position(core.wait.line) + " in " + name(core.wait.op) +
                           " number " + std::to_string(sequence) + " of FIFO " + std::to_string(fifo_id(fifo)) + " (" +
                           name(fifo.spec.direction) + ", flag base " + std::to_string(fifo.spec.flag_base) +
                           ", slot " + std::to_string(fifo.slot_of(sequence)) + " of " +
                           std::to_string(fifo.spec.slots) + ") while ";
        const char* separator = "";
        for (const Core& other : cores_) {
            if (other.kind != other_side) continue;
            const uint64_t count = pops ? fifo.pushed[other.subblock] : fifo.freed[other.subblock];
            text += separator + other.name() + " has " + (pops ? "pushed " : "freed ") + std::to_string(count) +
                    (other.fiber->done() ? " and finished" : "");
            separator = " and ";
        }
        return text;
    }

    std::deque<Core> cores_;
    std::deque<Fifo> fifos_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
};

}  // namespace pto::host
