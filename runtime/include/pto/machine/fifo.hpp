// State of one FIFO between the cube core and the two vector cores of a block.
#pragma once

#include <cstdint>

#include "pto/common/enums.hpp"
#include "pto/machine/buffers.hpp"
#include "pto/machine/isa.hpp"

namespace pto::host {

/// Slots that consumers give back at a time.
inline constexpr uint32_t release_batch(uint32_t slots) { return kReleaseBatches[slots]; }

/// What both sides of a FIFO must agree on.
struct FifoSpec {
    uint32_t flag_base;
    Direction direction;
    uint64_t slot_bytes;
    uint32_t slots;
    uint64_t gm_base;

    /// Where a slot begins.
    uint64_t slot_address(uint64_t slot) const { return gm_base + slot * slot_bytes; }
    /// Whether an address lies in one.
    bool has(uint64_t address) const { return gm_base <= address && address < slot_address(slots); }

    bool operator==(const FifoSpec& other) const {
        return flag_base == other.flag_base && direction == other.direction && slot_bytes == other.slot_bytes &&
               slots == other.slots && gm_base == other.gm_base;
    }
};

inline const char* name(Direction direction) { return direction == Direction::DIR_C2V ? "c2v" : "v2c"; }

/// Where the slots of sequence numbers lie: on the device they go round. A launch that saves time (LaunchRequest::fill)
/// gives a producer the place that was given back last instead: the caches of the host still hold it. Kernels that
/// touch only slots that they hold compute the same.
class SlotPlaces {
  public:
    explicit SlotPlaces(uint32_t slots) : slots_(slots), free_count_(slots) {
        for (uint32_t s = 0; s < slots; ++s) {
            place_[s] = s;
            free_[slots - 1 - s] = s;
        }
    }

    void reuse_last() { reuses_last_ = true; }

    uint32_t operator[](uint64_t sequence) const { return place_[sequence % slots_]; }

    /// A producing core gets the slot of `sequence`; the first one finds it a place: the last one for which `in_use` is
    /// not true, if there is one.
    template <typename InUse>
    void take(uint64_t sequence, InUse in_use) {
        if (!reuses_last_ || sequence < taken_) return;
        taken_ = sequence + 1;
        uint32_t last = free_count_ - 1;
        for (uint32_t i = free_count_; i-- > 0;) {
            if (in_use(free_[i])) continue;
            last = i;
            break;
        }
        place_[sequence % slots_] = free_[last];
        for (--free_count_; last < free_count_; ++last) free_[last] = free_[last + 1];
    }

    /// All consuming cores have given back the slots of the sequence numbers before `end`.
    void give_back(uint64_t end) {
        if (!reuses_last_) return;
        for (; given_back_ < end; ++given_back_) free_[free_count_++] = (*this)[given_back_];
    }

  private:
    const uint32_t slots_;
    bool reuses_last_ = false;
    uint32_t place_[kMaxFlagCount];  ///< by sequence number modulo slots
    uint32_t free_[kMaxFlagCount];   ///< a stack
    uint32_t free_count_;
    uint64_t taken_ = 0;
    uint64_t given_back_ = 0;
};

/// Counters per core of each side; the n-th operation of a core concerns the slot of sequence number n.
class Fifo {
  public:
    explicit Fifo(const FifoSpec& spec) : spec(spec), places(spec.slots) {}

    const FifoSpec spec;
    TileSplitAxis split = TileSplitAxis::TILE_NO_SPLIT;
    uint64_t allocated[kSubblocks] = {};
    uint64_t pushed[kSubblocks] = {};
    uint64_t popped[kSubblocks] = {};
    uint64_t freed[kSubblocks] = {};
    SlotPlaces places;

    bool produces(CoreKind kind) const { return (spec.direction == Direction::DIR_C2V) == (kind == CoreKind::Cube); }
    CoreKind producer() const { return spec.direction == Direction::DIR_C2V ? CoreKind::Cube : CoreKind::Vec; }
    CoreKind consumer() const { return spec.direction == Direction::DIR_C2V ? CoreKind::Vec : CoreKind::Cube; }

    /// Slots that every producing core has pushed.
    uint64_t full() const { return all_of(producer(), pushed); }
    /// Slots that every consuming core has given back.
    uint64_t given_back() const { return all_of(consumer(), freed); }
    /// Those of them that the producers know of: the signal comes once per batch.
    uint64_t released() const { return given_back() / batch() * batch(); }
    uint64_t batch() const { return release_batch(spec.slots); }

    /// A producer waits where a batch begins, for the whole batch; the slots after it have been waited for already.
    bool can_allocate(int subblock) const {
        const uint64_t sequence = allocated[subblock];
        if (sequence < spec.slots || sequence % batch() != 0) return true;
        return sequence + batch() <= released() + spec.slots;
    }
    bool can_pop(int subblock) const { return popped[subblock] < full(); }

    /// Whether everything was handed over and given back: no signal is left over for the next launch.
    bool balanced() const {
        for (int subblock = 0; subblock < kSubblocks; ++subblock) {
            const bool produces = producer() == CoreKind::Vec || subblock == 0;
            const bool consumes = consumer() == CoreKind::Vec || subblock == 0;
            if (produces && (allocated[subblock] != full() || pushed[subblock] != full())) return false;
            if (consumes && (popped[subblock] != full() || freed[subblock] != full())) return false;
        }
        return true;
    }

    uint64_t slot_of(uint64_t sequence) const { return places[sequence]; }
    uint64_t slot_address(uint64_t sequence) const { return spec.slot_address(slot_of(sequence)); }

  private:
    static uint64_t all_of(CoreKind side, const uint64_t (&counters)[kSubblocks]) {
        const uint64_t first = counters[0], second = counters[1];
        return side == CoreKind::Cube || first < second ? first : second;
    }
};

}  // namespace pto::host
