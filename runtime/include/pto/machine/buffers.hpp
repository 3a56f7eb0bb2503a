// On-chip memories of one core.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/common/enums.hpp"

namespace pto::host {

/// Memories in the numbering of the trace format.
enum class Buffer : uint8_t { Gm, Ub, L1, L0a, L0b, L0c, BiasTable };
inline constexpr int kBufferCount = 7;

struct BufferInfo {
    const char* name;
    size_t bytes;   ///< size on the hardware (A3, dav-2201)
    size_t spread;  ///< host bytes per hardware byte: L0A and L0B hold every element as 32 bits
};

inline constexpr BufferInfo kBuffers[kBufferCount] = {
    {"GM", 0, 1},          {"UB", 192 * 1024, 1},  {"L1", 512 * 1024, 1}, {"L0A", 64 * 1024, 4},
    {"L0B", 64 * 1024, 4}, {"L0C", 128 * 1024, 1}, {"BT", 1 * 1024, 1}};

inline constexpr const BufferInfo& info(Buffer buffer) { return kBuffers[static_cast<int>(buffer)]; }

/// Tile addresses must be multiples of this on every on-chip memory.
inline constexpr uint64_t kTileAlignment = 32;

/// Bytes of UB that the device library uses without being told: the row values of TROWEXPANDADD and its like, 32 bytes
/// a row, and work space of some others. The numbers are those of isa/a3.py.
inline constexpr uint64_t kLibraryScratchStart = 184 * 1024;
inline constexpr uint64_t kLibraryScratchBytes = 8 * 1024;

/// Rows that a vec tile can have.
inline constexpr int kMaxVecRows = 4095;

/// Elements from one row to the next that a load into L1 can have.
inline constexpr int64_t kMaxCubeRowStride = 65535;

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
    }
    return Buffer::Gm;
}

enum class CoreKind : uint8_t { Cube, Vec };

inline constexpr bool has_buffer(CoreKind kind, Buffer buffer) {
    return buffer != Buffer::Gm && (buffer == Buffer::Ub) == (kind == CoreKind::Vec);
}

/// The memories of one core. Trace mode moves no data and allocates nothing.
class OnChipMemory {
  public:
    /// Throws std::bad_alloc.
    OnChipMemory(CoreKind kind, bool allocate);
    ~OnChipMemory();
    OnChipMemory(const OnChipMemory&) = delete;
    OnChipMemory& operator=(const OnChipMemory&) = delete;

    std::byte* base(Buffer buffer) { return bytes_ + offset_[static_cast<int>(buffer)]; }

    /// All bits one: reads of what nobody wrote are NaN in every float type.
    void poison();

  private:
    size_t size_ = 0;
    size_t offset_[kBufferCount] = {};
    std::byte* bytes_ = nullptr;
};

}  // namespace pto::host
