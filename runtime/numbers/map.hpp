// Element by element: functions of one or two operands, alone or with one value per run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "pto/common/dtype.hpp"
#include "runtime/numbers/functions.hpp"
#include "runtime/numbers/numbers.hpp"
#include "runtime/numbers/widen.hpp"

namespace pto::host::PTO_LEVEL {

/// 16-bit floats are widened, computed and narrowed in pieces of this many elements.
inline constexpr size_t kPiece = 128;

/// dst[i] = f(src[i]...) for full runs. Runs may coincide; they must not overlap in another way.
template <typename F, typename T, typename... S>
PTO_INLINE void map_run(F f, size_t count, T* dst, const S*... src) {
    PTO_INDEPENDENT
    PTO_LONG_TURNS
    for (size_t i = 0; i < count; ++i) dst[i] = f(src[i]...);
}

/// Calls f(count, dst, src), `count` a constant, for all vectors of a run: several at once first, then one by one, then
/// the rest of a vector in a copy.
template <typename F>
PTO_INLINE void for_vectors_of_run(size_t count, float* dst, const float* src, F f) {
    using Several = std::integral_constant<int, kExpVectors>;
    using One = std::integral_constant<int, 1>;
    constexpr size_t kTurn = kExpVectors * kLanes;
    size_t i = 0;
    for (; i + kTurn <= count; i += kTurn) f(Several{}, dst + i, src + i);
    for (; i + kLanes <= count; i += kLanes) f(One{}, dst + i, src + i);
    if (i == count) return;
    float rest[kLanes] = {};
    for (size_t r = 0; i + r < count; ++r) rest[r] = src[i + r];
    f(One{}, rest, rest);
    for (size_t r = 0; i + r < count; ++r) dst[i + r] = rest[r];
}

/// exp of a run.
PTO_INLINE void map_run(Exp, size_t count, float* dst, const float* src) {
    for_vectors_of_run(count, dst, src, [](auto vectors, float* to, const float* from) {
        FloatV x[vectors];
        for_each_vector<vectors>([&](int v) { x[v] = load_vector(from + v * kLanes); });
        exp_vectors(x);
        for_each_vector<vectors>([&](int v) { store_vector(to + v * kLanes, x[v]); });
    });
}

template <typename F, typename T, size_t... I, typename... S>
PTO_INLINE void map_short_floats(std::index_sequence<I...>, F f, size_t count, T* dst, const S*... src) {
    for (size_t begin = 0; begin < count; begin += kPiece) {
        const size_t size = count - begin < kPiece ? count - begin : kPiece;
        float wide[1 + sizeof...(S)][kPiece];
        (widen_span(wide[1 + I], src + begin, size), ...);
        map_run(f, size, wide[0], static_cast<const float*>(wide[1 + I])...);
        narrow_span(dst + begin, wide[0], size);
    }
}

/// As map_run, with the arithmetic in Compute<T>.
template <typename F, typename T, typename... S>
PTO_INLINE void map_span(F f, size_t count, T* dst, const S*... src) {
    if constexpr (is_short_float<T>) {
        map_short_floats(std::index_sequence_for<S...>{}, f, count, dst, src...);
    } else {
        map_run(f, count, dst, src...);
    }
}

template <typename T>
PTO_INLINE T* run(const Block2D& block, size_t r) {
    return static_cast<T*>(block.data) + static_cast<int64_t>(r) * block.pitch;
}
template <typename T>
PTO_INLINE const T* run(const Source2D& block, size_t r) {
    return static_cast<const T*>(block.data) + static_cast<int64_t>(r) * block.pitch;
}

constexpr TypeSet type_bit(DTypeId id) { return TypeSet{1} << static_cast<int>(id); }

/// The element types of an operation, see isa/ops.py.
constexpr TypeSet types_of(OpId op) { return kTypes[static_cast<int>(op)]; }

/// Calls visit(T{}) for the type of `dtype`, if it is in `types`; else there is no such operation, and types refuse it.
template <TypeSet types, typename Visit>
PTO_INLINE void for_type(DTypeId dtype, Visit visit) {
    switch (dtype) {
#define PTO_CASE(ID, TYPE, NAME)                                                  \
    case DTypeId::ID:                                                             \
        if constexpr ((types & type_bit(DTypeId::ID)) != 0) return visit(TYPE{}); \
        break;
        PTO_ELEMENTS(PTO_CASE)
#undef PTO_CASE
        default:
            break;
    }
    __builtin_trap();
}

template <typename F, TypeSet types, typename... Sources>
void map_runs(DTypeId dtype, Extent extent, Block2D dst, Sources... src) {
    for_type<types>(dtype, [=](auto zero) {
        using T = decltype(zero);
        for (size_t r = 0; r < extent.runs; ++r) map_span(F{}, extent.count, run<T>(dst, r), run<T>(src, r)...);
    });
}

template <typename F, TypeSet types>
void map_with_value(DTypeId dtype, Extent extent, Block2D dst, Source2D a, Source2D values) {
    for_type<types>(dtype, [=](auto zero) {
        using T = decltype(zero);
        for (size_t r = 0; r < extent.runs; ++r) {
            const auto value = static_cast<Compute<T>>(*run<T>(values, r));
            map_span([value](Compute<T> left) { return F{}(left, value); }, extent.count, run<T>(dst, r), run<T>(a, r));
        }
    });
}

inline void map(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D a, Source2D b) {
    switch (op) {
#define PTO_UNARY(NAME, FUNCTOR) \
    case OpId::NAME:             \
        return map_runs<FUNCTOR, types_of(OpId::NAME)>(dtype, extent, dst, a);
#define PTO_BINARY(NAME, FUNCTOR) \
    case OpId::NAME:              \
        return map_runs<FUNCTOR, types_of(OpId::NAME)>(dtype, extent, dst, a, b);
        PTO_UNARY(TEXP, Exp)
        PTO_UNARY_OPS(PTO_UNARY)
        PTO_UNARY_SCRATCH_OPS(PTO_UNARY)
        PTO_BINARY_OPS(PTO_BINARY)
        PTO_BINARY_SCRATCH_OPS(PTO_BINARY)
        PTO_TILE_SCALAR_SCRATCH_OPS(PTO_BINARY)
        PTO_COL_BINARY_OPS(PTO_BINARY)
        PTO_ROW_BINARY_OPS(PTO_BINARY)
#undef PTO_UNARY
#undef PTO_BINARY
        default:
            __builtin_trap();
    }
}

inline void map_rows(OpId op, DTypeId dtype, Extent extent, Block2D dst, Source2D a, Source2D values) {
    switch (op) {
#define PTO_CASE(NAME, FUNCTOR) \
    case OpId::NAME:            \
        return map_with_value<FUNCTOR, types_of(OpId::NAME)>(dtype, extent, dst, a, values);
        PTO_TILE_SCALAR_OPS(PTO_CASE)
        PTO_SHIFT_OPS(PTO_CASE)
        PTO_LEAKY_OPS(PTO_CASE)
        PTO_CASE(TDIVS, Div)
        PTO_ROW_BINARY_OPS(PTO_CASE)
#undef PTO_CASE
        default:
            __builtin_trap();
    }
}

/// Runs of 32 bytes: the blocks over which the value of each row of a tile is spread.
template <typename T>
PTO_INLINE void fill_blocks(size_t runs, Block2D dst, Source2D values) {
    typedef T Block __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));
    for (size_t r = 0; r < runs; ++r) *reinterpret_cast<Block*>(run<T>(dst, r)) = Block{} + *run<T>(values, r);
}

template <typename T>
void fill_runs(Extent extent, Block2D dst, Source2D values) {
    if (extent.count == 32 / sizeof(T)) return fill_blocks<T>(extent.runs, dst, values);
    for (size_t r = 0; r < extent.runs; ++r) {
        const T value = *run<T>(values, r);
        T* to = run<T>(dst, r);
        for (size_t i = 0; i < extent.count; ++i) to[i] = value;
    }
}

inline void fill_rows(uint32_t size, Extent extent, Block2D dst, Source2D values) {
    switch (size) {
        case 1:
            return fill_runs<uint8_t>(extent, dst, values);
        case 2:
            return fill_runs<uint16_t>(extent, dst, values);
        case 4:
            return fill_runs<uint32_t>(extent, dst, values);
        default:
            return fill_runs<uint64_t>(extent, dst, values);
    }
}

}  // namespace pto::host::PTO_LEVEL
