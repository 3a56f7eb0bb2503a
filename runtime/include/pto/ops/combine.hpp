// Vector operations of several steps. Pipe V.
#pragma once

#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {

/// dst = src * scalar + dst
template <typename D, typename A>
void TAXPY(D& dst, const A& src, typename A::DType scalar, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TAXPY);
    if constexpr (std::is_same_v<typename D::DType, float> && std::is_same_v<typename A::DType, half>) {
        static_assert(host::is_vec<D> && host::is_vec<A> && D::isRowMajor && A::isRowMajor,
                      "TAXPY works on row-major vec tiles");
    } else {
        host::check_vec_operands<D, A>();
    }
    host::multiply_add(dst, src, host::Scalar(scalar), line);
}

/// dst = f(src, scalar); the device overwrites dst with the scalar first, and scratch.
#define PTO_SCALAR_SCRATCH_OP(NAME, FUNCTION)                                                                  \
    template <typename D, typename A, typename Scratch>                                                        \
    void NAME(D& dst, const A& src, typename D::DType scalar, Scratch& scratch, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                                                \
        host::check_vec_operands<D, A, Scratch>();                                                             \
        host::with_scalar_and_scratch(host::OpId::NAME, dst, src, host::Scalar(scalar), scratch, line);        \
    }
PTO_TILE_SCALAR_SCRATCH_OPS(PTO_SCALAR_SCRATCH_OP)
#undef PTO_SCALAR_SCRATCH_OP

/// dst = left to the power of right; floats with scratch, which the device overwrites, whole numbers without.
template <typename D, typename A, typename B, typename S, typename = std::enable_if_t<host::is_tile<S>>>
void TPOW(D& dst, const A& left, const B& right, S& scratch, int line = __builtin_LINE()) {
    static_assert(std::is_same_v<typename D::DType, float>, "TPOW has scratch for f32 only");
    host::check_vec_operands<D, A, B, S>();
    host::power(host::OpId::TPOW, dst, left, &right, host::Scalar(0), &scratch, line);
}
template <typename D, typename A, typename B>
void TPOW(D& dst, const A& left, const B& right, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TPOW);
    static_assert(std::is_integral_v<typename D::DType>, "TPOW of f32 needs scratch");
    host::check_vec_operands<D, A, B>();
    host::power(host::OpId::TPOW, dst, left, &right, host::Scalar(0), nullptr, line);
}

/// dst = src to the power of scalar, as TPOW.
template <typename D, typename A, typename S, typename = std::enable_if_t<host::is_tile<S>>>
void TPOWS(D& dst, const A& src, typename D::DType scalar, S& scratch, int line = __builtin_LINE()) {
    static_assert(std::is_same_v<typename D::DType, float>, "TPOWS has scratch for f32 only");
    host::check_vec_operands<D, A, S>();
    host::power(host::OpId::TPOWS, dst, src, nullptr, host::Scalar(scalar), &scratch, line);
}
template <typename D, typename A>
void TPOWS(D& dst, const A& src, typename D::DType scalar, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TPOWS);
    static_assert(std::is_integral_v<typename D::DType>, "TPOWS of f32 needs scratch");
    host::check_vec_operands<D, A>();
    host::power(host::OpId::TPOWS, dst, src, nullptr, host::Scalar(scalar), nullptr, line);
}

/// dst[r][c] = 1 where c <= r + diagonal, else 0; or, for upper = 1, 0 where c < r + diagonal, else 1.
template <typename D, int upper = 0>
void TTRI(D& dst, int diagonal, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TTRI);
    host::check_vec_operands<D>();
    host::triangle(dst, diagonal, upper != 0, line);
}

/// dst = left - floor(left / right) * right, with the sign of right.
template <typename D, typename A, typename B, typename Scratch>
void TREM(D& dst, const A& left, const B& right, Scratch& scratch, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TREM);
    host::check_vec_operands<D, A, B>();
    host::remainder(host::OpId::TREM, dst, left, &right, host::Scalar(0), scratch, line);
}

/// dst = src - floor(src / scalar) * scalar, with the sign of the scalar.
template <typename D, typename A, typename Scratch>
void TREMS(D& dst, const A& src, typename D::DType scalar, Scratch& scratch, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TREMS);
    host::check_vec_operands<D, A>();
    host::remainder(host::OpId::TREMS, dst, src, nullptr, host::Scalar(scalar), scratch, line);
}

/// dst = f(left, right) where both are valid, else the one that is; one of them has the valid size of dst.
#define PTO_PARTIAL_OP(NAME)                                                                                    \
    template <typename D, typename A, typename B>                                                               \
    void NAME(D& dst, const A& left, const B& right, int line = __builtin_LINE()) {                             \
        PTO_REQUIRE_TYPE(NAME);                                                                                 \
        static_assert(host::is_vec<D> && host::is_vec<A> && host::is_vec<B>, #NAME " works on vec tiles only"); \
        static_assert(std::is_same_v<typename D::DType, typename A::DType> &&                                   \
                          std::is_same_v<typename D::DType, typename B::DType>,                                 \
                      #NAME " needs operands of one element type");                                             \
        host::combine_parts(host::OpId::NAME, dst, left, right, line);                                          \
    }
PTO_PARTIAL_OP(TPARTADD)
PTO_PARTIAL_OP(TPARTMUL)
PTO_PARTIAL_OP(TPARTMAX)
PTO_PARTIAL_OP(TPARTMIN)
#undef PTO_PARTIAL_OP

namespace host {

template <typename S, typename D>
constexpr void check_quantised() {
    static_assert(is_vec<S> && is_vec<D> && std::is_same_v<typename S::DType, float>,
                  "TQUANT makes bytes of f32 vec tiles");
}

}  // namespace host

/// dst = src * scale of the row, rounded, as signed bytes; destroys src, and scratch of its size.
template <QuantType type, typename D, typename S, typename V, typename Scratch>
void TQUANT(D& dst, S& src, const V& scale, Scratch& scratch, int line = __builtin_LINE()) {
    static_assert(type == QuantType::INT8_SYM && std::is_same_v<typename D::DType, int8_t>,
                  "TQUANT without an offset makes int8_t, INT8_SYM");
    host::check_quantised<S, D>();
    host::quantise(dst, src, scale, nullptr, scratch, line);
}

/// dst = src * scale of the row + offset of the row, rounded, as unsigned bytes.
template <QuantType type, typename D, typename S, typename V, typename Scratch, typename O>
void TQUANT(D& dst, S& src, const V& scale, Scratch& scratch, const O* offset, int line = __builtin_LINE()) {
    static_assert(type == QuantType::INT8_ASYM && std::is_same_v<typename D::DType, uint8_t>,
                  "TQUANT with an offset makes uint8_t, INT8_ASYM");
    host::check_quantised<S, D>();
    host::quantise(dst, src, scale, offset, scratch, line);
}

/// dst = (src - offset of the row) * scale of the row
template <typename D, typename S, typename V>
void TDEQUANT(D& dst, const S& src, const V& scale, const V& offset, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TDEQUANT);
    static_assert(std::is_same_v<typename S::DType, int8_t> || std::is_same_v<typename S::DType, int16_t>,
                  "TDEQUANT takes i8 and i16");
    host::dequantise(dst, src, scale, offset, line);
}

}  // namespace pto
