// FIFOs through global memory between the cube core and its two vector cores.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/machine/fifo.hpp"
#include "pto/machine/operations.hpp"
#include "pto/tile/global_tensor.hpp"

namespace pto {

/// A handle of one core on a FIFO of `Slots` slots of `SlotBytes` bytes in global memory. Handles with the same flag
/// base in one block share the FIFO. If its entries are tiles, LocalSlots of them lie on the consumer's chip. NoSplit
/// is what each operation says again as its TileSplitAxis. DIR_BOTH is two FIFOs: the cube's first, then, behind its
/// flags and its slots, that of the vector cores.
template <int FlagBase, Direction Dir, int SlotBytes, int Slots, int LocalSlots = Slots, bool NoSplit = false>
class TPipe {
  public:
    static constexpr Direction kDirection = Dir;
    static constexpr int kFlags = host::kFlagsPerFifo * (Dir == Direction::DIR_BOTH ? 2 : 1);
    static_assert(Dir == Direction::DIR_C2V || Dir == Direction::DIR_V2C || Dir == Direction::DIR_BOTH,
                  "a TPipe is Direction::DIR_C2V, Direction::DIR_V2C or Direction::DIR_BOTH");
    static_assert(SlotBytes > 0 && Slots > 0, "a TPipe needs at least one slot of at least one byte");
    static_assert(Slots <= host::kMaxFlagCount, "a TPipe has at most 14 slots: its flags count to 15");
    static_assert(Slots % host::release_batch(Slots) == 0,
                  "a TPipe has an even number of slots, or 1 or 3: slots are given back by halves of the ring, so that "
                  "with another odd number one would be overwritten while it is read");
    static_assert(FlagBase >= 0 && FlagBase + kFlags <= host::kCrossCoreFlags,
                  "a TPipe uses two of the flags 0 to 15 for each direction, from its flag base on");
    static_assert(FlagBase + kFlags <= host::kFirstSyncAllFlag || FlagBase > host::kLastSyncAllFlag,
                  "a TPipe must leave the flags 11 to 14 to SYNCALL");

    /// `slots`: where the slots of this block begin in global memory; the other two are where the consumer keeps tiles
    /// that it pops.
    template <typename Pointer>
    explicit TPipe(Pointer slots, uint64_t ring_in_ub = 0, uint64_t ring_in_l1 = 0, int line = __builtin_LINE())
        : fifo_(&host::open_fifo({FlagBase, Dir == Direction::DIR_V2C ? Dir : Direction::DIR_C2V, SlotBytes, Slots,
                                  host::gm_address(slots)},
                                 line)),
          back_(fifo_),
          rings_{ring_in_ub, ring_in_l1} {
        if constexpr (Dir == Direction::DIR_BOTH) {
            back_ = &host::open_fifo({FlagBase + host::kFlagsPerFifo, Direction::DIR_V2C, SlotBytes, Slots,
                                      host::gm_address(slots) + uint64_t{Slots} * SlotBytes},
                                     line);
        }
    }

    /// The FIFO that this core fills (`producing`) or empties; there is one only unless it goes both ways.
    host::Fifo& fifo(bool producing, int line) const {
        if constexpr (Dir != Direction::DIR_BOTH) return *fifo_;
        return fifo_->produces(host::core_kind(line)) == producing ? *fifo_ : *back_;
    }
    /// Where on chip the tile number `sequence` of a FIFO goes.
    uint64_t local_address(const host::Fifo& fifo, uint64_t sequence) const {
        return rings_[fifo.spec.direction == Direction::DIR_C2V ? 0 : 1] + sequence % LocalSlots * SlotBytes;
    }

    /// Whether entries are tiles: the operations say so.
    bool of_tiles = false;

