// On-chip memories of one core.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/common/enums.hpp"
#include "pto/machine/isa.hpp"

namespace pto::host {

/// Memories in the numbering of the trace format.
enum class Buffer : uint8_t {
#define PTO_ENUMERATOR(ID, NAME, BYTES) ID,
    PTO_MEMORIES(PTO_ENUMERATOR)
#undef PTO_ENUMERATOR
};

struct BufferInfo {
    const char* name;
    size_t bytes;   ///< size on the hardware (A3, dav-2201)
    size_t spread;  ///< host bytes per hardware byte: L0A and L0B hold every element as 32 bits
};

inline constexpr BufferInfo kBuffers[] = {
#define PTO_INFO(ID, NAME, BYTES) {NAME, BYTES, Buffer::ID == Buffer::L0a || Buffer::ID == Buffer::L0b ? 4 : 1},
    PTO_MEMORIES(PTO_INFO)
#undef PTO_INFO
};
inline constexpr int kBufferCount = static_cast<int>(sizeof kBuffers / sizeof kBuffers[0]);

inline constexpr const BufferInfo& info(Buffer buffer) { return kBuffers[static_cast<int>(buffer)]; }

inline constexpr Buffer home_of(TileType type) {
    switch (type) {
        case TileType::Vec:
            return Buffer::Ub;
        case TileType::Mat:
            return Buffer::L1;
        case TileType::Left:
            return Buffer::L0a;
        case TileType::Right:
            return Buffer::L0b;
        case TileType::Acc:
            return Buffer::L0c;
        case TileType::Bias:
            return Buffer::BiasTable;
        case TileType::Scaling:
            return Buffer::FixBuffer;
    }
    return Buffer::Gm;
}

enum class CoreKind : uint8_t { Cube, Vec };

}  // namespace pto::host
