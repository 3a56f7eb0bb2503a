// Matrix products on the cube. Pipe M.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "pto/ops/element_types.hpp"
#include "pto/ops/pack.hpp"
#include "pto/ops/record.hpp"

namespace pto {
namespace host {

/// Rows of one register block; with two vectors per row this fills the registers of AVX2.
inline constexpr int kBlockRows = 6;

/// c[rows, kPanel] (+)= a[rows, depth] b[depth, kPanel], in registers.
template <int rows, typename W>
PTO_INLINE void multiply_block(W* c, int c_stride, const W* a, int a_stride, const W* b, int depth, bool accumulate) {
    constexpr int kVectors = kPanel / kLanes;
    typename VectorOf<W>::Register sum[rows][kVectors];
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < kVectors; ++v) {
            const W* start = c + size_t(r) * c_stride + v * kLanes;
            sum[r][v] = accumulate ? load_vector(start) : typename VectorOf<W>::Register{};
        }
    }
    for (int k = 0; k < depth; ++k) {
        typename VectorOf<W>::Register right[kVectors];
        for (int v = 0; v < kVectors; ++v) right[v] = load_vector(b + size_t(k) * kPanel + v * kLanes);
        for (int r = 0; r < rows; ++r) {
            const W left = a[size_t(r) * a_stride + k];
            for (int v = 0; v < kVectors; ++v) sum[r][v] += left * right[v];
        }
    }
    for (int r = 0; r < rows; ++r) {
        for (int v = 0; v < kVectors; ++v) store_vector(c + size_t(r) * c_stride + v * kLanes, sum[r][v]);
    }
}

/// One panel of columns: c[rows, kPanel] (+)= a[rows, depth] panel[depth, kPanel].
template <typename W>
void multiply_panel(W* c, int c_stride, const W* a, int a_stride, const W* panel, int rows, int depth,
                    bool accumulate) {
    int r = 0;
    for (; r + kBlockRows <= rows; r += kBlockRows) {
        multiply_block<kBlockRows>(c + size_t(r) * c_stride, c_stride, a + size_t(r) * a_stride, a_stride, panel, depth,
                                   accumulate);
    }
    for (; r + 2 <= rows; r += 2) {
        multiply_block<2>(c + size_t(r) * c_stride, c_stride, a + size_t(r) * a_stride, a_stride, panel, depth,
                          accumulate);
    }
    for (; r < rows; ++r) {
        multiply_block<1>(c + size_t(r) * c_stride, c_stride, a + size_t(r) * a_stride, a_stride, panel, depth,
                          accumulate);
    }
}

/// The last panel, of which only `width` columns belong to c.
template <typename W>
void multiply_narrow_panel(W* c, int c_stride, const W* a, int a_stride, const W* panel, int rows, int width, int depth,
                           bool accumulate) {
    for (int r = 0; r < rows; ++r) {
        W full[kPanel] = {};
        W* row = c + size_t(r) * c_stride;
        if (accumulate) std::memcpy(full, row, width * sizeof(W));
        multiply_block<1>(full, kPanel, a + size_t(r) * a_stride, a_stride, panel, depth, accumulate);
        std::memcpy(row, full, width * sizeof(W));
    }
}

/// c[rows, cols] (+)= a[rows, depth] b[depth, cols], b in panels of `b_rows` rows.
template <typename W>
void multiply(W* c, int c_stride, const W* a, int a_stride, const W* b, int b_rows, int rows, int cols, int depth,
              bool accumulate) {
    for (int first = 0; first < cols; first += kPanel) {
        const W* panel = b + size_t(first) * b_rows;
        if (first + kPanel <= cols) {
            multiply_panel(c + first, c_stride, a, a_stride, panel, rows, depth, accumulate);
        } else {
            multiply_narrow_panel(c + first, c_stride, a, a_stride, panel, rows, cols - first, depth, accumulate);
        }
    }
}

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

