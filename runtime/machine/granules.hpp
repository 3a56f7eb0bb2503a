// Parts of a core's memories, a bit for each: tiles without a common part share no byte. Most questions whether tiles
// do are answered by that.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pto/machine/buffers.hpp"
#include "runtime/machine/memory.hpp"

namespace pto::host {

/// A vector core has UB alone, where tiles are small.
inline constexpr int granule_shift(Buffer buffer) { return buffer == Buffer::Ub ? 12 : 14; }

/// Memories of one core have bits of their own.
inline constexpr int first_granule(Buffer buffer) {
    const CoreKind kind = has_buffer(CoreKind::Vec, buffer) ? CoreKind::Vec : CoreKind::Cube;
    int first = 0;
    for (int b = 0; b < static_cast<int>(buffer); ++b) {
        const auto other = static_cast<Buffer>(b);
        if (has_buffer(kind, other)) first += static_cast<int>((info(other).bytes - 1) >> granule_shift(other)) + 1;
    }
    return first;
}

inline constexpr int kGranules = 64;
static_assert(first_granule(Buffer::FixBuffer) < kGranules &&
                  (info(Buffer::Ub).bytes >> granule_shift(Buffer::Ub)) <= kGranules,
              "the last memory of each core has a bit");

/// The parts in which bytes [begin, end) of a memory lie.
inline uint64_t granules_of(Buffer buffer, uint64_t begin, uint64_t end) {
    if (begin == end) return 0;
    constexpr int kFirst[kBufferCount] = {first_granule(Buffer::Gm),        first_granule(Buffer::Ub),
                                          first_granule(Buffer::L1),        first_granule(Buffer::L0a),
                                          first_granule(Buffer::L0b),       first_granule(Buffer::L0c),
                                          first_granule(Buffer::BiasTable), first_granule(Buffer::FixBuffer)};
    const int shift = granule_shift(buffer), first = kFirst[static_cast<int>(buffer)];
    // A tile may end behind its memory, if the valid part does not.
    const uint64_t last = std::min<uint64_t>(first + ((end - 1) >> shift), kGranules - 1);
    return ~uint64_t{0} << (first + (begin >> shift)) & ~uint64_t{0} >> (kGranules - 1 - last);
}

}  // namespace pto::host
