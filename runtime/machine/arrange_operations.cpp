// Operations that move elements to other places of UB: gathers, padding, transposition.
#include <algorithm>
#include <cstring>

#include "pto/machine/operations.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/planes.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

namespace {

/// The element of a tile, valid or not, at a flat offset.
template <typename T>
T& flat(OpId op, const Operand& tile, int64_t offset, int line) {
    const int64_t size = int64_t{tile.info().rows} * tile.info().cols;
    if (offset < 0 || offset >= size) {
        fail(line, "%s with index %ld of a tile of %ld elements: the device checks nothing and touches what is there",
             name(op), offset, size);
    }
    return reinterpret_cast<T*>(tile.bytes())[offset];
}

bool keeps(int pattern, int column) { return (pattern >> column % 4 & 1) != 0; }

int kept_columns(int pattern, int cols) {
    int kept = 0;
    for (int c = 0; c < cols; ++c) kept += keeps(pattern, c);
    return kept;
}

}  // namespace

void gather(Operand& dst, const Operand& src, const Operand& indices, Operand& scratch, int line) {
    constexpr OpId op = OpId::TGATHER;
    require_operands(op, line, dst, &indices);
    require_assigned(op, line, &src, &scratch);
    if (kTrace) return Recorder(op, dst, line).read(src, indices).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        for_each_element(
            dst, [&](int r, int c) { element<T>(dst, r, c) = flat<T>(op, src, integer_at(indices, r, c), line); });
    });
    if (size_of(dst.info().dtype) == 2) spoil(scratch, line);
}

void gather_columns(Operand& dst, const Operand& src, int pattern, int line) {
    constexpr OpId op = OpId::TGATHER;
    require_assigned(op, line, &dst, &src);
    const int64_t total = int64_t{src.valid_rows()} * kept_columns(pattern, src.valid_cols());
    if (total > int64_t{dst.info().rows} * dst.info().cols) {
        fail(line, "TGATHER of %ld elements into a tile of %d x %d", total, dst.info().rows, dst.info().cols);
    }
    if (kTrace) return Recorder(op, src, line).read(src).write_rows(dst, 1, static_cast<int>(total)).done();
    const Timer timer(op, elements_of(src), line);
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        T* to = reinterpret_cast<T*>(dst.bytes());
        for_each_element(src, [&](int r, int c) {
            if (keeps(pattern, c)) *to++ = element<T>(src, r, c);
        });
    });
}

void scatter(Operand& dst, const Operand& src, const Operand& indices, int line) {
    constexpr OpId op = OpId::TSCATTER;
    require_operands(op, line, src, &indices);
    require_assigned(op, dst, line);
    if (kTrace)
        return Recorder(op, src, line).read(src, indices).write_rows(dst, dst.info().rows, dst.info().cols).done();
    const Timer timer(op, elements_of(src), line);
    std::memset(dst.bytes(), 0, dst.info().bytes());
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        for_each_element(
            src, [&](int r, int c) { flat<T>(op, dst, integer_at(indices, r, c), line) = element<T>(src, r, c); });
    });
}

void scatter_columns(Operand& dst, const Operand& src, int line) {
    constexpr OpId op = OpId::TSCATTER;
    require_operands(op, line, dst, &src);
    if (kTrace) return Recorder(op, src, line).read(src).write_rows(dst, dst.info().rows, dst.info().cols).done();
    const Timer timer(op, elements_of(src), line);
    const size_t size = size_of(dst.info().dtype), bytes = src.valid_cols() * size;
    std::memset(dst.bytes(), 0, dst.info().bytes());
    for (int r = 0; r < src.valid_rows(); ++r)
        std::memcpy(dst.bytes() + r * dst.info().cols * size, src.bytes() + r * src.info().cols * size, bytes);
}

