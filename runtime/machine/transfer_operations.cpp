// Moves of tiles between memories: checks, then copies or a record.
#include <algorithm>
#include <mutex>
#include <vector>

#include "pto/machine/operations.hpp"
#include "runtime/machine/block.hpp"
#include "runtime/machine/brief_lock.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/planes.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

Scalar padding_value(PadValue pad, DTypeId dtype) {
    if (pad == PadValue::Zero) return Scalar(0);
    const bool largest = pad == PadValue::Max;
    switch (dtype) {
        case DTypeId::F32:
            return Scalar(largest ? 0x7f800000u : 0xff800000u);
        case DTypeId::F16:
            return Scalar(largest ? 0x7c00u : 0xfc00u);
        case DTypeId::BF16:
            return Scalar(largest ? 0x7f80u : 0xff80u);
        default:
            break;
    }
    const bool is_signed =
        dtype == DTypeId::I8 || dtype == DTypeId::I16 || dtype == DTypeId::I32 || dtype == DTypeId::I64;
    const uint64_t all = ~uint64_t{0} >> (64 - 8 * size_of(dtype));
    const uint64_t lowest = is_signed ? all ^ (all >> 1) : 0;
    return Scalar(largest ? lowest ^ all : lowest);
}

namespace {

/// A transfer must fill the valid part of its tile exactly.
void require_same_size(OpId op, const Operand& tile, const View& gm, int line) {
    if (gm.rows() == tile.valid_rows() && gm.cols() == tile.valid_cols()) return;
    fail(line, "%s between a global tensor of %ld x %ld and a tile with %d x %d valid elements: they must be equal",
         name(op), gm.rows(), gm.cols(), tile.valid_rows(), tile.valid_cols());
}

/// A load into L1 takes the distance of rows as 16 bits.
void require_row_stride(const View& gm, int line) {
    const int64_t stride = gm.stride[gm.layout == Layout::DN ? 4 : 3];
    if (stride <= kMaxCubeRowStride) return;
    fail(line, "TLOAD into L1 of rows that are %ld elements apart: the instruction takes at most %ld", stride,
         kMaxCubeRowStride);
}

Strided elements_of_plane(const View& gm, uint64_t plane) {
    return {reinterpret_cast<std::byte*>(plane), gm.stride[3], gm.stride[4]};
}

/// Fills what TLOAD pads: the end of each run, see padded_run.
void pad_runs(const Operand& tile, const Numbers& numbers) {
    const TileInfo& info = tile.info();
    const uint32_t size = size_of(info.dtype);
    const int valid = info.column_order ? tile.valid_rows() : tile.valid_cols();
    const size_t runs = info.column_order ? tile.valid_cols() : tile.valid_rows();
    const int pitch = info.column_order ? info.rows : info.cols;
    const Scalar value = padding_value(info.pad, info.dtype);
    const Extent extent = {runs, size_t(padded_run(info, valid) - valid)};
    numbers.fill_rows(size, extent, {tile.bytes() + size_t(valid) * size, pitch}, {&value, 0});
}

/// dst = the block of src at (row, col), in the layout of the destination's memory.
void move_block(const Numbers& numbers, Operand& dst, const Operand& src, const Strided& from) {
    const size_t rows = dst.valid_rows(), cols = dst.valid_cols();
    const DTypeId dtype = dst.info().dtype;
    if (dst.info().loc == TileType::Left) return numbers.pack_left(dtype, dst.bytes(), dst.info(), from, rows, cols);
    if (dst.info().loc == TileType::Right) return numbers.pack_right(dtype, dst.bytes(), dst.info(), from, rows, cols);
    numbers.copy(src.info().dtype, dtype, elements_from(dst, 0, 0), from, rows, cols);
}

/// The bytes of an accumulator, with 0 in place of negative numbers.
std::vector<std::byte> without_negatives(const Operand& acc) {
    std::vector<std::byte> bytes(acc.bytes(), acc.bytes() + acc.info().bytes());
    for_dtype(acc.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        if constexpr (sizeof(T) == 4) {
            T* values = reinterpret_cast<T*>(bytes.data());
            for (size_t i = 0; i < bytes.size() / sizeof(T); ++i) values[i] = values[i] < T{0} ? T{0} : values[i];
        }
    });
    return bytes;
}

/// `from`, an element of `tile`, in another copy of its bytes.
Strided in_copy(const Strided& from, const Operand& tile, std::vector<std::byte>& copy) {
    const auto offset = static_cast<const std::byte*>(from.data) - tile.bytes();
    return {copy.data() + offset, from.row, from.col};
}

/// Atomic stores of all cores take turns: on the device, each element is added at once.
BriefLock& adding() {
    static BriefLock lock;
    return lock;
}

/// Adds a plane of elements, converted to `to`'s type, to what is there.
void add_plane(const Numbers& numbers, DTypeId from_type, DTypeId type, const Strided& to, const Strided& from,
               size_t rows, size_t cols) {
    std::vector<std::byte> converted(rows * cols * size_of(type));
    numbers.copy(from_type, type, {converted.data(), int64_t(cols), 1}, from, rows, cols);
    const std::lock_guard lock(adding());
    for_dtype(type, [&](auto zero) {
        using T = decltype(zero);
        using Wide = Compute<T>;
        const T* values = reinterpret_cast<const T*>(converted.data());
        for (size_t r = 0; r < rows; ++r) {
            for (size_t c = 0; c < cols; ++c) {
                T& sum = static_cast<T*>(to.data)[int64_t(r) * to.row + int64_t(c) * to.col];
                sum = static_cast<T>(static_cast<Wide>(sum) + static_cast<Wide>(values[r * cols + c]));
            }
        }
    });
}

