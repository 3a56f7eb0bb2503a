#include "runtime/machine/memory.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace pto::host {

namespace {

constexpr size_t kHostAlignment = 4096;

}  // namespace

OnChipMemory::OnChipMemory(CoreKind kind, bool allocate) {
    if (!allocate) return;
    for (int b = 0; b < kBufferCount; ++b) {
        if (!has_buffer(kind, static_cast<Buffer>(b))) continue;
        offset_[b] = size_;
        size_ += kBuffers[b].bytes * kBuffers[b].spread;
        covered_[b] = kBuffers[b].bytes;
    }
    size_ = (size_ + kHostAlignment - 1) / kHostAlignment * kHostAlignment;
    bytes_ = static_cast<std::byte*>(std::aligned_alloc(kHostAlignment, size_));
    if (!bytes_) throw std::bad_alloc();
}

OnChipMemory::~OnChipMemory() { std::free(bytes_); }

void OnChipMemory::fill() {
    if (!bytes_) return;
    for (int b = 0; b < kBufferCount; ++b) {
        std::memset(bytes_ + offset_[b], kNotANumber, covered_[b] * kBuffers[b].spread);
        covered_[b] = 0;
    }
}

}  // namespace pto::host
