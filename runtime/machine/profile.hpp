// How long operations take: measured only where a launch asks for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "pto/machine/fifo.hpp"
#include "pto/machine/op_ids.hpp"
#include "runtime/machine/core.hpp"

namespace pto::host {

inline constexpr int kOperations = static_cast<int>(sizeof kOpNames / sizeof kOpNames[0]);

/// Sums over the operations of cube, vec0 and vec1.
class Profile {
  public:
    void add(const Core& core, OpId op, uint64_t elements, uint64_t nanoseconds) {
        Row& row = rows_[core.kind == CoreKind::Cube ? 0 : 1 + core.subblock][static_cast<int>(op)];
        ++row.calls;
        row.elements += elements;
        row.nanoseconds += nanoseconds;
    }

    void add(const Profile& other);

    /// A line for each operation of each core: core, operation, calls, elements, nanoseconds, with tabs between them.
    std::string text() const;

  private:
    struct Row {
        uint64_t calls = 0;
        uint64_t elements = 0;
        uint64_t nanoseconds = 0;
    };

    Row rows_[1 + kSubblocks][kOperations];
};

/// Measures one operation, from here to the end of the scope. `elements` are those of the destination; of a product,
/// the multiplications.
class Timer {
  public:
    Timer(OpId op, uint64_t elements, int line) : core_(Core::current(line)), op_(op), elements_(elements) {
        if (core_.profile) begin_ = Clock::now();
    }
    ~Timer() {
        if (!core_.profile) return;
        const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin_);
        core_.profile->add(core_, op_, elements_, static_cast<uint64_t>(passed.count()));
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

  private:
    using Clock = std::chrono::steady_clock;

    Core& core_;
    const OpId op_;
    const uint64_t elements_;
    Clock::time_point begin_;
};

inline uint64_t elements_of(const Operand& tile) { return uint64_t(tile.valid_rows()) * tile.valid_cols(); }

}  // namespace pto::host
