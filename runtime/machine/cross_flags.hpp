// Flags between the cores of a block that a kernel sets and waits for by hand.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pto/machine/buffers.hpp"
#include "pto/machine/isa.hpp"

namespace pto::host {

/// Counters of sets and waits. What the cube core sets, each of its vector cores sees; the cube core sees what both of
/// them have set.
class CrossFlags {
  public:
    void set(CoreKind kind, int subblock, int flag) { ++sets_[index(kind, subblock)][flag]; }
    void take(CoreKind kind, int subblock, int flag) { ++waits_[index(kind, subblock)][flag]; }

    /// How often a core can still wait for a flag without being held back.
    uint64_t pending(CoreKind kind, int subblock, int flag) const {
        const uint64_t seen = kind == CoreKind::Cube ? std::min(sets_[1][flag], sets_[2][flag]) : sets_[0][flag];
        return seen - waits_[index(kind, subblock)][flag];
    }

    /// Whether each core has waited as often as those that it sees have set.
    bool balanced(int flag) const {
        return sets_[1][flag] == sets_[2][flag] && pending(CoreKind::Cube, 0, flag) == 0 &&
               pending(CoreKind::Vec, 0, flag) == 0 && pending(CoreKind::Vec, 1, flag) == 0;
    }

    uint64_t sets(CoreKind kind, int subblock, int flag) const { return sets_[index(kind, subblock)][flag]; }

  private:
    static int index(CoreKind kind, int subblock) { return kind == CoreKind::Cube ? 0 : 1 + subblock; }

    uint64_t sets_[1 + kSubblocks][kCrossCoreFlags] = {};
    uint64_t waits_[1 + kSubblocks][kCrossCoreFlags] = {};
};

}  // namespace pto::host
