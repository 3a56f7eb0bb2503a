// TMOV and TEXTRACT: between on-chip memories.
#pragma once

#include <type_traits>

#include "pto/ops/element_types.hpp"
#include "pto/ops/pack.hpp"
#include "pto/ops/transfer.hpp"

namespace pto {
namespace host {

/// The pipe that moves a tile from one memory to another; PIPE_ALL if there is no such path.
template <typename D, typename S>
constexpr pipe_t move_pipe() {
    if (D::Loc == TileType::Vec && S::Loc == TileType::Vec) return PIPE_V;
    if (S::Loc == TileType::Mat &&
        (D::Loc == TileType::Left || D::Loc == TileType::Right || D::Loc == TileType::Bias)) {
        return PIPE_MTE1;
    }
    return S::Loc == TileType::Acc && D::Loc == TileType::Mat ? PIPE_FIX : PIPE_ALL;
}

/// Copies the block of src that starts at (row, col) and has the valid size of dst.
template <typename D, typename S>
void move_block(D& dst, const S& src, int row, int col) {
    using T = typename D::DType;
    const auto* from = src.data() + size_t(row) * row_stride<S> + size_t(col) * col_stride<S>;
    const int rows = dst.GetValidRow();
    const int cols = dst.GetValidCol();
    if constexpr (D::Loc == TileType::Left) {
        pack_left(dst.template data<Wide<T>>(), D::Cols, from, row_stride<S>, col_stride<S>, rows, cols);
    } else if constexpr (D::Loc == TileType::Right && column_order<S>) {
        pack_right_from_cols(dst.template data<Wide<T>>(), D::Rows, from, col_stride<S>, rows, cols);
    } else if constexpr (D::Loc == TileType::Right) {
        pack_right_from_rows(dst.template data<Wide<T>>(), D::Rows, from, row_stride<S>, rows, cols);
    } else {
        copy_block(dst.data(), row_stride<D>, col_stride<D>, from, row_stride<S>, col_stride<S>, rows, cols);
    }
}

template <OpId op, typename D, typename S>
void move_tile(int line, D& dst, const S& src, int64_t row, int64_t col) {
    constexpr pipe_t pipe = move_pipe<D, S>();
    static_assert(
        pipe != PIPE_ALL,
        "no such path: tiles move vec -> vec, mat -> left, right or bias, and acc -> mat; TLOAD and TSTORE reach "
        "global memory");
    using From = typename S::DType;
    using To = typename D::DType;
    static_assert(S::Loc != TileType::Acc || fix_moves<From, To>,
                  "an acc tile of f32 moves to L1 as f16 or bf16; other pairs of element types need a scale");
    static_assert(S::Loc == TileType::Acc || std::is_same_v<From, To>,
                  "a move converts only from acc tiles: else the element types must be the same");
    dst.require_assigned(name(op), line);
    src.require_assigned(name(op), line);
    if (row < 0 || col < 0 || row + dst.GetValidRow() > src.GetValidRow() ||
        col + dst.GetValidCol() > src.GetValidCol()) {
        fail(line, "%s of %d x %d elements at row %lld, column %lld of a tile with %d x %d valid ones", name(op),
             dst.GetValidRow(), dst.GetValidCol(), static_cast<long long>(row), static_cast<long long>(col),
             src.GetValidRow(), src.GetValidCol());
    }
    constexpr bool hidden = pipe == PIPE_V && op == OpId::TEXTRACT;
    if constexpr (kTrace) {
        Recorder recorder(op, pipe, dst, line);
        recorder.read(src);
        if constexpr (hidden) recorder.library_scratch();
        recorder.write(dst);
    } else {
        if constexpr (hidden) spoil_library_scratch(line);
        move_block(dst, src, static_cast<int>(row), static_cast<int>(col));
    }
}

}  // namespace host

/// dst = src. vec to vec: pipe V; mat to left, right, bias: MTE1; acc to mat: FIX.
template <typename D, typename S>
PTO_OUT_OF_LINE void TMOV(D& dst, const S& src, int line = __builtin_LINE()) {
    static_assert(host::same_valid_shape<D, S>,
                  "TMOV needs a destination with the valid rows and columns of the source: TEXTRACT takes a part");
    if (dst.GetValidRow() != src.GetValidRow() || dst.GetValidCol() != src.GetValidCol()) {
        host::require_operands(host::OpId::TMOV, line, dst, src);
    }
    host::move_tile<host::OpId::TMOV>(line, dst, src, 0, 0);
}

/// dst = the part of src that starts at (row, col).
template <typename D, typename S>
PTO_OUT_OF_LINE void TEXTRACT(D& dst, const S& src, int64_t row = 0, int64_t col = 0, int line = __builtin_LINE()) {
    static_assert(D::Rows <= S::Rows && D::Cols <= S::Cols,
                  "TEXTRACT takes a part of its source: the destination cannot have more rows or columns");
    host::move_tile<host::OpId::TEXTRACT>(line, dst, src, row, col);
}

}  // namespace pto
