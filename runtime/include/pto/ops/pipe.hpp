// FIFOs through global memory between the cube core and its two vector cores.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "pto/machine/core.hpp"
#include "pto/tile/global_tensor.hpp"

namespace pto {

/// A handle of one core on a FIFO of `Slots` slots of `SlotBytes` bytes in global memory. Handles with the same flag
/// base in one block share the FIFO. The last two parameters are the device's: LocalSlots are on-chip copies of slots,
/// and NoSplit is what each operation says again as its TileSplitAxis.
template <int FlagBase, Direction Dir, int SlotBytes, int Slots, int LocalSlots = Slots, bool NoSplit = false>
class TPipe {
  public:
    static constexpr Direction kDirection = Dir;
    static_assert(Dir == Direction::DIR_C2V || Dir == Direction::DIR_V2C,
                  "a TPipe carries data one way: Direction::DIR_C2V or Direction::DIR_V2C");
    static_assert(SlotBytes > 0 && Slots > 0, "a TPipe needs at least one slot of at least one byte");

    /// `slots`: where the slots of this block begin in global memory; the other two are on-chip addresses of the
    /// device.
    template <typename Pointer>
    explicit TPipe(Pointer* slots, uint64_t = 0, uint64_t = 0, int line = __builtin_LINE())
        : fifo_(&host::Core::current(line).open_fifo(
              {FlagBase, Dir, SlotBytes, Slots, reinterpret_cast<uint64_t>(slots)}, line)) {}

    host::Fifo& fifo() const { return *fifo_; }

  private:
    host::Fifo* fifo_;
};

namespace host {

/// Bytes from the slot's start to the part that belongs to this core. An entry that is larger than half the slot
/// describes the whole slot, of which the core gets its half; a smaller one describes the half itself.
template <TileSplitAxis split, typename Global>
uint64_t part_of_slot(const Core& core, const Fifo& fifo, const Global& entry) {
    if (core.kind == CoreKind::Cube || core.subblock == 0 || split == TileSplitAxis::TILE_NO_SPLIT) return 0;
    const int64_t entry_bytes = entry.rows() * entry.cols() * sizeof(typename Global::DType);
    const bool whole = 2 * entry_bytes > static_cast<int64_t>(fifo.spec.slot_bytes);
    const int axis = split == TileSplitAxis::TILE_UP_DOWN ? 3 : 4;
    const int64_t elements = entry.shape(axis) * entry.stride(axis) / (whole ? 2 : 1);
    return static_cast<uint64_t>(elements) * core.subblock * sizeof(typename Global::DType);
}

/// One step of the FIFO protocol on the current core.
template <typename Pipe, typename Global, TileSplitAxis split>
class FifoStep {
  public:
    static_assert(is_global<Global>, "FIFO operations bind a GlobalTensor; entries that are tiles are not supported");

    FifoStep(OpId op, const Pipe& pipe, int line)
        : op_(op), line_(line), core_(Core::current(line)), fifo_(pipe.fifo()) {
        const bool producing = op == OpId::TALLOC || op == OpId::TPUSH;
        if (producing != fifo_.produces(core_.kind)) {
            core_.fail_fifo(
                op, fifo_, line,
                producing ? "only the producing side allocates and pushes" : "only the consuming side pops and frees");
        }
        fifo_.split = split;
    }

    /// Waits for the next slot and binds the entry to this core's part of it.
    void acquire(uint64_t (&counters)[kSubblocks], Global& entry, EventKind kind, pipe_t pipe) {
        core_.wait_for(fifo_, op_, line_);
        const uint64_t sequence = counters[core_.subblock]++;
        entry.assign(part_address(sequence, entry));
        record(kind, pipe, sequence);
    }

    /// Passes on the oldest slot that this core holds.
    void pass_on(uint64_t (&counters)[kSubblocks], uint64_t held, EventKind kind, pipe_t pipe, const char* missing) {
        const uint64_t sequence = counters[core_.subblock];
        if (sequence >= held) {
            core_.fail_fifo(op_, fifo_, line_,
                            "number " + std::to_string(sequence) + " has no " + missing + " before it");
        }
        ++counters[core_.subblock];
        record(kind, pipe, sequence);
    }

