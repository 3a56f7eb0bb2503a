#include "runtime/machine/scalar_memory.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace pto::host {

bool ScalarMemory::load(uint64_t begin, size_t size, std::byte* out) {
    absorb_tile_stores();
    for (size_t i = 0; i < size; ++i) {
        const auto stored = stored_.find(begin + i);
        if (stored != stored_.end()) {
            out[i] = stored->second;
        } else if (unknown(begin + i)) {
            unknown_was_loaded_ = true;
            return false;
        } else {
            std::memcpy(out + i, reinterpret_cast<const std::byte*>(begin + i), 1);
        }
    }
    return true;
}

void ScalarMemory::store(uint64_t begin, size_t size, const std::byte* bytes) {
    absorb_tile_stores();
    if (unknown_was_loaded_) return forget(begin, begin + size);
    for (size_t i = 0; i < size; ++i) stored_[begin + i] = bytes[i];
}

/// Done at every scalar access, so that scalar stores and the tile stores before and after them stay in order.
void ScalarMemory::absorb_tile_stores() {
    for (int core = 0; core < 1 + kSubblocks; ++core) {
        const CoreLog& log = logs_[core];
        for (size_t& next = absorbed_[core]; next < log.events.size(); ++next) {
            const Event& event = log.events[next];
            if (event.op == OpId::store_scalar) continue;
            for (uint32_t a = 0; a < event.access_count; ++a) absorb(log.accesses[event.first_access + a]);
        }
    }
}

void ScalarMemory::absorb(const Access& access) {
    if (access.buffer != Buffer::Gm || access.mode != kWrite) return;
    for (uint32_t row = 0; row < access.rows; ++row) {
        const uint64_t begin = access.start + uint64_t{row} * access.row_stride;
        forget(begin, begin + access.row_bytes);
    }
}

/// From now on these bytes are unknown.
void ScalarMemory::forget(uint64_t begin, uint64_t end) {
    stored_.erase(stored_.lower_bound(begin), stored_.lower_bound(end));
    auto next = unknown_.upper_bound(begin);
    if (next != unknown_.begin() && std::prev(next)->second >= begin) --next;
    while (next != unknown_.end() && next->first <= end) {  // one range of all that touch
        begin = std::min(begin, next->first);
        end = std::max(end, next->second);
        next = unknown_.erase(next);
    }
    unknown_[begin] = end;
}

bool ScalarMemory::unknown(uint64_t address) const {
    const auto next = unknown_.upper_bound(address);
    return next != unknown_.begin() && address < std::prev(next)->second;
}

}  // namespace pto::host
