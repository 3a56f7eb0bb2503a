// Right factors of products, packed once for many blocks of a launch: every block of Q multiplies all of K and V.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "pto/common/dtype.hpp"
#include "runtime/machine/brief_lock.hpp"

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

/// Bytes for packed factors, given out one after the other: a product fetches what follows its factor, which often is
/// the next one's (runtime/numbers/amx.cpp).
class FactorMemory {
  public:
    /// Pages that nobody writes take no memory.
    explicit FactorMemory(size_t size);

    /// Null if there is no room for more.
    std::byte* take(size_t bytes);
    bool has(const std::byte* bytes) const { return bytes_.get() <= bytes && bytes < bytes_.get() + size_; }
    void clear() { used_ = 0; }

  private:
    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };

    const size_t size_;
    const std::unique_ptr<std::byte, Free> bytes_;
    size_t used_ = 0;
};

/// Factors that can be found by their elements.
class FactorTable {
  public:
    /// Null if it is not there.
    const std::byte* find(const PackedKey& key) const;
    void add(const PackedKey& key, const std::byte* bytes);
    void clear();

  private:
    std::vector<const void*> data_;  ///< of the keys, in order: what a search reads
    std::vector<std::pair<PackedKey, const std::byte*>> entries_;
};

/// The first factors that a worker needs in a launch, packed for it alone, in memory that it keeps from launch to
/// launch. To read them from another CPU's cache takes as long as to pack them; to pack them where another CPU has read
/// or written, two or three times as long.
class OwnFactors {
  public:
    OwnFactors();
    void clear();

  private:
    friend class PackedFactors;

    FactorMemory memory_;
    FactorTable table_;
    size_t found_ = 0;
};

/// Bytes of global memory.
struct GmBytes {
    uint64_t begin;
    uint64_t end;
};

/// What is packed is valid during the launch, until somebody stores to where the elements lie. It is never written
/// again before the launch ends: who has found it may go on reading.
class PackedFactors {
  public:
    /// Keeps at most so many bytes. `buffers`: where elements may lie, as far as that is known. Of one that a worker's
    /// memory is too small for, all share the factors from the first one on: else the same ones would be kept for each.
    explicit PackedFactors(size_t most = SIZE_MAX, const std::vector<GmBytes>& buffers = {});
    ~PackedFactors();
    PackedFactors(const PackedFactors&) = delete;
    PackedFactors& operator=(const PackedFactors&) = delete;

    /// One of the worker's own, or one that all share; null if it is not there.
    const std::byte* find(const PackedKey& key, OwnFactors& own);
    /// Memory for another one; null if it is not to be kept, or another worker just packs it for all.
    std::byte* reserve(const PackedKey& key, size_t bytes, OwnFactors& own);
    /// Makes it known that a factor has been packed, from elements that end at the address `end`.
    void add(const PackedKey& key, uint64_t end, const std::byte* bytes, OwnFactors& own);
    /// Somebody stores to bytes [begin, end) of global memory. If factors were there, all are forgotten, and no more
    /// are kept: they are not what all blocks share.
    void forget(uint64_t begin, uint64_t end) {
        // Most stores go to other memory, and need no lock. Who stores to where another block loads has no order with
        // it.
        if (begin < last_.load(std::memory_order_relaxed) && first_.load(std::memory_order_relaxed) < end)
            forget_if_there(begin, end);
    }

  private:
    bool is_large(const PackedKey& key) const;
    void forget_if_there(uint64_t begin, uint64_t end);

    const size_t most_;
    std::vector<GmBytes> large_;  ///< buffers of which no worker keeps factors of its own
    BriefLock mutex_;
    FactorTable table_;
    std::vector<PackedKey> begun_;             ///< shared ones that somebody packs now
    std::map<uint64_t, uint64_t> sources_;     ///< where elements of all factors begin, and end at most
    std::atomic<uint64_t> first_{UINT64_MAX};  ///< where the first of them begin ...
    std::atomic<uint64_t> last_{0};            ///< ... and the last end
    uint64_t longest_ = 0;                     ///< bytes from the first to the last element of a factor, at most
    std::unique_ptr<FactorMemory> memory_;
    size_t used_ = 0;
    size_t shared_ = 0;
    size_t found_ = 0;
    std::atomic<bool> closed_{false};
};

}  // namespace pto::host
