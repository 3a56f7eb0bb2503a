// One simulated core as its operations see it.
#pragma once

#include <cstdint>
#include <string>

#include "pto/machine/buffers.hpp"
#include "pto/machine/fifo.hpp"
#include "pto/machine/op_ids.hpp"
#include "pto/machine/operands.hpp"
#include "runtime/machine/error.hpp"
#include "runtime/machine/lazy_tiles.hpp"
#include "runtime/machine/memory.hpp"
#include "runtime/machine/mode.hpp"
#include "runtime/machine/trace.hpp"

namespace pto::host {

class Block;
class Fiber;
class Profile;
struct Numbers;

/// What a core waits for.
struct Wait {
    const Fifo* fifo = nullptr;
    OpId op = OpId::TPOP;
    int line = 0;
    int flag = -1;  ///< a flag between cores, if it is no FIFO
};

class Core {
  public:
    Core(Block& block, CoreKind kind, int subblock, OnChipMemory& memory, OwnFactors& factors, CoreLog* log);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    Block& block;
    const CoreKind kind;
    const int subblock;
    OnChipMemory& memory;
    CoreLog* const log;  ///< where trace mode records, else null
    LazyTiles lazy;
    Fiber* fiber = nullptr;
    Wait wait;
    bool aborting = false;
    uint64_t steps_left = UINT64_MAX;  ///< until it gives way; see checkpoint()
    std::string error;
    Profile* profile = nullptr;  ///< where the times of operations are summed, if they are measured

    std::string name() const;
    /// "kernel.cpp:12: block 0, vec1": a line of the generated C++ and who executes it.
    std::string position(int line) const;
    uint32_t block_index() const;
    uint32_t block_count() const;
    /// The loops for the CPU that this launch runs on; see runtime/numbers.
    const Numbers& numbers() const;
    /// Whether what has no meaning is made NaN; see LaunchRequest::fill.
    bool fills() const;

    /// The FIFO with this flag base; the first side that declares it fixes its properties.
    Fifo& open_fifo(const FifoSpec& spec, int line);
    [[noreturn]] void fail_fifo(OpId op, const Fifo& fifo, int line, const std::string& why) const;

    /// Called before each step by which cores can see each other: the core may be suspended here, or be told to end.
    void checkpoint();
    bool can_continue() const;
    /// Suspends this core until the FIFO lets `op` go on.
    void wait_for(const Fifo& fifo, OpId op, int line);
    /// Suspends this core until the other cores have set a flag.
    void wait_for_flag(int flag, int line);
    /// Called after a step of a FIFO for which cores wait in `op`: one that can go on now has its turn, while what it
    /// waited for is in the caches of the host.
    void let_waiting_go_on(const Fifo& fifo, OpId op);

    /// Host address of `size` bytes at a byte offset of an on-chip memory; null in trace mode.
    std::byte* place(Buffer buffer, uint64_t address, size_t size, int line);
    /// Before an access to bytes [begin, end) of global memory, which must stay inside one buffer of the launch, if
    /// those are known, and inside one slot of a FIFO.
    void begin_gm_access(const char* op, uint64_t begin, uint64_t end, int line);
    /// Before an access to a view.
    void begin_gm_access(const char* op, const View& view, int line);
    /// Before a store to bytes [begin, end) of global memory.
    void begin_gm_store(const char* op, uint64_t begin, uint64_t end, int line);
    /// Before a store to a view, no two of whose elements may be one.
    void begin_gm_store(const char* op, const View& view, int line);

    /// Trace mode: reads a scalar from the launch's arrays as the scalar unit would see them. Where a tile operation of
    /// this block has stored, the value is not known, since trace mode computes no tiles: fails if the kernel decides
    /// something by it, else it is 0.
    void trace_load(uint64_t begin, size_t size, void* value, int line);
    /// Trace mode: an element of a tile, whose value is never known; fails or gives 0 as trace_load does.
    void trace_tile_load(size_t size, void* value, int line);
    /// Trace mode: what later loads of this block find there; the array itself is left alone.
    void trace_store(uint64_t begin, size_t size, const void* value);

    /// The core whose fiber runs on this thread.
    static Core& current(int line) {
        if (!current_)
            fail(line, "a tile operation was called outside of a launch: call the kernel through pto_launch");
        return *current_;
    }
    static void make_current(Core* core) { current_ = core; }

  private:
    /// Returns whether a view has elements; fails if it has more than memory, or counts backwards.
    bool require_extent(const char* op, const View& view, int line) const;
    void require_distinct_elements(const char* op, const View& view, int line) const;
    /// Gives 0 for a value that trace mode cannot know; fails if the kernel decides something by it.
    void give_unknown(const char* what, size_t size, void* value, int line) const;

    static inline thread_local Core* current_ = nullptr;
};

}  // namespace pto::host
