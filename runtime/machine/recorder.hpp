// Trace records of tile operations: what an operation touches, as the hardware lays it out.
#pragma once

#include <cstdint>

#include "runtime/machine/core.hpp"
#include "runtime/machine/planes.hpp"

namespace pto::host {

/// Builds the record of one tile operation on the current core. Operands that are not there are null.
class Recorder {
  public:
    /// `shaped` gives rows, columns and dtype: the destination, or the source of a store.
    Recorder(OpId op, const Operand& shaped, int line, pipe_t pipe = PIPE_V) : log_(*Core::current(line).log) {
        Event& event = log_.add(op, EventKind::TileOp, pipe, line);
        event.dtype = shaped.info().dtype;
        event.rows = static_cast<uint32_t>(shaped.valid_rows());
        event.cols = static_cast<uint32_t>(shaped.valid_cols());
    }

    /// Tiles and views, in this order.
    template <typename... Operands>
    Recorder& read(const Operands&... operands) {
        (touch(kRead, operands), ...);
        return *this;
    }
    template <typename... Operands>
    Recorder& write(const Operands&... operands) {
        (touch(kWrite, operands), ...);
        return *this;
    }

    /// What a store writes; one that `adds` is atomic, and adds to each element at once.
    Recorder& store(const View& view, bool adds) {
        touch(kWrite, view, {0, adds ? view.dtype : DTypeId::None});
        return *this;
    }

    /// What TLOAD writes: the valid part, and the padding of its runs.
    Recorder& write_padded(const Operand& tile) {
        if (tile.info().loc != TileType::Vec || tile.info().pad == PadValue::Null) return write(tile);
        touch_runs(kWrite, tile, padded_run(tile.info(), tile.valid_run()));
        return *this;
    }

    /// The first `rows` rows of a tile in UB, and the first `cols` elements of each, valid or not.
    Recorder& read_rows(const Operand& tile, int rows, int cols) { return touch_rows(kRead, tile, 0, rows, cols); }
    Recorder& write_rows(const Operand& tile, int rows, int cols) { return touch_rows(kWrite, tile, 0, rows, cols); }

    /// A block of a row-major tile in UB.
    Recorder& write_window(const Operand& tile, int64_t row, int64_t col, int rows, int cols) {
        return touch_rows(kWrite, tile, row * tile.info().cols + col, rows, cols);
    }

    /// Scratch space: its operation may write all of it, and leaves no value there.
    template <typename... Operands>
    Recorder& scratch(const Operands&... tiles) {
        (touch(kWrite, tiles, kSpoils), ...);
        return *this;
    }

    /// What the device library writes, and then reads, without an operand that says so; if it is `used`.
    Recorder& library_scratch(bool used) {
        if (!used) return *this;
        log_.touch(kWrite, Buffer::Ub, kLibraryScratchStart, kLibraryScratchBytes, 1, kLibraryScratchBytes, kSpoils);
        return *this;
    }

    /// Ends the record, as what a function returns that returns nothing.
    void done() const {}

  private:
    static constexpr WriteTraits kSpoils = {1, DTypeId::None};

    void touch(uint8_t mode, const Operand* operand, WriteTraits traits = {}) {
        if (operand) touch(mode, *operand, traits);
    }

    void touch(uint8_t mode, const Operand& operand, WriteTraits traits = {}) {
        if (operand.info().loc == TileType::Vec) {
            touch_runs(mode, operand, operand.valid_run(), traits);
        } else {
            const uint64_t bytes = operand.info().bytes();
            log_.touch(mode, operand.info().buffer, operand.address(), bytes, 1, bytes, traits);
        }
    }

    /// The first `length` elements of each valid row of a vec tile, or column if it is column-major.
    void touch_runs(uint8_t mode, const Operand& tile, int length, WriteTraits traits = {}) {
        const uint64_t size = size_of(tile.info().dtype);
        log_.touch(mode, tile.info().buffer, tile.address(), size * length, tile.valid_runs(),
                   size * tile.info().pitch(), traits);
    }

    Recorder& touch_rows(uint8_t mode, const Operand& tile, int64_t first, int rows, int cols) {
        const uint64_t size = size_of(tile.info().dtype);
        log_.touch(mode, tile.info().buffer, tile.address() + first * size, size * cols, rows,
                   size * tile.info().pitch());
        return *this;
    }

    void touch(uint8_t mode, const View& view, WriteTraits traits = {}) {
        const uint64_t size = size_of(view.dtype);
        for_each_plane(view, [&](uint64_t start, int64_t) {
            const bool by_columns = view.stride[4] != 1 && view.stride[3] == 1;
            const int64_t run = by_columns ? view.shape[3] : view.shape[4];
            const int64_t runs = by_columns ? view.shape[4] : view.shape[3];
            const int64_t distance = by_columns ? view.stride[4] : view.stride[3];
            if (by_columns || view.stride[4] == 1) {
                log_.touch(mode, Buffer::Gm, start, run * size, runs, distance * size, traits);
                return;
            }
            for (int64_t r = 0; r < view.shape[3]; ++r) {
                log_.touch(mode, Buffer::Gm, start + r * view.stride[3] * size, size, view.shape[4],
                           view.stride[4] * size, traits);
            }
        });
    }

    CoreLog& log_;
};

}  // namespace pto::host