void fill_padding(OpId op, Operand& dst, const Operand& src, int line) {
    require_assigned(op, line, &dst, &src);
    const int rows = dst.valid_rows(), cols = dst.info().cols;
    if (src.valid_rows() > rows || src.valid_cols() > cols) {
        fail(line, "%s of %d x %d elements into %d valid rows of %d", name(op), src.valid_rows(), src.valid_cols(),
             rows, cols);
    }
    const bool in_place = op == OpId::TFILLPAD_INPLACE;
    // What a load has padded is trusted, if it was with the same value: up to the end of the block.
    const bool padded = dst.info().pad == src.info().pad;
    const int kept = padded ? padded_run(src.info(), src.valid_cols()) : src.valid_cols();
    if (kTrace) {
        Recorder recorder(op, dst, line);
        if (in_place) {
            const int above = src.valid_rows();
            recorder.write_window(dst, 0, kept, above, cols - kept).write_window(dst, above, 0, rows - above, cols);
        } else {
            recorder.read_rows(src, src.valid_rows(), kept).write_rows(dst, rows, cols);
        }
        return;
    }
    const Timer timer(op, elements_of(dst), line);
    const Scalar pad = padding_value(dst.info().pad, dst.info().dtype);
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        for (int r = 0; r < rows; ++r) {
            const int valid = r < src.valid_rows() ? kept : 0;
            if (!in_place) std::copy_n(&element<T>(src, r, 0), valid, &element<T>(dst, r, 0));
            std::fill_n(&element<T>(dst, r, 0) + valid, cols - valid, pad.as<T>());
        }
    });
}

void transpose(Operand& dst, const Operand& src, Operand& scratch, int line) {
    constexpr OpId op = OpId::TTRANS;
    require_assigned(op, line, &dst, &src, &scratch);
    if (dst.valid_rows() != src.valid_cols() || dst.valid_cols() != src.valid_rows()) {
        fail(line, "TTRANS of %d x %d into %d x %d", src.valid_rows(), src.valid_cols(), dst.valid_rows(),
             dst.valid_cols());
    }
    if (kTrace) return Recorder(op, dst, line).read(src).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        for (int r = 0; r < dst.valid_rows(); ++r) {
            for (int c = 0; c < dst.valid_cols(); ++c) element<T>(dst, r, c) = element<T>(src, c, r);
        }
    });
    spoil(scratch, line);
}

void concatenate(Operand& dst, const Operand& left, const Operand& right, int line) {
    constexpr OpId op = OpId::TCONCAT;
    require_assigned(op, line, &dst, &left, &right);
    if (left.valid_rows() != dst.valid_rows() || right.valid_rows() != dst.valid_rows() ||
        left.valid_cols() + right.valid_cols() != dst.valid_cols()) {
        fail(line, "TCONCAT of %d x %d and %d x %d into %d x %d", left.valid_rows(), left.valid_cols(),
             right.valid_rows(), right.valid_cols(), dst.valid_rows(), dst.valid_cols());
    }
    if (kTrace) return Recorder(op, dst, line).read(left, right).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    const size_t size = size_of(dst.info().dtype);
    for (int r = 0; r < dst.valid_rows(); ++r) {
        std::byte* to = dst.bytes() + size_t(r) * dst.info().cols * size;
        for (const Operand* one : {&left, &right}) {
            std::memcpy(to, one->bytes() + size_t(r) * one->info().cols * size, one->valid_cols() * size);
            to += one->valid_cols() * size;
        }
    }
}

void insert(pipe_t pipe, Operand& dst, const Operand& src, int64_t row, int64_t col, int line) {
    constexpr OpId op = OpId::TINSERT;
    require_assigned(op, line, &dst, &src);
    if (row < 0 || col < 0 || row + src.valid_rows() > dst.info().rows || col + src.valid_cols() > dst.info().cols) {
        fail(line, "TINSERT of %d x %d elements at row %ld, column %ld of a tile of %d x %d", src.valid_rows(),
             src.valid_cols(), row, col, dst.info().rows, dst.info().cols);
    }
    if (kTrace) {
        Recorder recorder(op, src, line, pipe);
        recorder.read(src);
        if (dst.info().loc == TileType::Vec) {
            recorder.write_window(dst, row, col, src.valid_rows(), src.valid_cols());
        } else {
            recorder.write(dst);
        }
        return;
    }
    const Timer timer(op, elements_of(src), line);
    Core::current(line).numbers().copy(src.info().dtype, dst.info().dtype, elements_from(dst, row, col),
                                       elements_from(src, 0, 0), src.valid_rows(), src.valid_cols());
}

}  // namespace pto::host
