// Trace records of tile operations: what an operation touches, as the hardware lays it out.
#pragma once

#include <cstdint>

#include "pto/machine/core.hpp"
#include "pto/tile/global_tensor.hpp"
#include "pto/tile/tile.hpp"

namespace pto::host {

/// Builds the record of one tile operation on the current core.
class Recorder {
  public:
    /// `shaped` gives rows, columns and dtype: the destination, or the source of a store.
    template <typename T>
    Recorder(OpId op, pipe_t pipe, const T& shaped, int line) : log_(*Core::current(line).log) {
        Event& event = log_.add(op, EventKind::TileOp, pipe, line);
        event.dtype = DTypeInfo<typename T::DType>::id;
        event.rows = static_cast<uint32_t>(shaped.GetValidRow());
        event.cols = static_cast<uint32_t>(shaped.GetValidCol());
    }

    template <typename T>
    Recorder& read(const T& operand) {
        return touch(kRead, operand);
    }

    template <typename T>
    Recorder& write(const T& operand) {
        return touch(kWrite, operand);
    }

    /// What TLOAD writes: the valid part, and the padding of its runs.
    template <typename T>
    Recorder& write_padded(const T& tile) {
        if constexpr (!is_vec<T> || T::Pad == PadValue::Null) return touch(kWrite, tile);
        const int valid = T::isRowMajor ? tile.GetValidCol() : tile.GetValidRow();
        touch_runs(kWrite, tile, padded_run<T>(valid));
        return *this;
    }

    /// Scratch space: its operation may write all of it, and leaves no value there.
    template <typename T>
    Recorder& scratch(const T& tile) {
        return touch(kWrite, tile, true);
    }

    /// What the device library writes, and then reads, without an operand that says so.
    Recorder& library_scratch() {
        log_.touch(kWrite, Buffer::Ub, kLibraryScratchStart, kLibraryScratchBytes, 1, kLibraryScratchBytes, true);
        return *this;
    }

  private:
    template <typename T>
    Recorder& touch(uint8_t mode, const T& operand, bool spoils = false) {
        if constexpr (is_global<T>) {
            touch_gm(mode, operand);
        } else if constexpr (is_vec<T>) {
            touch_runs(mode, operand, T::isRowMajor ? operand.GetValidCol() : operand.GetValidRow(), spoils);
        } else {
            log_.touch(mode, T::kBuffer, operand.address(), T::kBytes, 1, T::kBytes, spoils);
        }
        return *this;
    }

    /// The first `length` elements of each valid row of a vec tile, or column if it is column-major.
    template <typename T>
    void touch_runs(uint8_t mode, const T& tile, int length, bool spoils = false) {
        constexpr uint64_t size = sizeof(typename T::DType);
        const int runs = T::isRowMajor ? tile.GetValidRow() : tile.GetValidCol();
        const int pitch = T::isRowMajor ? T::Cols : T::Rows;
        log_.touch(mode, T::kBuffer, tile.address(), size * length, runs, size * pitch, spoils);
    }

    template <typename Global>
    void touch_gm(uint8_t mode, const Global& gm) {
        constexpr uint64_t size = sizeof(typename Global::DType);
        for_each_plane(gm, [&](const typename Global::DType* plane, int64_t) {
            const auto start = reinterpret_cast<uint64_t>(plane);
            const bool by_columns = gm.stride(4) != 1 && gm.stride(3) == 1;
            const int64_t run = by_columns ? gm.shape(3) : gm.shape(4);
            const int64_t runs = by_columns ? gm.shape(4) : gm.shape(3);
            const int64_t distance = by_columns ? gm.stride(4) : gm.stride(3);
            if (by_columns || gm.stride(4) == 1) {
                log_.touch(mode, Buffer::Gm, start, run * size, runs, distance * size);
                return;
            }
            for (int64_t r = 0; r < gm.shape(3); ++r) {
                log_.touch(mode, Buffer::Gm, start + r * gm.stride(3) * size, size, gm.shape(4), gm.stride(4) * size);
            }
        });
    }

    CoreLog& log_;
};

}  // namespace pto::host
