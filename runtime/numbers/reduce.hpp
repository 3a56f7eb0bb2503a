// Reductions of runs and across runs. The order in which a run is summed is the same on every CPU: by 64 lanes, which
// are folded in halves.
#pragma once

#include <cstddef>
#include <type_traits>

#include "runtime/numbers/map.hpp"

namespace pto::host::PTO_LEVEL {

/// Elements that are reduced side by side, whatever the vectors of the CPU.
inline constexpr size_t kFold = 64;

/// f over a run of at least kFold floats.
template <typename F>
PTO_INLINE float reduce_floats(F f, const float* run, size_t count) {
    constexpr size_t kVectors = kFold / kLanes;
    FloatV partial[kVectors];
    PTO_UNROLL
    for (size_t v = 0; v < kVectors; ++v) partial[v] = load_vector(run + v * kLanes);
    size_t i = kFold;
    for (; i + kFold <= count; i += kFold) {
        PTO_UNROLL
        for (size_t v = 0; v < kVectors; ++v) partial[v] = f(partial[v], load_vector(run + i + v * kLanes));
    }
    PTO_UNROLL
    for (size_t half = kVectors / 2; half > 0; half /= 2) {
        PTO_UNROLL
        for (size_t v = 0; v < half; ++v) partial[v] = f(partial[v], partial[v + half]);
    }
    float lanes[kLanes];
    store_vector(lanes, partial[0]);
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
        const size_t first = count < kPiece ? count : kPiece;
        widen_span(wide, run, first);
        float total = reduce_run(f, static_cast<const float*>(wide), first);
        for (size_t begin = kPiece; begin < count; begin += kPiece) {
            const size_t size = count - begin < kPiece ? count - begin : kPiece;
            widen_span(wide, run + begin, size);
            total = f(total, reduce_run(f, static_cast<const float*>(wide), size));
        }
        return total;
    } else {
        if constexpr (std::is_same_v<T, float>) {
            if (count >= kFold) return reduce_floats(f, run, count);
        }
        T total = run[0];
        for (size_t i = 1; i < count; ++i) total = f(total, run[i]);
        return total;
    }
}

template <typename F, TypeSet types>
void reduce_rows_by(DTypeId dtype, Extent extent, Block2D dst, Source2D src) {
    for_type<types>(dtype, [=](auto zero) {
        using T = decltype(zero);
        for (size_t r = 0; r < extent.runs; ++r)
            *run<T>(dst, r) = static_cast<T>(reduce_run(F{}, run<T>(src, r), extent.count));
    });
}

template <typename F, TypeSet types>
void reduce_cols_by(DTypeId dtype, Extent extent, Block2D dst, Source2D src) {
    for_type<types>(dtype, [=](auto zero) {
        using T = decltype(zero);
        Compute<T> total[kPiece];
        for (size_t begin = 0; begin < extent.count; begin += kPiece) {
            const size_t size = extent.count - begin < kPiece ? extent.count - begin : kPiece;
            for (size_t c = 0; c < size; ++c) total[c] = run<T>(src, 0)[begin + c];
            for (size_t r = 1; r < extent.runs; ++r) {
                const T* row = run<T>(src, r) + begin;
                for (size_t c = 0; c < size; ++c) total[c] = F{}(total[c], static_cast<Compute<T>>(row[c]));
            }
            for (size_t c = 0; c < size; ++c) run<T>(dst, 0)[begin + c] = static_cast<T>(total[c]);
        }
    });
}

inline void reduce_rows(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D src) {
    switch (op) {
#define PTO_CASE(NAME, FUNCTOR) \
    case OpId::NAME:            \
        return reduce_rows_by<FUNCTOR, types_of(OpId::NAME)>(dtype, extent, dst, src);
        PTO_ROW_REDUCTION_OPS(PTO_CASE)
#undef PTO_CASE
        default:
            __builtin_trap();
    }
}

inline void reduce_cols(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D src) {
    switch (op) {
#define PTO_CASE(NAME, FUNCTOR) \
    case OpId::NAME:            \
        return reduce_cols_by<FUNCTOR, types_of(OpId::NAME)>(dtype, extent, dst, src);
        PTO_COL_REDUCTION_OPS(PTO_CASE)
        PTO_COL_SUM_OPS(PTO_CASE)
#undef PTO_CASE
        default:
            __builtin_trap();
    }
}

}  // namespace pto::host::PTO_LEVEL
