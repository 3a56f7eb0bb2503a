// Reductions of runs and across runs. The order in which a run is summed is the same on every CPU: by 64 lanes, which
// are folded in halves.
#pragma once

#include <cstddef>
#include <type_traits>

#include "runtime/numbers/map.hpp"

namespace pto::host::PTO_LEVEL {

/// Elements that are reduced side by side, whatever the vectors of the CPU.
inline constexpr size_t kFold = 64;

/// Lane l of the result is lane l + `width` of the vector, for the first `width` lanes.
template <int width>
PTO_INLINE FloatV upper_lanes(FloatV vector) {
    IntV from;
    for (int l = 0; l < kLanes; ++l) from[l] = (l + width) % kLanes;
#if defined(__clang__)
    FloatV moved;
    for (int l = 0; l < kLanes; ++l) moved[l] = vector[from[l]];
    return moved;
#else
    return __builtin_shuffle(vector, from);
#endif
}

/// f over the first 2 `width` lanes.
template <int width, typename F>
PTO_INLINE float fold_lanes(F f, FloatV vector) {
    const FloatV folded = f(vector, upper_lanes<width>(vector));
    if constexpr (width > 1) return fold_lanes<width / 2>(f, folded);
    return folded[0];
}

/// Does nothing with vectors that are read.
struct Ignore {
    void operator()(FloatV, FloatV) {}
};

/// f over a run of at least kFold floats, vector by vector; `see` gets the vectors of all steps of kFold, two at a
/// time.
template <typename F, typename See>
PTO_INLINE float reduce_by_vectors(F f, const float* run, size_t count, See& see) {
    constexpr size_t kVectors = kFold / kLanes;
    FloatV partial[kVectors];
    PTO_UNROLL
    for (size_t v = 0; v < kVectors; ++v) partial[v] = load_vector(run + v * kLanes);
    PTO_UNROLL
    for (size_t v = 0; v < kVectors; v += 2) see(partial[v], partial[v + 1]);
    size_t i = kFold;
    for (; i + kFold <= count; i += kFold) {
        PTO_UNROLL
        for (size_t v = 0; v < kVectors; v += 2) {
            const FloatV first = load_vector(run + i + v * kLanes), second = load_vector(run + i + (v + 1) * kLanes);
            see(first, second);
            partial[v] = f(partial[v], first);
            partial[v + 1] = f(partial[v + 1], second);
        }
    }
    PTO_UNROLL
    for (size_t half = kVectors / 2; half > 0; half /= 2) {
        PTO_UNROLL
        for (size_t v = 0; v < half; ++v) partial[v] = f(partial[v], partial[v + half]);
    }
    float total = fold_lanes<kLanes / 2>(f, partial[0]);
    for (; i < count; ++i) total = f(total, run[i]);
    return total;
}

#if defined(__AVX512F__)
/// Extrema of numbers. The instruction gives its second operand if the two are equal or one is NaN.
struct NumberMax {
    FloatV operator()(FloatV a, FloatV b) const { return _mm512_max_ps(b, a); }
    float operator()(float a, float b) const { return nan_max(a, b); }
};
struct NumberMin {
    FloatV operator()(FloatV a, FloatV b) const { return _mm512_min_ps(b, a); }
    float operator()(float a, float b) const { return nan_min(a, b); }
};

/// Whether vectors had no NaN so far; one comparison asks two.
struct AreNumbers {
    __mmask16 lanes = 0xffff;

    PTO_INLINE void operator()(FloatV a, FloatV b) { lanes = _mm512_mask_cmp_ps_mask(lanes, a, b, _CMP_ORD_Q); }
    explicit operator bool() const { return lanes == 0xffff; }
};
#endif

/// f over a run of at least kFold floats.
template <typename F>
PTO_INLINE float reduce_floats(F f, const float* run, size_t count) {
#if defined(__AVX512F__)
    constexpr bool is_max = std::is_same_v<F, Max>;
    if constexpr (is_max || std::is_same_v<F, Min>) {
        using Quick = std::conditional_t<is_max, NumberMax, NumberMin>;
        AreNumbers are_numbers;
        const float found = reduce_by_vectors(Quick{}, run, count, are_numbers);
        if (are_numbers) return found;
    }
#endif
    Ignore ignore;
    return reduce_by_vectors(f, run, count, ignore);
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
