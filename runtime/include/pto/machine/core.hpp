// One simulated core as its operations see it.
#pragma once

#include <cstdint>
#include <string>

#include "pto/machine/buffers.hpp"
#include "pto/machine/error.hpp"
#include "pto/machine/fiber.hpp"
#include "pto/machine/fifo.hpp"
#include "pto/machine/trace.hpp"

namespace pto::host {

class Block;

/// What a core waits for.
struct Wait {
    const Fifo* fifo = nullptr;
    OpId op = OpId::TPOP;
    int line = 0;
};

class Core {
  public:
    Core(Block& block, CoreKind kind, int subblock, OnChipMemory& memory, CoreLog* log)
        : block(block), kind(kind), subblock(subblock), memory(memory), log(log) {}
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    Block& block;
    const CoreKind kind;
    const int subblock;
    OnChipMemory& memory;
    CoreLog* const log;  ///< where trace mode records, else null
    Fiber* fiber = nullptr;
    Wait wait;
    bool aborting = false;
    std::string error;

    std::string name() const { return kind == CoreKind::Cube ? "cube" : "vec" + std::to_string(subblock); }
    bool waiting() const { return wait.fifo != nullptr; }
    bool can_continue() const {
        if (!waiting() || aborting) return true;
        return wait.op == OpId::TPOP ? wait.fifo->can_pop(subblock) : wait.fifo->can_allocate(subblock);
    }

    /// Suspends this core until the FIFO lets `op` go on.
    void wait_for(const Fifo& fifo, OpId op, int line) {
        wait = Wait{&fifo, op, line};
        while (!can_continue()) fiber->yield();
        if (aborting) throw Aborted();
        wait = Wait{};
    }

    /// The core whose fiber runs on this thread.
    static Core& current(int line) {
        if (!current_)
            fail(line, "a tile operation was called outside of a launch: call the kernel through pto_launch");
        return *current_;
    }
    static void make_current(Core* core) { current_ = core; }

  private:
    static inline thread_local Core* current_ __attribute__((tls_model("initial-exec"))) = nullptr;
};

}  // namespace pto::host
