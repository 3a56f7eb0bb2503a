// Matrix products on the cube. Pipe M.
#pragma once

#include <type_traits>

#include "pto/machine/operations.hpp"
#include "pto/ops/element_types.hpp"
#include "pto/tile/tile.hpp"

namespace pto {
namespace host {

template <typename D, typename L, typename R>
constexpr void check_matmul() {
    static_assert(L::Loc == TileType::Left,
                  "the first factor of a matmul must be a left tile (TileType::Left, in L0A)");
    static_assert(R::Loc == TileType::Right,
                  "the second factor of a matmul must be a right tile (TileType::Right, in L0B)");
    static_assert(D::Loc == TileType::Acc, "the result of a matmul must be an acc tile (TileType::Acc, in L0C)");
    using In = typename L::DType;
    using Out = typename D::DType;
    static_assert(std::is_same_v<In, typename R::DType>, "both factors of a matmul must have the same element type");
    static_assert(multiplies<In, Out>, "a matmul multiplies f16, bf16 or f32 into f32, or i8 into i32");
    static_assert(may_equal(L::ValidCol, R::ValidRow),
                  "a matmul of [m, k] by [k, n] needs as many valid columns on the left as valid rows on the right");
    static_assert(may_equal(D::ValidRow, L::ValidRow) && may_equal(D::ValidCol, R::ValidCol),
                  "a matmul of [m, k] by [k, n] needs a result of [m, n]");
}

template <typename D, typename A>
constexpr void check_accumulator() {
    static_assert(std::is_same_v<D, A>, "the result must have the type of the accumulator it starts from");
}

template <typename D, typename B>
constexpr void check_bias() {
    static_assert(B::Loc == TileType::Bias, "the bias must be a bias tile (TileType::Bias)");
    static_assert(std::is_same_v<typename B::DType, typename D::DType>,
                  "the bias must have the element type of the result");
    static_assert(may_equal(B::ValidCol, D::ValidCol) && may_equal(B::ValidRow, 1),
                  "the bias of a result of [m, n] must be [1, n]");
}

template <typename D, typename L, typename R>
constexpr void check_gemv() {
    check_matmul<D, L, R>();
    static_assert(may_equal(L::ValidRow, 1) && may_equal(D::ValidRow, 1),
                  "TGEMV multiplies one valid row: TMATMUL takes more");
}

}  // namespace host

/// NAME: dst = left right. NAME_ACC: dst = acc + left right, where acc and dst may be the same tile. NAME_BIAS: dst =
/// left right + bias, bias being [1, n] of the type of dst.
#define PTO_PRODUCT(NAME, CHECK)                                                                          \
    template <typename D, typename L, typename R>                                                         \
    void NAME(D& dst, const L& left, const R& right, int line = __builtin_LINE()) {                       \
        host::CHECK<D, L, R>();                                                                           \
        host::multiply(host::OpId::NAME, dst, left, right, line);                                         \
    }                                                                                                     \
    template <typename D, typename A, typename L, typename R>                                             \
    void NAME##_ACC(D& dst, const A& acc, const L& left, const R& right, int line = __builtin_LINE()) {   \
        host::CHECK<D, L, R>();                                                                           \
        host::check_accumulator<D, A>();                                                                  \
        host::multiply_acc(host::OpId::NAME##_ACC, dst, acc, left, right, line);                          \
    }                                                                                                     \
    template <typename D, typename L, typename R, typename B>                                             \
    void NAME##_BIAS(D& dst, const L& left, const R& right, const B& bias, int line = __builtin_LINE()) { \
        host::CHECK<D, L, R>();                                                                           \
        host::check_bias<D, B>();                                                                         \
        host::multiply_bias(host::OpId::NAME##_BIAS, dst, left, right, bias, line);                       \
    }
PTO_PRODUCT(TMATMUL, check_matmul)
PTO_PRODUCT(TGEMV, check_gemv)
#undef PTO_PRODUCT

/// dst += left right
template <typename D, typename L, typename R>
void TMATMUL_ACC(D& dst, const L& left, const R& right, int line = __builtin_LINE()) {
    TMATMUL_ACC(dst, dst, left, right, line);
}

/// With a phase, which tells FIX on the device when a sum is done.
#define PTO_PRODUCT_PHASES(NAME)                                                                      \
    template <AccPhase phase, typename D, typename A, typename B>                                     \
    void NAME(D& dst, const A& first, const B& second, int line = __builtin_LINE()) {                 \
        NAME(dst, first, second, line);                                                               \
    }                                                                                                 \
    template <AccPhase phase, typename D, typename A, typename B, typename C>                         \
    void NAME(D& dst, const A& first, const B& second, const C& third, int line = __builtin_LINE()) { \
        NAME(dst, first, second, third, line);                                                        \
    }
PTO_PRODUCT_PHASES(TMATMUL)
PTO_PRODUCT_PHASES(TMATMUL_ACC)
PTO_PRODUCT_PHASES(TMATMUL_BIAS)
PTO_PRODUCT_PHASES(TGEMV)
PTO_PRODUCT_PHASES(TGEMV_ACC)
PTO_PRODUCT_PHASES(TGEMV_BIAS)
#undef PTO_PRODUCT_PHASES

}  // namespace pto
