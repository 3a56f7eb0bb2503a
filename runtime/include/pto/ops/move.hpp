// TMOV and TEXTRACT: between on-chip memories.
#pragma once

#include <type_traits>

#include "pto/ops/transfer.hpp"

namespace pto {
namespace host {

/// The pipe that moves a tile from one memory to another; PIPE_ALL if there is no such path.
template <typename D, typename S>
constexpr pipe_t move_pipe() {
    if (D::Loc == TileType::Vec && S::Loc == TileType::Vec) return PIPE_V;
    if (S::Loc == TileType::Mat && (D::Loc == TileType::Left || D::Loc == TileType::Right || D::Loc == TileType::Bias ||
                                    D::Loc == TileType::Scaling)) {
        return PIPE_MTE1;
    }
    return S::Loc == TileType::Acc && D::Loc == TileType::Mat ? PIPE_FIX : PIPE_ALL;
}

template <typename D, typename S>
void move_tile(OpId op, D& dst, const S& src, int64_t row, int64_t col, int line, bool relu = false) {
    static_assert(
        move_pipe<D, S>() != PIPE_ALL,
        "no such path: tiles move vec -> vec, mat -> left, right or bias, and acc -> mat; TLOAD and TSTORE reach "
        "global memory");
    using From = typename S::DType;
    using To = typename D::DType;
    static_assert(S::Loc != TileType::Acc || fix_moves<From, To>,
                  "an acc tile of f32 moves to L1 as f16 or bf16; other pairs of element types need a scale");
    static_assert(S::Loc == TileType::Acc || std::is_same_v<From, To>,
                  "a move converts only from acc tiles: else the element types must be the same");
    move(op, move_pipe<D, S>(), dst, src, row, col, line, relu);
}

/// With a scale, or one for each column: see move_scaled.
template <typename D, typename S>
void scale_tile(OpId op, D& dst, const S& src, const Operand* scales, int line) {
    static_assert(S::Loc == TileType::Acc && D::Loc == TileType::Mat, "FIX has scales: from acc to mat tiles");
    move_scaled(op, dst, src, scales, line);
}

}  // namespace host

/// dst = src. vec to vec: pipe V; mat to left, right, bias: MTE1; acc to mat: FIX.
template <typename D, typename S>
void TMOV(D& dst, const S& src, int line = __builtin_LINE()) {
    static_assert(host::same_valid_shape<D, S>,
                  "TMOV needs a destination with the valid rows and columns of the source: TEXTRACT takes a part");
    host::move_tile(host::OpId::TMOV, dst, src, 0, 0, line);
}

/// dst = src from acc to mat, with 0 for negative numbers.
template <typename D, typename S, ReluPreMode relu>
void TMOV(D& dst, const S& src, int line = __builtin_LINE()) {
    static_assert(S::Loc == TileType::Acc, "FIX has relu: TMOV of an acc tile");
    host::move_tile(host::OpId::TMOV, dst, src, 0, 0, line, relu == ReluPreMode::NormalRelu);
}

/// With a scale: recorded, but not computed.
template <typename D, typename S>
void TMOV(D& dst, const S& src, int64_t /*scale*/, int line = __builtin_LINE()) {
    host::scale_tile(host::OpId::TMOV, dst, src, nullptr, line);
}
template <typename D, typename S, typename F>
void TMOV_FP(D& dst, const S& src, const F& scales, int line = __builtin_LINE()) {
    host::scale_tile(host::OpId::TMOV_FP, dst, src, &scales, line);
}
template <typename D, typename S>
void TEXTRACT(D& dst, const S& src, int64_t /*scale*/, uint16_t /*row*/, uint16_t /*col*/,
              int line = __builtin_LINE()) {
    host::scale_tile(host::OpId::TEXTRACT, dst, src, nullptr, line);
}
template <typename D, typename S, typename F>
void TEXTRACT_FP(D& dst, const S& src, const F& scales, uint16_t /*row*/, uint16_t /*col*/,
                 int line = __builtin_LINE()) {
    host::scale_tile(host::OpId::TEXTRACT_FP, dst, src, &scales, line);
}
template <typename D, typename S, typename F>
void TINSERT_FP(D& dst, const S& src, const F& scales, uint16_t /*row*/, uint16_t /*col*/,
                int line = __builtin_LINE()) {
    host::scale_tile(host::OpId::TINSERT_FP, dst, src, &scales, line);
}

/// dst = the part of an acc tile that starts at (row, col), with 0 for negative numbers.
template <typename D, typename S, ReluPreMode relu>
void TEXTRACT(D& dst, const S& src, int64_t row, int64_t col, int line = __builtin_LINE()) {
    static_assert(S::Loc == TileType::Acc, "FIX has relu: TEXTRACT of an acc tile");
    host::move_tile(host::OpId::TEXTRACT, dst, src, row, col, line, relu == ReluPreMode::NormalRelu);
}

/// dst = the part of src that starts at (row, col).
template <typename D, typename S>
void TEXTRACT(D& dst, const S& src, int64_t row = 0, int64_t col = 0, int line = __builtin_LINE()) {
    static_assert(D::Rows <= S::Rows && D::Cols <= S::Cols,
                  "TEXTRACT takes a part of its source: the destination cannot have more rows or columns");
    host::move_tile(host::OpId::TEXTRACT, dst, src, row, col, line);
}

/// The part of dst that starts at (row, col) = src. vec to vec: pipe V; acc to mat: FIX.
template <typename D, typename S>
void TINSERT(D& dst, const S& src, int64_t row = 0, int64_t col = 0, int line = __builtin_LINE()) {
    constexpr pipe_t pipe = host::move_pipe<D, S>();
    static_assert(pipe == PIPE_V || pipe == PIPE_FIX, "TINSERT has two ways: vec to vec, and acc to mat");
    static_assert(pipe == PIPE_V ? std::is_same_v<typename D::DType, typename S::DType>
                                 : host::fix_moves<typename S::DType, typename D::DType>,
                  "TINSERT converts only from f32 acc tiles to f16 or bf16: else the element types must be the same");
    host::insert(pipe, dst, src, row, col, line);
}

}  // namespace pto
