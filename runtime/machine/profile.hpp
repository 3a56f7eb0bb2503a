// How long operations take: measured only where a launch asks for it.
#pragma once

#include <time.h>

#include <cstdint>
#include <string>

#include "pto/common/keywords.hpp"
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
    Timer(Core& core, OpId op, uint64_t elements) : core_(core), op_(op), elements_(elements) {
        if (core_.profile) begin_ = now();
    }
    Timer(OpId op, uint64_t elements, int line) : Timer(Core::current(line), op, elements) {}
    ~Timer() {
        if (core_.profile) end();
    }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

  private:
    PTO_COLD void end() const { core_.profile->add(core_, op_, elements_, now() - begin_); }

    /// Not the CPU time of this thread, for which the system has to be called: that takes 0.2 us, half of operations
    /// take less.
    PTO_COLD static uint64_t now() {
        timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        return uint64_t(time.tv_sec) * 1'000'000'000 + uint64_t(time.tv_nsec);
    }

    Core& core_;
    const OpId op_;
    const uint64_t elements_;
    uint64_t begin_ = 0;
};

inline uint64_t elements_of(const Operand& tile) { return uint64_t(tile.valid_rows()) * tile.valid_cols(); }

}  // namespace pto::host
