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
    static_assert(Slots <= host::kMaxFlagCount, "a TPipe has at most 14 slots: its flags count to 15");
    static_assert(Slots % host::release_batch(Slots) == 0,
                  "a TPipe has an even number of slots, or 1 or 3: slots are given back by halves of the ring, so that "
                  "with another odd number one would be overwritten while it is read");
    static_assert(FlagBase >= 0 && FlagBase + host::kFlagsPerFifo <= host::kCrossCoreFlags,
                  "a TPipe uses two of the flags 0 to 15, from its flag base on");
    static_assert(FlagBase + host::kFlagsPerFifo <= host::kFirstSyncAllFlag || FlagBase > host::kLastSyncAllFlag,
                  "a TPipe must leave the flags 11 to 14 to SYNCALL");

    /// `slots`: where the slots of this block begin in global memory; the other two are on-chip addresses of the
    /// device.
    template <typename Pointer>
    explicit TPipe(Pointer slots, uint64_t = 0, uint64_t = 0, int line = __builtin_LINE())
        : fifo_(
              &host::Core::current(line).open_fifo({FlagBase, Dir, SlotBytes, Slots, host::gm_address(slots)}, line)) {}

    host::Fifo& fifo() const { return *fifo_; }

  private:
    host::Fifo* fifo_;
};

namespace host {

/// Bytes from the slot's start to the part of a vector core: as many entries (or rows of one) as there are vector cores
/// before it, whatever the size of the slot.
template <TileSplitAxis split, typename Global>
uint64_t part_of_slot(CoreKind kind, int subblock, const Global& entry) {
    if (kind == CoreKind::Cube || split == TileSplitAxis::TILE_NO_SPLIT) return 0;
    const int64_t rows = split == TileSplitAxis::TILE_UP_DOWN ? entry.shape(3) : 1;
    return static_cast<uint64_t>(rows * entry.shape(4) * subblock) * sizeof(typename Global::DType);
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

    /// The parts of all vector cores must lie inside the slot.
    void require_inside_slot(const Global& entry) const {
        const uint64_t bytes = static_cast<uint64_t>(entry.extent()) * sizeof(typename Global::DType);
        const uint64_t last = part_of_slot<split>(core_.kind, kSubblocks - 1, entry);
        if (last + bytes <= fifo_.spec.slot_bytes) return;
        core_.fail_fifo(op_, fifo_, line_,
                        "the entry has " + std::to_string(bytes) + " bytes" +
                            (last == 0 ? "" : ", and that of vec1 begins at byte " + std::to_string(last)) +
                            ": it ends beyond its slot of " + std::to_string(fifo_.spec.slot_bytes) +
                            (last == 0 ? "" : ". On a vector core an entry is half of a slot that is split"));
    }

    /// The device frees the entry that was popped last, so there must be one at a time.
    void require_none_held() const {
        if (fifo_.popped[core_.subblock] == fifo_.freed[core_.subblock]) return;
        core_.fail_fifo(
            op_, fifo_, line_,
            "number " + std::to_string(fifo_.freed[core_.subblock]) +
                " is popped and not freed yet: TFREE frees what was popped last, so call it before the next "
                "TPOP");
    }

    /// Waits for the next slot and binds the entry to this core's part of it.
    void acquire(uint64_t (&counters)[kSubblocks], Global& entry, EventKind kind, pipe_t pipe) {
        require_inside_slot(entry);
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
        const uint64_t address = gm_address(entry.data());
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
                                                         part_of_slot<split>(core_.kind, core_.subblock, entry));
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
    step.require_none_held();
    step.acquire(pipe.fifo().popped, entry, host::EventKind::Pop, PIPE_MTE2);
}

/// Without an entry, the device's TFREE does nothing: it is for FIFOs of tiles, whose TPOP has freed the slot already.
template <typename Pipe, TileSplitAxis split>
PTO_OUT_OF_LINE void TFREE(Pipe& pipe, int line = __builtin_LINE()) {
    host::Core::current(line).fail_fifo(
        host::OpId::TFREE, pipe.fifo(), line,
        "without the entry it frees nothing on the device, and the producer would wait for ever: name the entry");
}

/// Gives the slot of the entry back. Both vector cores must free before the cube may reuse it.
template <typename Pipe, typename Global, TileSplitAxis split>
PTO_OUT_OF_LINE void TFREE(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::Fifo& fifo = pipe.fifo();
    host::FifoStep<Pipe, Global, split> step(host::OpId::TFREE, pipe, line);
    const int self = step.core().subblock;
    if (fifo.freed[self] < fifo.popped[self]) step.require_oldest(fifo.freed[self], entry);
    step.pass_on(fifo.freed, fifo.popped[self], host::EventKind::Free, PIPE_S, "TPOP");
}

}  // namespace pto
