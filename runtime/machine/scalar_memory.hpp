// Trace mode: what the scalar unit of a block's cores finds in global memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "pto/machine/fifo.hpp"
#include "runtime/machine/trace.hpp"

namespace pto::host {

/// The launch's arrays as they were given, over them what scalars of this block have stored, and the places where its
/// tile operations have: those compute nothing in trace mode, so what lies there is unknown.
class ScalarMemory {
  public:
    /// `logs`: those of the block's cores, which say what tile operations have stored so far.
    explicit ScalarMemory(const CoreLog* logs) : logs_(logs) {}

    /// Reads `size` bytes; false if one of them is unknown.
    bool load(uint64_t begin, size_t size, std::byte* out);
    /// Stores `size` bytes. Once an unknown value was loaded, what is stored may depend on it, and is unknown, too.
    void store(uint64_t begin, size_t size, const std::byte* bytes);

    /// An unknown value was loaded elsewhere: what is stored from now on may depend on it.
    void forget_what_follows() { unknown_was_loaded_ = true; }

  private:
    void absorb_tile_stores();
    void absorb(const Access& access);
    void forget(uint64_t begin, uint64_t end);
    bool unknown(uint64_t address) const;

    const CoreLog* logs_;
    size_t absorbed_[1 + kSubblocks] = {};  ///< events of each core that are already in `unknown_`
    std::map<uint64_t, std::byte> stored_;  ///< bytes that scalars have stored
    std::map<uint64_t, uint64_t> unknown_;  ///< begin -> end of disjoint ranges that tile operations have stored
    bool unknown_was_loaded_ = false;
};

}  // namespace pto::host
