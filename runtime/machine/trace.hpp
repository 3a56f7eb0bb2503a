// What trace mode records: one event per operation, with the bytes it reads and writes. The file format is read by
// sim/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pto/common/dtype.hpp"
#include "pto/common/keywords.hpp"
#include "pto/machine/buffers.hpp"
#include "pto/machine/op_ids.hpp"
#include "runtime/machine/error.hpp"

namespace pto::host {

/// One operation, in issue order of its core.
struct Event {
    OpId op;
    uint32_t line;
    EventKind kind;
    pipe_t pipe;
    pipe_t dst_pipe;
    uint8_t event_id;
    uint32_t first_access;
    uint16_t access_count;
    DTypeId dtype;
    uint8_t padding;
    uint32_t fifo;
    uint32_t rows;
    uint32_t cols;
    int64_t sequence;
};
static_assert(sizeof(Event) == 40, "the trace format has 40-byte events");

/// What a write does besides.
struct WriteTraits {
    uint8_t spoils = 0;            ///< 1 for a write to scratch: nothing is there afterwards
    DTypeId adds = DTypeId::None;  ///< type of the elements that it adds to, each at once
};

/// `rows` runs of `row_bytes` bytes, `row_stride` apart: a GM address or an offset in an on-chip memory.
struct Access {
    uint64_t start;
    uint32_t row_bytes;
    uint32_t rows;
    uint32_t row_stride;
    Buffer buffer;
    uint8_t mode;
    WriteTraits traits;
};
static_assert(sizeof(Access) == 24, "the trace format has 24-byte accesses");

inline constexpr uint8_t kRead = 1;
inline constexpr uint8_t kWrite = 2;

/// Events of one core. `Event::first_access` counts within the core, `Event::fifo` is a flag base, until written.
class CoreLog {
  public:
    std::vector<Event> events;
    std::vector<Access> accesses;

    /// Appends an event to which the next accesses belong.
    Event& add(OpId op, EventKind kind, pipe_t pipe, int line) {
        events.push_back(Event{op, static_cast<uint32_t>(line), kind, pipe, PIPE_S, 0,
                               static_cast<uint32_t>(accesses.size()), 0, DTypeId::None, 0, 0, 0, 0, 0});
        return events.back();
    }

    /// Appends a flag or a barrier.
    void add_sync(OpId op, EventKind kind, pipe_t pipe, pipe_t dst_pipe, int event_id, int line) {
        Event& event = add(op, kind, pipe, line);
        event.dst_pipe = dst_pipe;
        event.event_id = static_cast<uint8_t>(event_id);
    }

    /// Appends an access to the last event; rows that touch each other become one run.
    void touch(uint8_t mode, Buffer buffer, uint64_t start, uint64_t row_bytes, uint64_t rows, uint64_t row_stride,
               WriteTraits traits = {}) {
        if (row_bytes == 0 || rows == 0) return;
        if (rows == 1 || row_stride == row_bytes) {
            row_bytes *= rows;
            row_stride = row_bytes;
            rows = 1;
        }
        if (row_stride > UINT32_MAX || row_bytes > UINT32_MAX) {  // the format has 32 bits for each: row by row
            for (uint64_t r = 0; r < rows; ++r) append_run(mode, buffer, start + r * row_stride, row_bytes, traits);
            return;
        }
        append(Access{start, static_cast<uint32_t>(row_bytes), static_cast<uint32_t>(rows),
                      static_cast<uint32_t>(row_stride), buffer, mode, traits});
    }

  private:
    /// One run, in parts that 32 bits can count.
    void append_run(uint8_t mode, Buffer buffer, uint64_t start, uint64_t bytes, WriteTraits traits) {
        for (uint64_t done = 0; done < bytes;) {
            const auto part = static_cast<uint32_t>(std::min<uint64_t>(bytes - done, UINT32_MAX));
            append(Access{start + done, part, 1, part, buffer, mode, traits});
            done += part;
        }
    }

    void append(const Access& access) {
        Event& event = events.back();
        if (event.access_count == UINT16_MAX) {
            fail(static_cast<int>(event.line),
                 "%s touches more than %d separate runs of bytes, which no trace can hold", name(event.op), UINT16_MAX);
        }
        accesses.push_back(access);
        ++event.access_count;
    }
};

}  // namespace pto::host
