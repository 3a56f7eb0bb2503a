// FIFOs through global memory between the cube core and its two vector cores.
#include <string>

#include "pto/machine/operations.hpp"
#include "runtime/machine/block.hpp"
#include "runtime/machine/core.hpp"

namespace pto::host {

namespace {

/// Bytes from the slot's start to the part of a vector core: as many entries (or rows of one) as there are vector cores
/// before it, whatever the size of the slot.
uint64_t part_of_slot(TileSplitAxis split, CoreKind kind, int subblock, const View& entry) {
    if (kind == CoreKind::Cube || split == TileSplitAxis::TILE_NO_SPLIT) return 0;
    const int64_t rows = split == TileSplitAxis::TILE_UP_DOWN ? entry.shape[3] : 1;
    return static_cast<uint64_t>(rows * entry.shape[4] * subblock) * size_of(entry.dtype);
}

/// One step of the FIFO protocol on the current core.
class FifoStep {
  public:
    FifoStep(OpId op, Fifo& fifo, TileSplitAxis split, const View& entry, int line)
        : op_(op), line_(line), core_(Core::current(line)), fifo_(fifo), split_(split), entry_(entry) {
        const bool producing = op == OpId::TALLOC || op == OpId::TPUSH;
        if (producing != fifo_.produces(core_.kind)) {
            core_.fail_fifo(
                op, fifo_, line,
                producing ? "only the producing side allocates and pushes" : "only the consuming side pops and frees");
        }
        fifo_.split = split;
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

    /// Waits for the next slot; returns the address of this core's part of it.
    uint64_t acquire(uint64_t (&counters)[kSubblocks], EventKind kind, pipe_t pipe) {
        require_inside_slot();
        core_.wait_for(fifo_, op_, line_);
        const uint64_t sequence = counters[core_.subblock]++;
        if (kind == EventKind::Alloc) {
            // A slot in which a tile stays would have to be read before it is written.
            fifo_.places.take(sequence, [this](uint32_t place) {
                const uint64_t begin = fifo_.spec.slot_address(place);
                return core_.block.has_lazy_tiles_in(begin, begin + fifo_.spec.slot_bytes);
            });
        }
        record(kind, pipe, sequence);
        return part_address(sequence);
    }

    /// Passes on the oldest slot of the `held` ones that this core has acquired so far.
    void pass_on(uint64_t (&counters)[kSubblocks], const uint64_t (&held)[kSubblocks], EventKind kind, pipe_t pipe,
                 const char* missing) {
        const uint64_t sequence = counters[core_.subblock];
        if (sequence >= held[core_.subblock]) {
            core_.fail_fifo(op_, fifo_, line_,
                            "number " + std::to_string(sequence) + " has no " + missing + " before it");
        }
        require_oldest(sequence);
        ++counters[core_.subblock];
        record(kind, pipe, sequence);
        if (kind == EventKind::Free) fifo_.places.give_back(fifo_.given_back());
        core_.let_waiting_go_on(fifo_, kind == EventKind::Free ? OpId::TALLOC : OpId::TPOP);
    }

  private:
    /// The parts of all vector cores must lie inside the slot.
    void require_inside_slot() const {
        const uint64_t bytes = static_cast<uint64_t>(entry_.extent()) * size_of(entry_.dtype);
        const uint64_t last = part_of_slot(split_, core_.kind, kSubblocks - 1, entry_);
        if (last + bytes <= fifo_.spec.slot_bytes) return;
        core_.fail_fifo(op_, fifo_, line_,
                        "the entry has " + std::to_string(bytes) + " bytes" +
                            (last == 0 ? "" : ", and that of vec1 begins at byte " + std::to_string(last)) +
                            ": it ends beyond its slot of " + std::to_string(fifo_.spec.slot_bytes) +
                            (last == 0 ? "" : ". On a vector core an entry is half of a slot that is split"));
    }

    /// Slots are passed on in the order in which they were acquired.
    void require_oldest(uint64_t sequence) const {
        if (entry_.address == part_address(sequence)) return;
        const uint64_t bound = (entry_.address - fifo_.spec.gm_base) / fifo_.spec.slot_bytes;
        core_.fail_fifo(op_, fifo_, line_,
                        (bound < fifo_.spec.slots ? "the entry is bound to slot " + std::to_string(bound)
                                                  : std::string("the entry is not bound to a slot")) +
                            ", but the oldest slot this core holds is " + std::to_string(fifo_.slot_of(sequence)) +
                            ": slots are passed on in the order they were acquired");
    }

    uint64_t part_address(uint64_t sequence) const {
        return fifo_.slot_address(sequence) + part_of_slot(split_, core_.kind, core_.subblock, entry_);
    }

    void record(EventKind kind, pipe_t pipe, uint64_t sequence) {
        if (!kTrace) return;
        Event& event = core_.log->add(op_, kind, pipe, line_);
        event.fifo = fifo_.spec.flag_base;
        event.sequence = static_cast<int64_t>(sequence);
    }

    OpId op_;
    int line_;
    Core& core_;
    Fifo& fifo_;
    TileSplitAxis split_;
    const View& entry_;
};

}  // namespace

Fifo& open_fifo(const FifoSpec& spec, int line) { return Core::current(line).open_fifo(spec, line); }

uint64_t acquire_slot(OpId op, Fifo& fifo, TileSplitAxis split, const View& entry, int line) {
    FifoStep step(op, fifo, split, entry, line);
    if (op == OpId::TALLOC) return step.acquire(fifo.allocated, EventKind::Alloc, PIPE_MTE3);
    step.require_none_held();
    return step.acquire(fifo.popped, EventKind::Pop, PIPE_MTE2);
}

void pass_slot_on(OpId op, Fifo& fifo, TileSplitAxis split, const View& entry, int line) {
    FifoStep step(op, fifo, split, entry, line);
    if (op == OpId::TFREE) return step.pass_on(fifo.freed, fifo.popped, EventKind::Free, PIPE_S, "TPOP");
    const pipe_t store_pipe = fifo.spec.direction == Direction::DIR_C2V ? PIPE_FIX : PIPE_MTE3;
    step.pass_on(fifo.pushed, fifo.allocated, EventKind::Push, store_pipe, "TALLOC");
}

void refuse_free_without_entry(const Fifo& fifo, int line) {
    Core::current(line).fail_fifo(
        OpId::TFREE, fifo, line,
        "without the entry it frees nothing on the device, and the producer would wait for ever: name the entry");
}

}  // namespace pto::host
