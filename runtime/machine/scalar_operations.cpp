// What the scalar unit does: single elements of global memory, flags, questions, output.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "pto/machine/operations.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/recorder.hpp"

namespace pto::host {

namespace {

/// Appends an access of the scalar unit to the trace.
void record_element(OpId op, Core& core, uint8_t mode, uint64_t address, DTypeId dtype, int line) {
    Event& event = core.log->add(op, EventKind::TileOp, PIPE_S, line);
    event.dtype = dtype;
    event.rows = 1;
    event.cols = 1;
    core.log->touch(mode, Buffer::Gm, address, size_of(dtype), 1, size_of(dtype));
}

/// Flushed, so that it comes before what the caller prints afterwards.
void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

}  // namespace

void synchronise(OpId op, EventKind kind, pipe_t pipe, pipe_t dst_pipe, int event_id, int line) {
    if (kTrace) Core::current(line).log->add_sync(op, kind, pipe, dst_pipe, event_id, line);
}

void load_element(uint64_t address, DTypeId dtype, void* value, int line) {
    const uint32_t size = size_of(dtype);
    Core& core = Core::current(line);
    core.begin_gm_access("load_scalar", address, address + size, line);
    if (!kTrace) {
        std::memcpy(value, reinterpret_cast<const void*>(address), size);
        return;
    }
    record_element(OpId::load_scalar, core, kRead, address, dtype, line);
    core.trace_load(address, size, value, line);
}

void store_element(uint64_t address, DTypeId dtype, const void* value, int line) {
    const uint32_t size = size_of(dtype);
    Core& core = Core::current(line);
    core.begin_gm_store("store_scalar", address, address + size, line);
    if (!kTrace) {
        std::memcpy(reinterpret_cast<void*>(address), value, size);
        return;
    }
    record_element(OpId::store_scalar, core, kWrite, address, dtype, line);
    core.trace_store(address, size, value);
}

void count(Operand& dst, int64_t first, int step, int line) {
    require_assigned(OpId::TCI, dst, line);
    if (dst.valid_rows() != 1) fail(line, "TCI into %d rows: it fills one", dst.valid_rows());
    if (kTrace) return Recorder(OpId::TCI, dst, line, PIPE_S).write(dst).done();
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        for (int c = 0; c < dst.valid_cols(); ++c) element<T>(dst, 0, c) = static_cast<T>(first + int64_t{step} * c);
    });
}

namespace {

/// Where an element of a tile is; fails if there is none.
uint64_t tile_element(OpId op, const Operand& tile, int64_t offset, int line) {
    require_assigned(op, tile, line);
    const int64_t size = int64_t{tile.info().rows} * tile.info().cols;
    if (offset < 0 || offset >= size) {
        fail(line, "%s of element %ld of a tile of %ld", name(op), offset, size);
    }
    return offset * size_of(tile.info().dtype);
}

void record_tile_element(OpId op, uint8_t mode, const Operand& tile, uint64_t place, int line) {
    Event& event = Core::current(line).log->add(op, EventKind::TileOp, PIPE_S, line);
    event.dtype = tile.info().dtype;
    event.rows = 1;
    event.cols = 1;
    const uint32_t size = size_of(tile.info().dtype);
    Core::current(line).log->touch(mode, tile.info().buffer, tile.address() + place, size, 1, size);
}

}  // namespace

void load_tile_element(const Operand& tile, int64_t offset, void* value, int line) {
    const uint64_t place = tile_element(OpId::TGETVAL, tile, offset, line);
    if (kTrace) {
        record_tile_element(OpId::TGETVAL, kRead, tile, place, line);
        return Core::current(line).trace_tile_load(size_of(tile.info().dtype), value, line);
    }
    std::memcpy(value, tile.bytes() + place, size_of(tile.info().dtype));
}

void store_tile_element(Operand& tile, int64_t offset, const void* value, int line) {
    const uint64_t place = tile_element(OpId::TSETVAL, tile, offset, line);
    if (kTrace) return record_tile_element(OpId::TSETVAL, kWrite, tile, place, line);
    std::memcpy(tile.bytes() + place, value, size_of(tile.info().dtype));
}

int64_t block_index(int line) { return Core::current(line).block_index(); }
int64_t block_count(int line) { return Core::current(line).block_count(); }
int64_t subblock(int line) { return Core::current(line).subblock; }
CoreKind core_kind(int line) { return Core::current(line).kind; }

void print_tile(const Operand& tile, int line) {
    require_assigned(OpId::TPRINT, tile, line);
    if (kTrace) return Recorder(OpId::TPRINT, tile, line, PIPE_S).read(tile).done();
    const TileInfo& info = tile.info();
    std::string text = format("%s: %d x %d %s\n", Core::current(line).position(line).c_str(), tile.valid_rows(),
                              tile.valid_cols(), name(info.dtype));
    for (int r = 0; r < tile.valid_rows(); ++r) {
        for (int c = 0; c < tile.valid_cols(); ++c) {
            const auto* place = static_cast<const std::byte*>(elements_from(tile, r, c).data);
            const double value = number_at<double>(place, info.dtype);
            text += format(c ? " %.9g" : "%.9g", value);
        }
        text += '\n';
    }
    print(text);
}

void print_view(const View& gm, int line) {
    Core::current(line).begin_gm_access("TPRINT", gm, line);
    if (kTrace) return;
    std::string text =
        format("%s: %ld x %ld %s\n", Core::current(line).position(line).c_str(), gm.rows(), gm.cols(), name(gm.dtype));
    for_each_plane(gm, [&](uint64_t plane, int64_t) {
        const auto* bytes = reinterpret_cast<const std::byte*>(plane);
        for (int64_t r = 0; r < gm.shape[3]; ++r) {
            for (int64_t c = 0; c < gm.shape[4]; ++c) {
                const int64_t element = r * gm.stride[3] + c * gm.stride[4];
                text += format(c ? " %.9g" : "%.9g", number_at<double>(bytes + element * size_of(gm.dtype), gm.dtype));
            }
            text += '\n';
        }
    });
    print(text);
}

void print_text(const char* pattern, ...) {
    if (kTrace) return;
    va_list values;
    va_start(values, pattern);
    const std::string text = format_list(pattern, values);
    va_end(values);
    print(text);
}

}  // namespace pto::host