    /// Slots are passed on in the order in which they were acquired.
    void require_oldest(uint64_t sequence, const Global& entry) const {
        if (entry.data() == part_address(sequence, entry)) return;
        const auto address = reinterpret_cast<uint64_t>(entry.data());
        const uint64_t bound = (address - fifo_.spec.gm_base) / fifo_.spec.slot_bytes;
        core_.fail_fifo(op_, fifo_, line_,
                        (bound < fifo_.spec.slots ? "the entry is bound to slot " + std::to_string(bound)
                                                  : std::string("the entry is not bound to a slot")) +
                            ", but the oldest slot this core holds is " + std::to_string(fifo_.slot_of(sequence)) +
                            ": slots are passed on in the order they were acquired");
    }

    Core& core() const { return core_; }

  private:
    typename Global::DType* part_address(uint64_t sequence, const Global& entry) const {
        return reinterpret_cast<typename Global::DType*>(fifo_.slot_address(sequence) +
                                                         part_of_slot<split>(core_, fifo_, entry));
    }

    void record(EventKind kind, pipe_t pipe, uint64_t sequence) {
        if constexpr (kTrace) {
            Event& event = core_.log->add(op_, kind, pipe, line_);
            event.fifo = fifo_.spec.flag_base;
            event.sequence = static_cast<int64_t>(sequence);
        }
    }

    OpId op_;
    int line_;
    Core& core_;
    Fifo& fifo_;
};

}  // namespace host

/// Binds the entry to the next free slot; waits until every consumer has freed it.
template <typename Pipe, typename Global, TileSplitAxis split>
PTO_OUT_OF_LINE void TALLOC(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::FifoStep<Pipe, Global, split> step(host::OpId::TALLOC, pipe, line);
    step.acquire(pipe.fifo().allocated, entry, host::EventKind::Alloc, PIPE_MTE3);
}

/// Tells the consumers that the slot is full. Both vector cores must push before the cube may pop.
template <typename Pipe, typename Global, TileSplitAxis split>
PTO_OUT_OF_LINE void TPUSH(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::FifoStep<Pipe, Global, split> step(host::OpId::TPUSH, pipe, line);
    host::Fifo& fifo = pipe.fifo();
    const int self = step.core().subblock;
    constexpr pipe_t store_pipe = Pipe::kDirection == Direction::DIR_C2V ? PIPE_FIX : PIPE_MTE3;
    if (fifo.pushed[self] < fifo.allocated[self]) step.require_oldest(fifo.pushed[self], entry);
    step.pass_on(fifo.pushed, fifo.allocated[self], host::EventKind::Push, store_pipe, "TALLOC");
}

/// Binds the entry to this core's part of the next full slot; waits until every producer has pushed it.
template <typename Pipe, typename Global, TileSplitAxis split>
PTO_OUT_OF_LINE void TPOP(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::FifoStep<Pipe, Global, split> step(host::OpId::TPOP, pipe, line);
    step.acquire(pipe.fifo().popped, entry, host::EventKind::Pop, PIPE_MTE2);
}

/// Gives the oldest slot back. Both vector cores must free before the cube may reuse it.
template <typename Pipe, TileSplitAxis split>
PTO_OUT_OF_LINE void TFREE(Pipe& pipe, int line = __builtin_LINE()) {
    using AnyEntry = GlobalTensor<float, Shape<1, 1, 1, 1, 1>, Stride<1, 1, 1, 1, 1>>;
    host::FifoStep<Pipe, AnyEntry, split> step(host::OpId::TFREE, pipe, line);
    host::Fifo& fifo = pipe.fifo();
    step.pass_on(fifo.freed, fifo.popped[step.core().subblock], host::EventKind::Free, PIPE_S, "TPOP");
}

/// As above; the entry must be the one that was popped first.
template <typename Pipe, typename Global, TileSplitAxis split>
PTO_OUT_OF_LINE void TFREE(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::Fifo& fifo = pipe.fifo();
    host::FifoStep<Pipe, Global, split> step(host::OpId::TFREE, pipe, line);
    const int self = step.core().subblock;
    if (fifo.freed[self] < fifo.popped[self]) step.require_oldest(fifo.freed[self], entry);
    step.pass_on(fifo.freed, fifo.popped[self], host::EventKind::Free, PIPE_S, "TPOP");
}

}  // namespace pto
