#include "runtime/machine/packed_factors.hpp"

#include <algorithm>
#include <mutex>

#include "runtime/machine/idle.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

namespace {

/// K and V of 32,768 rows.
constexpr size_t kSharedBytes = size_t{32} << 20;
/// K and V of 2,048 rows, and the headers of 32 factors: as much as L2 has.
constexpr size_t kOwnBytes = (size_t{2} << 20) + 32 * kPackedHeaderBytes;
/// So many are shared at once. Then each that is asked for again lets more be shared: what nobody asks for again costs
/// twice the time of packing, since its memory is in no cache.
constexpr size_t kSharedAtOnce = 32;
constexpr size_t kMoreForEach = 4;
/// A line of a cache.
constexpr size_t kAlignment = 64;

Idle<FactorMemory>& idle_memory() {
    static auto* instance = new Idle<FactorMemory>(1);
    return *instance;
}

constexpr size_t aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

FactorMemory::FactorMemory(size_t size)
    : size_(size), bytes_(static_cast<std::byte*>(std::aligned_alloc(kAlignment, aligned(size)))) {}

std::byte* FactorMemory::take(size_t bytes) {
    if (!bytes_ || size_ < used_ + bytes) return nullptr;
    return bytes_.get() + std::exchange(used_, used_ + aligned(bytes));
}

const std::byte* FactorTable::find(const PackedKey& key) const {
    const auto first = std::lower_bound(data_.begin(), data_.end(), key.data);
    for (size_t i = first - data_.begin(); i < data_.size() && data_[i] == key.data; ++i) {
        if (entries_[i].first == key) return entries_[i].second;
    }
    return nullptr;
}

void FactorTable::add(const PackedKey& key, const std::byte* bytes) {
    const auto at = std::upper_bound(data_.begin(), data_.end(), key.data);
    entries_.insert(entries_.begin() + (at - data_.begin()), {key, bytes});
    data_.insert(at, key.data);
}

void FactorTable::clear() {
    data_.clear();
    entries_.clear();
}

OwnFactors::OwnFactors() : memory_(kOwnBytes) {}

void OwnFactors::clear() {
    memory_.clear();
    table_.clear();
    found_ = 0;
}

PackedFactors::PackedFactors(size_t most, const std::vector<GmBytes>& buffers) : most_(most) {
    // Elements of 16 bits are packed to 32.
    for (const GmBytes& buffer : buffers)
        if (kOwnBytes < 2 * (buffer.end - buffer.begin)) large_.push_back(buffer);
}

PackedFactors::~PackedFactors() {
    if (!memory_) return;
    memory_->clear();
    idle_memory().give(std::move(memory_), 0);
}

const std::byte* PackedFactors::find(const PackedKey& key, OwnFactors& own) {
    if (closed_.load(std::memory_order_relaxed)) return nullptr;
    if (const std::byte* bytes = own.table_.find(key)) {
        ++own.found_;
        return bytes;
    }
    const std::lock_guard lock(mutex_);
    const std::byte* bytes = table_.find(key);
    if (bytes) ++found_;
    return bytes;
}

bool PackedFactors::is_large(const PackedKey& key) const {
    const auto begin = reinterpret_cast<uint64_t>(key.data);
    return std::any_of(large_.begin(), large_.end(),
                       [=](const GmBytes& buffer) { return buffer.begin <= begin && begin < buffer.end; });
}

std::byte* PackedFactors::reserve(const PackedKey& key, size_t bytes, OwnFactors& own) {
    const std::lock_guard lock(mutex_);
    if (closed_ || most_ < used_ + bytes) return nullptr;
    // Many workers must not use up for copies of the same factors what all could share.
    const bool may_be_own = !is_large(key) && used_ + bytes <= most_ / 2;
    std::byte* room = may_be_own ? own.memory_.take(bytes) : nullptr;
    if (!room) {
        const bool begun = std::find(begun_.begin(), begun_.end(), key) != begun_.end();
        if (begun || table_.find(key) || kSharedAtOnce + kMoreForEach * (found_ + own.found_) <= shared_)
            return nullptr;
        if (!memory_) memory_ = idle_memory().take(0);
        if (!memory_) memory_ = std::make_unique<FactorMemory>(kSharedBytes);
        room = memory_->take(bytes);
        if (!room) return nullptr;
        begun_.push_back(key);
        ++shared_;
    }
    used_ += aligned(bytes);
    return room;
}

void PackedFactors::add(const PackedKey& key, uint64_t end, const std::byte* bytes, OwnFactors& own) {
    const std::lock_guard lock(mutex_);
    const auto begin = reinterpret_cast<uint64_t>(key.data);
    (own.memory_.has(bytes) ? own.table_ : table_).add(key, bytes);
    begun_.erase(std::remove(begun_.begin(), begun_.end(), key), begun_.end());
    uint64_t& last = sources_[begin];
    last = std::max(last, end);
    longest_ = std::max(longest_, end - begin);
    first_ = std::min(first_.load(), begin);
    last_ = std::max(last_.load(), end);
}

void PackedFactors::forget_if_there(uint64_t begin, uint64_t end) {
    if (closed_) return;
    const std::lock_guard lock(mutex_);
    for (auto at = sources_.lower_bound(begin - std::min(begin, longest_)); at != sources_.end() && at->first < end;
         ++at)
        if (begin < at->second) closed_ = true;
}

}  // namespace pto::host
