// On-chip memories of one core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

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
inline constexpr int kBufferCount = static_cast<int>(std::size(kBuffers));

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