template <typename D, typename L, typename R>
void require_matmul(OpId op, int line, const D& dst, const L& left, const R& right) {
    check_matmul<D, L, R>();
    dst.require_assigned(name(op), line);
    left.require_assigned(name(op), line);
    right.require_assigned(name(op), line);
    if (left.GetValidCol() != right.GetValidRow() || dst.GetValidRow() != left.GetValidRow() ||
        dst.GetValidCol() != right.GetValidCol()) {
        fail(line, "%s of %d x %d by %d x %d into %d x %d", name(op), left.GetValidRow(), left.GetValidCol(),
             right.GetValidRow(), right.GetValidCol(), dst.GetValidRow(), dst.GetValidCol());
    }
}

template <typename D, typename L, typename R>
void multiply_tiles(D& dst, const L& left, const R& right, bool accumulate) {
    using W = Wide<typename L::DType>;
    multiply(dst.template data<W>(), D::Cols, left.template data<W>(), L::Cols, right.template data<W>(), R::Rows,
             left.GetValidRow(), right.GetValidCol(), left.GetValidCol(), accumulate);
}

}  // namespace host

/// dst = left right
template <typename D, typename L, typename R>
PTO_OUT_OF_LINE void TMATMUL(D& dst, const L& left, const R& right, int line = __builtin_LINE()) {
    host::require_matmul(host::OpId::TMATMUL, line, dst, left, right);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TMATMUL, PIPE_M, dst, line).read(left).read(right).write(dst);
    } else {
        host::multiply_tiles(dst, left, right, false);
    }
}

/// dst = acc + left right; acc and dst may be the same tile.
template <typename D, typename A, typename L, typename R>
PTO_OUT_OF_LINE void TMATMUL_ACC(D& dst, const A& acc, const L& left, const R& right, int line = __builtin_LINE()) {
    host::require_matmul(host::OpId::TMATMUL_ACC, line, dst, left, right);
    static_assert(std::is_same_v<D, A>, "TMATMUL_ACC needs a result of the type of the accumulator it starts from");
    acc.require_assigned("TMATMUL_ACC", line);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TMATMUL_ACC, PIPE_M, dst, line).read(acc).read(left).read(right).write(dst);
    } else {
        if (acc.data() != dst.data()) std::memmove(dst.data(), acc.data(), D::kBytes);
        host::multiply_tiles(dst, left, right, true);
    }
}

/// dst += left right
template <typename D, typename L, typename R>
void TMATMUL_ACC(D& dst, const L& left, const R& right, int line = __builtin_LINE()) {
    TMATMUL_ACC(dst, dst, left, right, line);
}

/// dst = left right + bias, bias being [1, n] of the type of dst.
template <typename D, typename L, typename R, typename B>
PTO_OUT_OF_LINE void TMATMUL_BIAS(D& dst, const L& left, const R& right, const B& bias, int line = __builtin_LINE()) {
    host::require_matmul(host::OpId::TMATMUL_BIAS, line, dst, left, right);
    static_assert(B::Loc == TileType::Bias, "TMATMUL_BIAS needs a bias tile (TileType::Bias)");
    static_assert(std::is_same_v<typename B::DType, typename D::DType>,
                  "the bias must have the element type of the result");
    static_assert(host::may_equal(B::ValidCol, D::ValidCol) && host::may_equal(B::ValidRow, 1),
                  "the bias of a result of [m, n] must be [1, n]");
    bias.require_assigned("TMATMUL_BIAS", line);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TMATMUL_BIAS, PIPE_M, dst, line).read(left).read(right).read(bias).write(dst);
    } else {
        for (int r = 0; r < dst.GetValidRow(); ++r) {
            std::copy_n(bias.data(), dst.GetValidCol(), dst.data() + size_t(r) * D::Cols);
        }
        host::multiply_tiles(dst, left, right, true);
    }
}

}  // namespace pto
