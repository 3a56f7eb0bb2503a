// Element-wise vector operations: dst = f(a), f(a, b), f(a, scalar). Pipe V.
#pragma once

#include <type_traits>

#include "pto/machine/operations.hpp"
#include "pto/ops/element_types.hpp"
#include "pto/tile/tile.hpp"

namespace pto {
namespace host {

template <typename D, typename... S>
constexpr void check_vec_operands() {
    static_assert(is_vec<D> && (is_vec<S> && ...), "a vector operation works on vec tiles (TileType::Vec, in UB) only");
    static_assert((std::is_same_v<typename D::DType, typename S::DType> && ...),
                  "element-wise operands must have the same element type as the destination: TCVT converts");
    static_assert((same_valid_shape<D, S> && ...),
                  "element-wise operands must have the same valid rows and columns as the destination");
    static_assert(((S::isRowMajor == D::isRowMajor) && ...),
                  "element-wise operands must all be row-major or all column-major: TRESHAPE one of them");
}

}  // namespace host

#define PTO_BINARY_OP(NAME, FUNCTION)                                               \
    template <typename D, typename A, typename B>                                   \
    void NAME(D& dst, const A& left, const B& right, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                     \
        host::check_vec_operands<D, A, B>();                                        \
        host::binary(host::OpId::NAME, dst, left, right, line);                     \
    }
PTO_BINARY_OPS(PTO_BINARY_OP)
#undef PTO_BINARY_OP

/// dst = f(left, right); the device computes it in several steps, with `scratch` for what is between them.
#define PTO_BINARY_SCRATCH_OP(NAME, FUNCTION)                                                         \
    template <typename D, typename A, typename B, typename Scratch>                                   \
    void NAME(D& dst, const A& left, const B& right, Scratch& scratch, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                                       \
        host::check_vec_operands<D, A, B, Scratch>();                                                 \
        host::binary(host::OpId::NAME, dst, left, right, line, &scratch);                             \
    }
PTO_BINARY_SCRATCH_OPS(PTO_BINARY_SCRATCH_OP)
#undef PTO_BINARY_SCRATCH_OP

#define PTO_SCALAR_OP(NAME, FUNCTION)                                                        \
    template <typename D, typename A>                                                        \
    void NAME(D& dst, const A& src, typename D::DType scalar, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                              \
        host::check_vec_operands<D, A>();                                                    \
        host::with_scalar(host::OpId::NAME, dst, src, host::Scalar(scalar), line);           \
    }
PTO_TILE_SCALAR_OPS(PTO_SCALAR_OP)
PTO_SHIFT_OPS(PTO_SCALAR_OP)
#undef PTO_SCALAR_OP

/// dst = src where it is positive, else src * slope, which the device takes as an element of dst.
template <typename D, typename A>
void TLRELU(D& dst, const A& src, float slope, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TLRELU);
    host::check_vec_operands<D, A>();
    const auto element = static_cast<typename D::DType>(slope);
    host::with_scalar(host::OpId::TLRELU, dst, src, host::Scalar(element), line);
}

/// dst = src / scalar. In place the device multiplies floats by the reciprocal of the scalar, which rounds otherwise.
template <typename D, typename A>
void TDIVS(D& dst, const A& src, typename D::DType scalar, int line = __builtin_LINE()) {
    using T = typename D::DType;
    PTO_REQUIRE_TYPE(TDIVS);
    host::check_vec_operands<D, A>();
    bool by_reciprocal = false;
    if constexpr (host::is_float<T>) {
        if (dst.address() == src.address()) {
            by_reciprocal = true;
            scalar = static_cast<T>(1.0f / static_cast<float>(scalar));
        }
    }
    host::with_scalar(host::OpId::TDIVS, dst, src, host::Scalar(scalar), line, by_reciprocal);
}

#define PTO_UNARY_OP(NAME, FUNCTION)                               \
    template <typename D, typename A>                              \
    void NAME(D& dst, const A& src, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                    \
        host::check_vec_operands<D, A>();                          \
        host::unary(host::OpId::NAME, dst, src, line);             \
    }
PTO_UNARY_OP(TEXP, Exp)
PTO_UNARY_OPS(PTO_UNARY_OP)
PTO_UNARY_SCRATCH_OPS(PTO_UNARY_OP)
#undef PTO_UNARY_OP

/// dst = f(src), in steps with `scratch` for what is between them.
#define PTO_UNARY_SCRATCH_OP(NAME, FUNCTION)                                                     \
    template <typename D, typename A, typename S, typename = std::enable_if_t<host::is_tile<S>>> \
    void NAME(D& dst, const A& src, S& scratch, int line = __builtin_LINE()) {                   \
        PTO_REQUIRE_TYPE(NAME);                                                                  \
        host::check_vec_operands<D, A, S>();                                                     \
        host::unary(host::OpId::NAME, dst, src, line, &scratch);                                 \
    }
PTO_UNARY_SCRATCH_OPS(PTO_UNARY_SCRATCH_OP)
#undef PTO_UNARY_SCRATCH_OP

/// dst[r][c] = scalar
template <typename D>
void TEXPANDS(D& dst, typename D::DType scalar, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TEXPANDS);
    host::check_vec_operands<D>();
    host::fill(host::OpId::TEXPANDS, dst, host::Scalar(scalar), line);
}

}  // namespace pto
