#include "runtime/machine/block.hpp"

#include <algorithm>
#include <exception>

namespace pto::host {

namespace {

/// Cube, vec0, vec1 are 0, 1, 2. The vector cores begin: they wait for the cube's first slot, and get it while the
/// caches of the host hold it.
constexpr int kTurns[kCoresPerBlock] = {1, 2, 0};

/// An operation takes 50 ns at least, and a few milliseconds at most.
constexpr uint64_t kStepsBetweenLooks = 256;

std::string describe(const FifoSpec& spec) {
    return format("%s, %u slots of %lu bytes at GM 0x%lx", name(spec.direction), spec.slots, spec.slot_bytes,
                  spec.gm_base);
}

}  // namespace

std::string source_position(const Launch& launch, int line) { return launch.source + ":" + std::to_string(line); }

Block::Block(Launch& launch, uint32_t index, Workspace& workspace, CoreLog* logs, Profile* profile)
    : launch(launch), index(index), scalars_(logs) {
    for (int c = 0; c < kCoresPerBlock; ++c) {
        OnChipMemory& memory = c == 0 ? workspace.cube : workspace.vec[c - 1];
        if (launch.fill) memory.fill();
        const CoreKind kind = c == 0 ? CoreKind::Cube : CoreKind::Vec;
        Core& core =
            cores_.emplace_back(*this, kind, c == 0 ? 0 : c - 1, memory, workspace.factors, logs ? logs + c : nullptr);
        fibers_.push_back(std::make_unique<Fiber>(workspace.stacks[c], [this, &core] { run_core(core); }));
        core.fiber = fibers_.back().get();
        core.profile = profile;
    }
}

std::string Block::run(const Look& look) {
    while (!all_done()) {
        bool progress = false;
        for (const int c : kTurns) {
            Core& core = cores_[c];
            if (core.fiber->done() || !core.can_continue()) continue;
            give_turn(core, look);
            progress = true;
            if (!core.error.empty()) return abort_with(core.error);
        }
        if (launch.failed) return abort_with("");
        if (!progress) return abort_with(deadlock_report());
    }
    return unbalanced_report();
}

/// Lets a core run until it waits or gives way, and looks meanwhile.
void Block::give_turn(Core& core, const Look& look) {
    if (!look) return resume(core);
    do {
        core.steps_left = kStepsBetweenLooks;
        resume(core);
        look();
    } while (core.steps_left == 0);
}

Fifo& Block::open_fifo(const FifoSpec& spec, int line) {
    for (Fifo& fifo : fifos_) {
        if (fifo.spec.flag_base != spec.flag_base) continue;
        if (!(fifo.spec == spec)) {
            fail(line, "the two sides of the FIFO with flag base " + std::to_string(spec.flag_base) +
                           " disagree: " + describe(fifo.spec) + " on one side, " + describe(spec) + " on the other");
        }
        return fifo;
    }
    Fifo& fifo = fifos_.emplace_back(spec);
    if (!launch.fill && !kTrace) fifo.places.reuse_last();
    return fifo;
}

int Block::fifo_id(const Fifo& fifo) const {
    int id = 0;
    for (const Fifo& other : fifos_) id += other.spec.flag_base < fifo.spec.flag_base;
    return id;
}

void Block::run_core(Core& core) {
    try {
        (core.kind == CoreKind::Cube ? launch.program.cube : launch.program.vec)();
    } catch (const Aborted&) {
    } catch (const KernelError& error) {
        core.error = core.position(error.line()) + ": " + error.what();
    } catch (const std::exception& error) {
        core.error = "block " + std::to_string(index) + ", " + core.name() + ": " + error.what();
    }
}

bool Block::lets_go_on(const Fifo& fifo, OpId op) const {
    for (const Core& core : cores_) {
        if (core.wait.fifo == &fifo && core.wait.op == op && core.can_continue()) return true;
    }
    return false;
}

bool Block::all_done() const {
    for (const Core& core : cores_) {
        if (!core.fiber->done()) return false;
    }
    return true;
}

void Block::resume(Core& core) {
    Core::make_current(&core);
    core.fiber->resume();
    Core::make_current(nullptr);
}

std::vector<Core*> Block::ready_cores() {
    std::vector<Core*> ready;
    for (Core& core : cores_) {
        if (!core.fiber->done() && core.can_continue()) ready.push_back(&core);
    }
    return ready;
}

void Block::begin_store(uint64_t begin, uint64_t end) {
    for (Core& core : cores_) core.lazy.write_from(begin, end);
    launch.packed.forget(begin, end);
}

bool Block::others_share(uint64_t address) const {
    return launch.block_count > 1 &&
           std::none_of(fifos_.begin(), fifos_.end(), [=](const Fifo& fifo) { return fifo.spec.has(address); });
}

bool Block::has_lazy_tiles_in(uint64_t begin, uint64_t end) const {
    for (const Core& core : cores_) {
        if (core.lazy.reads(begin, end)) return true;
    }
    return false;
}

std::string Block::abort_with(const std::string& report) {
    for (Core& core : cores_) {
        core.aborting = true;
        while (!core.fiber->done()) resume(core);
    }
    return report;
}

std::string Block::deadlock_report() const {
    std::string report;
    for (const Core& core : cores_) {
        if (core.fiber->done()) continue;
        report += report.empty() ? source_position(launch, core.wait.line) + ": block " + std::to_string(index) +
                                       ": deadlock, no core can continue: "
                                 : "; ";
        report += describe_wait(core);
    }
    for (const Core& core : cores_) {
        if (core.fiber->done()) report += "; " + core.name() + " has finished";
    }
    return report +
           ". Balance the FIFO operations or the flags of the two sides, or prime the FIFO that is popped first.";
}

std::string Block::describe_wait(const Core& core) const {
    if (core.wait.flag >= 0) return describe_flag(core);
    const Fifo& fifo = *core.wait.fifo;
    const bool pops = core.wait.op == OpId::TPOP;
    const uint64_t sequence = pops ? fifo.popped[core.subblock] : fifo.allocated[core.subblock];
    const CoreKind other_side = pops ? fifo.producer() : fifo.consumer();
    std::string text = core.name() + " waits at " + source_position(launch, core.wait.line) + " in " +
                       name(core.wait.op) + " number " + std::to_string(sequence) + " of FIFO " +
                       std::to_string(fifo_id(fifo)) + " (" + name(fifo.spec.direction) + ", flag base " +
                       std::to_string(fifo.spec.flag_base) + ", slot " + std::to_string(fifo.slot_of(sequence)) +
                       " of " + std::to_string(fifo.spec.slots) + ") while ";
    const char* separator = "";
    for (const Core& other : cores_) {
        if (other.kind != other_side) continue;
        const uint64_t count = pops ? fifo.pushed[other.subblock] : fifo.freed[other.subblock];
        text += separator + other.name() + " has " + (pops ? "pushed " : "freed ") + std::to_string(count) +
                (other.fiber->done() ? " and finished" : "");
        separator = " and ";
    }
    if (!pops && fifo.batch() > 1) text += " (slots are given back " + std::to_string(fifo.batch()) + " at a time)";
    return text;
}

std::string Block::describe_flag(const Core& core) const {
    std::string text = core.name() + " waits at " + source_position(launch, core.wait.line) + " for flag " +
                       std::to_string(core.wait.flag) + " while ";
    const char* separator = "";
    for (const Core& other : cores_) {
        if (other.kind == core.kind) continue;
        text += separator + other.name() + " has set it " +
                std::to_string(cross_flags_.sets(other.kind, other.subblock, core.wait.flag)) + " times" +
                (other.fiber->done() ? " and finished" : "");
        separator = " and ";
    }
    return text;
}

/// What was left in a FIFO: the device would find its signals set in the next launch, or wait at the end of this one.
std::string Block::unbalanced_report() const {
    for (const Fifo& fifo : fifos_) {
        if (fifo.balanced()) continue;
        std::string report = launch.source + ": block " + std::to_string(index) + ": FIFO " +
                             std::to_string(fifo_id(fifo)) + " (" + name(fifo.spec.direction) + ", flag base " +
                             std::to_string(fifo.spec.flag_base) + ") is not empty at the end: ";
        const char* separator = "";
        for (const Core& core : cores_) {
            const uint64_t taken = (fifo.produces(core.kind) ? fifo.allocated : fifo.popped)[core.subblock];
            const uint64_t passed_on = (fifo.produces(core.kind) ? fifo.pushed : fifo.freed)[core.subblock];
            report += separator + core.name() + (fifo.produces(core.kind) ? " allocated " : " popped ") +
                      std::to_string(taken) + (fifo.produces(core.kind) ? " and pushed " : " and freed ") +
                      std::to_string(passed_on);
            separator = ", ";
        }
        return report + ". Every slot must be allocated, pushed, popped and freed once.";
    }
    for (int flag = 0; flag < kCrossCoreFlags; ++flag) {
        if (cross_flags_.balanced(flag)) continue;
        return launch.source + ": block " + std::to_string(index) + ": flag " + std::to_string(flag) +
               " between cores is still set at the end: wait for it as often as the other cores set it.";
    }
    return "";
}

}  // namespace pto::host
