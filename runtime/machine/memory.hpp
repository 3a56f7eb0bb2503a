// On-chip memories of one core.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pto/machine/buffers.hpp"

namespace pto::host {

/// Byte of what nobody wrote: repeated, it is NaN in every float type.
inline constexpr int kNotANumber = 0xff;

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

    /// A tile has been placed that ends at this byte of a memory of the hardware.
    void cover(Buffer buffer, uint64_t end) {
        uint64_t& covered = covered_[static_cast<int>(buffer)];
        if (end > covered) covered = end;
    }

    /// Makes NaN, in every float type, of all that tiles have covered since the last time: at first of everything.
    void fill();

  private:
    size_t size_ = 0;
    size_t offset_[kBufferCount] = {};
    uint64_t covered_[kBufferCount] = {};
    std::byte* bytes_ = nullptr;
};

}  // namespace pto::host
