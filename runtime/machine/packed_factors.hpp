// Right factors of products, packed once for all blocks of a launch: every block of Q multiplies all of K and V.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "pto/common/dtype.hpp"
#include "runtime/machine/idle.hpp"

namespace pto::host {

/// Which elements of global memory, and how they are packed.
struct PackedKey {
    const void* data;
    int64_t row;
    int64_t col;
    DTypeId dtype;
    int rows;
    int cols;

    bool operator==(const PackedKey& other) const {
        return data == other.data && row == other.row && col == other.col && dtype == other.dtype &&
               rows == other.rows && cols == other.cols;
    }
};

/// What is packed is valid during the launch, until somebody stores to where the elements lie. It is never written
/// again before the launch ends: who has found it may go on reading.
class PackedFactors {
  public:
    /// Keeps at most so many bytes.
    explicit PackedFactors(size_t most = SIZE_MAX);
    ~PackedFactors();
    PackedFactors(const PackedFactors&) = delete;
    PackedFactors& operator=(const PackedFactors&) = delete;

    /// Null if it is not there.
    const std::byte* find(const PackedKey& key);
    /// Memory for another one; null if it is not to be kept.
    std::byte* reserve(size_t bytes);
    /// Shows to all who look for it what has been packed, from elements that end at the address `end`.
    void add(const PackedKey& key, uint64_t end, const std::byte* bytes);
    /// Somebody stores to bytes [begin, end) of global memory. If factors were there, nothing more is kept: they are
    /// not what all blocks share.
    void forget(uint64_t begin, uint64_t end) {
        // Most stores go to other memory, and need no lock. Who stores to where another block loads has no order with
        // it.
        if (begin < last_.load(std::memory_order_relaxed) && first_.load(std::memory_order_relaxed) < end)
            forget_entries(begin, end);
    }

  private:
    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };
    using Memory = std::unique_ptr<std::byte, Free>;
    struct Entry {
        PackedKey key;
        uint64_t end;
        const std::byte* bytes;
    };

    static Idle<Memory>& idle();
    void forget_entries(uint64_t begin, uint64_t end);

    const size_t most_;
    std::mutex mutex_;
    std::vector<uint64_t> begins_;  ///< addresses of the first elements of entries, in order: what a search reads
    std::vector<Entry> entries_;
    std::atomic<uint64_t> first_{UINT64_MAX};  ///< where elements of entries begin, at most ...
    std::atomic<uint64_t> last_{0};            ///< ... and end
    uint64_t longest_ = 0;                     ///< bytes from the first to the last element of an entry, at most
    Memory memory_;
    size_t used_ = 0;
    size_t kept_ = 0;
    size_t found_ = 0;
    bool closed_ = false;
};

}  // namespace pto::host