  private:
    host::Fifo* fifo_;
    host::Fifo* back_;
    uint64_t rings_[2];
};

namespace host {

template <typename Global>
constexpr void check_entry() {
    static_assert(is_global<Global>, "entries of a FIFO are GlobalTensors, or tiles that are pushed and popped");
}

/// Binds the entry to the slot that an operation waits for.
template <TileSplitAxis split, typename Pipe, typename Global>
void acquire(OpId op, Pipe& pipe, Global& entry, int line) {
    check_entry<Global>();
    const uint64_t address = acquire_slot(op, pipe.fifo(op == OpId::TALLOC, line), split, entry.view(), line);
    entry.assign(reinterpret_cast<typename Global::DType*>(address));
}

/// A tile's valid part in a slot: row-major, and as wide as the whole slot's where it is the left or the right half.
using SlotShape = Shape<1, 1, 1, kDynamic, kDynamic>;
using SlotStride = Stride<kDynamic, kDynamic, kDynamic, kDynamic, 1>;
template <typename Tile>
using SlotView = GlobalTensor<typename Tile::DType, SlotShape, SlotStride>;

template <TileSplitAxis split, typename Tile>
SlotView<Tile> slot_view(const Tile& tile) {
    constexpr bool half_width = Tile::Loc == TileType::Vec && split == TileSplitAxis::TILE_LEFT_RIGHT;
    const int64_t rows = tile.GetValidRow(), cols = tile.GetValidCol();
    const int64_t pitch = half_width ? cols * kSubblocks : cols;
    const int64_t plane = rows * pitch;
    return SlotView<Tile>(nullptr, SlotShape(rows, cols), SlotStride(plane, plane, plane, pitch));
}

template <typename Pipe, typename Tile, TileSplitAxis split>
void push_tile(Pipe& pipe, const Tile& tile, int line);
template <typename Pipe, typename Tile, TileSplitAxis split>
void pop_tile(Pipe& pipe, Tile& tile, int line);

}  // namespace host

/// Binds the entry to the next free slot; waits until every consumer has freed it.
template <typename Pipe, typename Global, TileSplitAxis split>
void TALLOC(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::acquire<split>(host::OpId::TALLOC, pipe, entry, line);
}

/// Tells the consumers that the slot is full. Both vector cores must push before the cube may pop.
template <typename Pipe, typename Global, TileSplitAxis split>
void TPUSH(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    if constexpr (host::is_tile<Global>) {
        host::push_tile<Pipe, Global, split>(pipe, entry, line);
    } else {
        host::check_entry<Global>();
        host::pass_slot_on(host::OpId::TPUSH, pipe.fifo(true, line), split, entry.view(), line);
    }
}

/// Binds the entry to this core's part of the next full slot; waits until every producer has pushed it.
template <typename Pipe, typename Global, TileSplitAxis split>
void TPOP(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    if constexpr (host::is_tile<Global>) {
        host::pop_tile<Pipe, Global, split>(pipe, entry, line);
    } else {
        host::acquire<split>(host::OpId::TPOP, pipe, entry, line);
    }
}

/// Without an entry, the device's TFREE does nothing: it is for FIFOs of tiles, whose TPOP has freed the slot already.
template <typename Pipe, TileSplitAxis split>
void TFREE(Pipe& pipe, int line = __builtin_LINE()) {
    if (!pipe.of_tiles) host::refuse_free_without_entry(pipe.fifo(false, line), line);
}

/// Gives the slot of the entry back. Both vector cores must free before the cube may reuse it.
template <typename Pipe, typename Global, TileSplitAxis split>
void TFREE(Pipe& pipe, Global& entry, int line = __builtin_LINE()) {
    host::check_entry<Global>();
    host::pass_slot_on(host::OpId::TFREE, pipe.fifo(false, line), split, entry.view(), line);
}

namespace host {

/// Stores the tile into the next slot, once it is free.
template <typename Pipe, typename Tile, TileSplitAxis split>
void push_tile(Pipe& pipe, const Tile& tile, int line) {
    pipe.of_tiles = true;
    auto entry = slot_view<split>(tile);
    TALLOC<Pipe, SlotView<Tile>, split>(pipe, entry, line);
    TSTORE(entry, tile, line);
    TPUSH<Pipe, SlotView<Tile>, split>(pipe, entry, line);
}

/// Loads the next slot into the consumer's ring, once it is full, and frees it.
template <typename Pipe, typename Tile, TileSplitAxis split>
void pop_tile(Pipe& pipe, Tile& tile, int line) {
    pipe.of_tiles = true;
    const Fifo& fifo = pipe.fifo(false, line);
    TASSIGN(tile, pipe.local_address(fifo, fifo.popped[subblock(line)]), line);
    auto entry = slot_view<split>(tile);
    TPOP<Pipe, SlotView<Tile>, split>(pipe, entry, line);
    TLOAD(tile, entry, line);
    TFREE<Pipe, SlotView<Tile>, split>(pipe, entry, line);
}

}  // namespace host

}  // namespace pto
