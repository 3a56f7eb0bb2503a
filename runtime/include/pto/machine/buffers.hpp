// On-chip memories of one core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

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
    OnChipMemory(CoreKind kind, bool allocate) {
        if (!allocate) return;
        for (int b = 0; b < kBufferCount; ++b) {
            if (!has_buffer(kind, static_cast<Buffer>(b))) continue;
            offset_[b] = size_;
            size_ += kBuffers[b].bytes * kBuffers[b].spread;
        }
        size_ = (size_ + kHostAlignment - 1) / kHostAlignment * kHostAlignment;
        bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(kHostAlignment, size_)));
        if (!bytes_) throw std::bad_alloc();
    }

    std::byte* base(Buffer buffer) { return bytes_.get() + offset_[static_cast<int>(buffer)]; }

    /// All bits one: reads of what nobody wrote are NaN in every float type.
    void poison() {
        if (bytes_) std::memset(bytes_.get(), 0xff, size_);
    }

  private:
    static constexpr size_t kHostAlignment = 4096;
    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };
    size_t size_ = 0;
    size_t offset_[kBufferCount] = {};
    std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace pto::host