[[noreturn]] void refuse_scale(OpId op, int line) {
    fail(line, "%s with a scale does not run on the host: how FIX encodes its scale is not published", name(op));
}

}  // namespace

void move_scaled(OpId op, Operand& dst, const Operand& src, const Operand* scales, int line) {
    require_assigned(op, line, &dst, &src, scales);
    if (!kTrace) refuse_scale(op, line);
    const Operand* kept = op == OpId::TINSERT_FP ? &dst : nullptr;
    Recorder(op, dst, line, PIPE_FIX).read(src, kept, scales).write(dst);
}

void store_scaled(OpId op, const View& dst, const Operand& src, const Operand* scales, int line) {
    require_assigned(op, line, &src, scales);
    require_same_size(op, src, dst, line);
    Core& core = src.core();
    core.begin_gm_store(name(op), dst, line);
    if (!kTrace) refuse_scale(op, line);
    Recorder(op, src, line, PIPE_FIX).read(src, scales).write(dst);
}

void reshape(Operand& dst, const Operand& src, int line) {
    dst.alias(src, line);
    if (kTrace) Recorder(OpId::TRESHAPE, dst, line, PIPE_S);
}

void load(Operand& dst, const View& src, int line) {
    require_assigned(OpId::TLOAD, dst, line);
    require_same_size(OpId::TLOAD, dst, src, line);
    if (dst.info().loc == TileType::Mat) require_row_stride(src, line);
    Core& core = dst.core();
    core.begin_gm_access("TLOAD", src, line);
    if (kTrace) return Recorder(OpId::TLOAD, dst, line, PIPE_MTE2).read(src).write_padded(dst).done();
    const Timer timer(core, OpId::TLOAD, elements_of(dst));
    if (core.lazy.load(dst, src)) return;
    for_each_plane(src, [&](uint64_t plane, int64_t first_row) {
        core.numbers().copy(src.dtype, src.dtype, elements_from(dst, first_row, 0), elements_of_plane(src, plane),
                            src.shape[3], src.shape[4]);
    });
    if (dst.info().pad != PadValue::Null) pad_runs(dst, core.numbers());
}

void prefetch(Operand& dst, const View& src, int line) {
    constexpr OpId op = OpId::TPREFETCH;
    require_assigned(op, dst, line);
    Core::current(line).begin_gm_access("TPREFETCH", src, line);
    if (kTrace) return Recorder(op, dst, line, PIPE_MTE2).read(src).scratch(dst).done();
    spoil(dst, line);
}

void end_by_trap(int line) { fail(line, "trap(): the kernel ends the launch"); }

void refuse_syncall(int line) {
    fail(line,
         "SYNCALL does not run on the host: blocks of a launch take turns here, so they cannot wait for each other");
}

void store(const View& dst, const Operand& src, StoreModes modes, int line) {
    require_assigned(OpId::TSTORE, src, line);
    require_same_size(OpId::TSTORE, src, dst, line);
    Core& core = src.core();
    core.begin_gm_store("TSTORE", dst, line);
    const pipe_t pipe = src.info().loc == TileType::Acc ? PIPE_FIX : PIPE_MTE3;
    if (kTrace) return Recorder(OpId::TSTORE, src, line, pipe).read(src).store(dst, modes.adds).done();
    const Timer timer(core, OpId::TSTORE, elements_of(src));
    if (!modes.adds && !modes.relu && core.lazy.store_result(dst, src)) return;
    std::vector<std::byte> positive;
    if (modes.relu) positive = without_negatives(src);
    for_each_plane(dst, [&](uint64_t plane, int64_t first_row) {
        const Strided own = elements_from(src, first_row, 0), to = elements_of_plane(dst, plane);
        const Strided from = modes.relu ? in_copy(own, src, positive) : own;
        if (modes.adds) {
            add_plane(core.numbers(), src.info().dtype, dst.dtype, to, from, dst.shape[3], dst.shape[4]);
        } else {
            core.numbers().copy(src.info().dtype, dst.dtype, to, from, dst.shape[3], dst.shape[4]);
        }
    });
}

void move(OpId op, pipe_t pipe, Operand& dst, const Operand& src, int64_t row, int64_t col, int line, bool relu) {
    op == OpId::TMOV ? require_operands(op, line, dst, &src) : require_assigned(op, line, &dst, &src);
    if (row < 0 || col < 0 || row + dst.valid_rows() > src.valid_rows() || col + dst.valid_cols() > src.valid_cols()) {
        fail(line, "%s of %d x %d elements at row %ld, column %ld of a tile with %d x %d valid ones", name(op),
             dst.valid_rows(), dst.valid_cols(), row, col, src.valid_rows(), src.valid_cols());
    }
    const bool hidden = pipe == PIPE_V && op == OpId::TEXTRACT;
    if (kTrace) return Recorder(op, dst, line, pipe).read(src).library_scratch(hidden).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst));
    if (hidden) spoil_library_scratch(core, line);
    const Strided* source = relu ? nullptr : core.lazy.source_of(src);
    const Strided from = source ? from_element(*source, row, col, src.info().dtype) : elements_from(src, row, col);
    const bool shared = source && core.block.others_share(reinterpret_cast<uint64_t>(from.data));
    if (shared && core.lazy.share_packed(dst, from)) return;
    if (!relu) return move_block(core.numbers(), dst, src, from);
    std::vector<std::byte> positive = without_negatives(src);
    move_block(core.numbers(), dst, src, in_copy(from, src, positive));
}

}  // namespace pto::host
