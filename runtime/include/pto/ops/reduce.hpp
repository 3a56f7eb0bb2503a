// Reductions of rows and columns. Pipe V.
#pragma once

#include <algorithm>
#include <type_traits>

#include "pto/ops/elementwise.hpp"
#include "pto/ops/scratch.hpp"

namespace pto {
namespace host {

/// f over the lanes of vectors of a run of at least kLanes floats, by four independent accumulators.
template <typename F>
PTO_INLINE float reduce_floats(F f, const float* run, size_t count) {
    constexpr size_t kAccumulators = 4;
    FloatV total = load_vector(run);
    size_t i = kLanes;
    if (count >= kAccumulators * kLanes) {
        FloatV partial[kAccumulators];
        for (size_t a = 0; a < kAccumulators; ++a) partial[a] = load_vector(run + a * kLanes);
        for (i = kAccumulators * kLanes; i + kAccumulators * kLanes <= count; i += kAccumulators * kLanes) {
            for (size_t a = 0; a < kAccumulators; ++a) partial[a] = f(partial[a], load_vector(run + i + a * kLanes));
        }
        total = f(f(partial[0], partial[1]), f(partial[2], partial[3]));
    }
    for (; i + kLanes <= count; i += kLanes) total = f(total, load_vector(run + i));
    float lanes[kLanes];
    store_vector(lanes, total);
    for (int width = kLanes / 2; width > 0; width /= 2) {
        for (int l = 0; l < width; ++l) lanes[l] = f(lanes[l], lanes[l + width]);
    }
    for (; i < count; ++i) lanes[0] = f(lanes[0], run[i]);
    return lanes[0];
}

/// f over a run of at least one element; 16-bit floats are accumulated in f32.
template <typename F, typename T>
PTO_INLINE Compute<T> reduce_run(F f, const T* run, size_t count) {
    if constexpr (is_short_float<T>) {
        float wide[kPiece];
        widen_span(wide, run, std::min(kPiece, count));
        float total = reduce_run(f, wide, std::min(kPiece, count));
        for (size_t begin = kPiece; begin < count; begin += kPiece) {
            const size_t size = std::min(kPiece, count - begin);
            widen_span(wide, run + begin, size);
            total = f(total, reduce_run(f, wide, size));
        }
        return total;
    } else {
        if constexpr (std::is_same_v<T, float>) {
            if (count >= kLanes) return reduce_floats(f, run, count);
        }
        T total = run[0];
        for (size_t i = 1; i < count; ++i) total = f(total, run[i]);
        return total;
    }
}

template <typename F, typename D, typename S, typename Scratch>
void reduce_rows(OpId op, F f, int line, D& dst, const S& src, Scratch& scratch) {
    static_assert(is_vec<D> && is_vec<S> && is_vec<Scratch>, "a row reduction works on vec tiles (TileType::Vec) only");
    static_assert(std::is_same_v<typename D::DType, typename S::DType>,
                  "a row reduction keeps the element type: destination and source must have the same");
    static_assert(may_equal(D::ValidRow, S::ValidRow) && may_equal(D::ValidCol, 1),
                  "a row reduction of [rows, cols] needs a destination of [rows, 1]");
    static_assert(S::isRowMajor && Scratch::isRowMajor, "a row reduction needs a row-major source and scratch");
    dst.require_assigned(name(op), line);
    src.require_assigned(name(op), line);
    require_scratch(op, line, dst, src, scratch);
    const int rows = src.GetValidRow();
    const int cols = src.GetValidCol();
    if (dst.GetValidRow() != rows || dst.GetValidCol() != 1 || cols == 0) {
        fail(line, "%s of %d x %d needs columns to reduce and a destination of %d x 1, not %d x %d", name(op), rows,
             cols, rows, dst.GetValidRow(), dst.GetValidCol());
    }
    if constexpr (kTrace) {
        Recorder(op, PIPE_V, src, line).read(src).scratch(scratch).write(dst);
    } else {
        constexpr size_t static_cols = S::ValidCol == kDynamic ? 0 : S::ValidCol;
        for (int r = 0; r < rows; ++r) {
            const auto* run = src.data() + size_t(r) * S::Cols;
            const size_t count = static_cols ? static_cols : size_t(cols);
            dst.data()[size_t(r) * row_stride<D>] = static_cast<typename D::DType>(reduce_run(f, run, count));
        }
        spoil(scratch, is_fast_row_reduction<D, S>() ? kFastScratchBytes : Scratch::kBytes);
    }
}

/// Shared by the column reductions with and without scratch space; `scratch` is called with the record.
template <typename F, typename D, typename S, typename Scratch>
void reduce_cols(OpId op, F f, int line, D& dst, const S& src, Scratch record_scratch) {
    static_assert(is_vec<D> && is_vec<S>, "a column reduction works on vec tiles (TileType::Vec) only");
    static_assert(std::is_same_v<typename D::DType, typename S::DType>,
                  "a column reduction keeps the element type: destination and source must have the same");
    static_assert(may_equal(D::ValidCol, S::ValidCol) && may_equal(D::ValidRow, 1),
                  "a column reduction of [rows, cols] needs a destination of [1, cols]");
    static_assert(S::isRowMajor && D::isRowMajor, "a column reduction needs row-major tiles");
    dst.require_assigned(name(op), line);
    src.require_assigned(name(op), line);
    const int rows = src.GetValidRow();
    const size_t cols = src.GetValidCol();
    if (dst.GetValidRow() != 1 || dst.GetValidCol() != static_cast<int>(cols) || rows == 0) {
        fail(line, "%s of %d x %zu needs rows to reduce and a destination of 1 x %zu, not %d x %d", name(op), rows,
             cols, cols, dst.GetValidRow(), dst.GetValidCol());
    }
    if constexpr (kTrace) {
        Recorder recorder(op, PIPE_V, src, line);
        recorder.read(src);
        record_scratch(recorder);
        recorder.write(dst);
    } else {
        using T = typename D::DType;
        Compute<T> total[kPiece];
        for (size_t begin = 0; begin < cols; begin += kPiece) {
            const size_t size = std::min(kPiece, cols - begin);
            for (size_t c = 0; c < size; ++c) total[c] = src.data()[begin + c];
            for (int r = 1; r < rows; ++r) {
                const T* row = src.data() + size_t(r) * S::Cols + begin;
                for (size_t c = 0; c < size; ++c) total[c] = f(total[c], static_cast<Compute<T>>(row[c]));
            }
            for (size_t c = 0; c < size; ++c) dst.data()[begin + c] = static_cast<T>(total[c]);
        }
    }
}

}  // namespace host

/// dst[r][0] = reduction of src[r][:]; `scratch` is working space of the device.
#define PTO_ROW_REDUCTION(NAME, FUNCTION)                                                            \
    template <typename D, typename S, typename Scratch>                                              \
    PTO_OUT_OF_LINE void NAME(D& dst, const S& src, Scratch& scratch, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                                      \
        host::reduce_rows(host::OpId::NAME, host::FUNCTION{}, line, dst, src, scratch);              \
    }
PTO_ROW_REDUCTION_OPS(PTO_ROW_REDUCTION)
#undef PTO_ROW_REDUCTION

/// dst[0][c] = reduction of src[:][c].
#define PTO_COL_REDUCTION(NAME, FUNCTION)                                                              \
    template <typename D, typename S>                                                                  \
    PTO_OUT_OF_LINE void NAME(D& dst, const S& src, int line = __builtin_LINE()) {                     \
        PTO_REQUIRE_TYPE(NAME);                                                                        \
        host::reduce_cols(host::OpId::NAME, host::FUNCTION{}, line, dst, src, [](host::Recorder&) {}); \
    }
PTO_COL_REDUCTION_OPS(PTO_COL_REDUCTION)
#undef PTO_COL_REDUCTION

/// TCOLSUM with the device's working space; `binary` picks its order of summation.
template <typename D, typename S, typename Scratch, typename = std::enable_if_t<host::is_tile<Scratch>>>
PTO_OUT_OF_LINE void TCOLSUM(D& dst, const S& src, Scratch& scratch, bool binary = false, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TCOLSUM);
    static_cast<void>(binary);
    scratch.require_assigned("TCOLSUM", line);
    host::reduce_cols(host::OpId::TCOLSUM, host::Add{}, line, dst, src,
                      [&](host::Recorder& recorder) { recorder.scratch(scratch); });
}

}  // namespace pto
