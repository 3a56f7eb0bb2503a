// One simulated core as its operations see it.
#pragma once

#include <cstdint>
#include <string>

#include "pto/machine/buffers.hpp"
#include "pto/machine/error.hpp"
#include "pto/machine/fifo.hpp"
#include "pto/machine/trace.hpp"

namespace pto::host {

class Block;
class Fiber;

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

    std::string name() const;
    /// "kernel.cpp:12: block 0, vec1": a line of the generated C++ and who executes it.
    std::string position(int line) const;
    uint32_t block_index() const;
    uint32_t block_count() const;

    /// The FIFO with this flag base; the first side that declares it fixes its properties.
    Fifo& open_fifo(const FifoSpec& spec, int line);
    [[noreturn]] void fail_fifo(OpId op, const Fifo& fifo, int line, const std::string& why) const;

    bool can_continue() const;
    /// Suspends this core until the FIFO lets `op` go on.
    void wait_for(const Fifo& fifo, OpId op, int line);

    /// Host address of `size` bytes at a byte offset of an on-chip memory; null in trace mode.
    std::byte* place(Buffer buffer, uint64_t address, size_t size, int line);
    /// An access to bytes [begin, end) of global memory must stay inside one buffer of the launch, if those are known,
    /// and inside one slot of a FIFO.
    void require_in_bounds(const char* op, uint64_t begin, uint64_t end, int line) const;

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
