#include "runtime/machine/packed_factors.hpp"

#include <algorithm>
#include <utility>

namespace pto::host {

namespace {

/// K and V of 32,768 rows. Pages that nobody writes take no memory.
constexpr size_t kMemoryBytes = size_t{32} << 20;
/// Factors that are kept before anybody asks for one again: K and V of 1,024 rows. Each that is asked for again lets
/// more be kept. What nobody asks for again costs twice the time of packing, since its memory is in no cache.
constexpr size_t kOnTrust = 16, kMoreForEach = 4;
/// A line of a cache: the next factor follows at once, and is fetched by the product before (runtime/numbers/amx.cpp).
constexpr size_t kAlignment = 64;

}  // namespace

Idle<PackedFactors::Memory>& PackedFactors::idle() {
    static auto* instance = new Idle<Memory>(1);
    return *instance;
}

PackedFactors::PackedFactors(size_t most) : most_(std::min(most, kMemoryBytes)) {}

PackedFactors::~PackedFactors() {
    if (memory_) idle().give(std::move(memory_));
}

const std::byte* PackedFactors::find(const PackedKey& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto begin = reinterpret_cast<uint64_t>(key.data);
    const auto first = std::lower_bound(begins_.begin(), begins_.end(), begin);
    for (size_t i = first - begins_.begin(); i < begins_.size() && begins_[i] == begin; ++i) {
        if (!(entries_[i].key == key)) continue;
        ++found_;
        return entries_[i].bytes;
    }
    return nullptr;
}

std::byte* PackedFactors::reserve(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_ || kept_ >= kOnTrust + kMoreForEach * found_) return nullptr;
    if (!memory_) memory_ = idle().take();
    if (!memory_) memory_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, kMemoryBytes)));
    const size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (!memory_ || most_ < used_ + size) return nullptr;
    ++kept_;
    return memory_.get() + std::exchange(used_, used_ + size);
}

void PackedFactors::add(const PackedKey& key, uint64_t end, const std::byte* bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto begin = reinterpret_cast<uint64_t>(key.data);
    const auto at = std::upper_bound(begins_.begin(), begins_.end(), begin);
    entries_.insert(entries_.begin() + (at - begins_.begin()), {key, end, bytes});
    begins_.insert(at, begin);
    longest_ = std::max(longest_, end - begin);
    first_ = std::min(first_.load(), begin);
    last_ = std::max(last_.load(), end);
}

void PackedFactors::forget_entries(uint64_t begin, uint64_t end) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t earliest = begin - std::min(begin, longest_);
    size_t i = std::lower_bound(begins_.begin(), begins_.end(), earliest) - begins_.begin();
    while (i < begins_.size() && begins_[i] < end) {
        if (entries_[i].end <= begin) {
            ++i;
            continue;
        }
        begins_.erase(begins_.begin() + i);
        entries_.erase(entries_.begin() + i);
        closed_ = true;
    }
}

}  // namespace pto::host
