// TLOAD and TSTORE between global memory and tiles, TASSIGN, TRESHAPE.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {

/// Places a tile at a byte offset of its on-chip memory.
template <typename T, typename = std::enable_if_t<host::is_tile<T>>>
void TASSIGN(T& tile, uint64_t address, int line = __builtin_LINE()) {
    tile.assign(address, line);
}

/// Points a global tensor elsewhere.
template <typename Global, typename = std::enable_if_t<host::is_global<Global>>>
void TASSIGN(Global& gm, host::GmPointer<typename Global::DType> data) {
    gm.assign(data);
}

/// dst becomes another view of the bytes of src; no data moves.
template <typename D, typename S>
PTO_OUT_OF_LINE void TRESHAPE(D& dst, const S& src, int line = __builtin_LINE()) {
    static_assert(host::is_tile<D> && host::is_tile<S>, "TRESHAPE works on tiles");
    static_assert(D::Loc == S::Loc, "TRESHAPE cannot move a tile to another on-chip memory: use TMOV");
    static_assert(D::kBytes == S::kBytes, "TRESHAPE keeps the size in bytes: both tiles must have the same");
    dst.alias(src, line);
    if constexpr (host::kTrace) host::Recorder(host::OpId::TRESHAPE, PIPE_S, dst, line);
}

namespace host {

/// Copies a [rows, cols] block between two strided arrays, contiguous runs at once.
template <typename To, typename From>
PTO_INLINE void copy_block(To* dst, int64_t dst_row, int64_t dst_col, const From* src, int64_t src_row, int64_t src_col,
                           int64_t rows, int64_t cols) {
    if (dst_col != 1 || src_col != 1) {
        if (dst_row == 1 && src_row == 1) return copy_block(dst, dst_col, 1, src, src_col, 1, cols, rows);
        for (int64_t r = 0; r < rows; ++r) {
            for (int64_t c = 0; c < cols; ++c)
                dst[r * dst_row + c * dst_col] = static_cast<To>(src[r * src_row + c * src_col]);
        }
        return;
    }
    for (int64_t r = 0; r < rows; ++r) {
        if constexpr (std::is_same_v<To, From>) {
            std::memcpy(dst + r * dst_row, src + r * src_row, cols * sizeof(To));
        } else if constexpr (std::is_same_v<From, float> && is_short_float<To>) {
            narrow_span(dst + r * dst_row, src + r * src_row, cols);
        } else {
            for (int64_t c = 0; c < cols; ++c) dst[r * dst_row + c] = static_cast<To>(src[r * src_row + c]);
        }
    }
}

template <typename T>
T padding_value(PadValue pad) {
    if (pad == PadValue::Zero) return T(0);
    if constexpr (is_float<T>) {
        const float infinity = std::numeric_limits<float>::infinity();
        return T(pad == PadValue::Max ? infinity : -infinity);
    } else {
        return pad == PadValue::Max ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
    }
}

/// Fills what TLOAD pads: the end of each run, see padded_run.
template <typename T>
void pad_runs(T& tile) {
    const auto value = padding_value<typename T::DType>(T::Pad);
    const int valid = column_order<T> ? tile.GetValidRow() : tile.GetValidCol();
    const int runs = column_order<T> ? tile.GetValidCol() : tile.GetValidRow();
    constexpr int pitch = column_order<T> ? T::Rows : T::Cols;
    for (int r = 0; r < runs; ++r)
        std::fill(tile.data() + r * pitch + valid, tile.data() + r * pitch + padded_run<T>(valid), value);
}

/// A load into L1 takes the distance of rows as 16 bits.
template <typename Global>
void require_row_stride(const Global& gm, int line) {
    const int64_t stride = gm.stride(Global::layout == Layout::DN ? 4 : 3);
    if (stride <= kMaxCubeRowStride) return;
    fail(line, "TLOAD into L1 of rows that are %lld elements apart: the instruction takes at most %lld",
         static_cast<long long>(stride), static_cast<long long>(kMaxCubeRowStride));
}

}  // namespace host

/// dst = the elements of a global tensor, which has the size of the valid part of dst. To vec and mat tiles; pipe MTE2.
/// A tile with a pad value gets it at the end of each row (column, of a column-major tile), up to a multiple of 32
/// bytes and no further: more is TFILLPAD's work.
template <typename D, typename Global>
PTO_OUT_OF_LINE void TLOAD(D& dst, const Global& gm, int line = __builtin_LINE()) {
    static_assert(host::is_global<Global>, "TLOAD(dst, src) reads a GlobalTensor");
    static_assert(D::Loc == TileType::Vec || D::Loc == TileType::Mat,
                  "TLOAD fills vec or mat tiles: left, right and bias tiles come from a mat tile by TMOV or TEXTRACT");
    static_assert(std::is_same_v<typename D::DType, typename Global::DType>,
                  "TLOAD does not convert: tile and global tensor must have the same element type");
    dst.require_assigned("TLOAD", line);
    host::require_same_size("TLOAD", dst, gm, line);
    if constexpr (D::Loc == TileType::Mat) host::require_row_stride(gm, line);
    host::begin_gm_access("TLOAD", gm, line);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TLOAD, PIPE_MTE2, dst, line).read(gm).write_padded(dst);
    } else {
        host::for_each_plane(gm, [&](const typename Global::DType* plane, int64_t first_row) {
            host::copy_block(dst.data() + first_row * host::row_stride<D>, host::row_stride<D>, host::col_stride<D>,
                             plane, gm.stride(3), gm.stride(4), gm.shape(3), gm.shape(4));
        });
        if constexpr (D::Pad != PadValue::Null) host::pad_runs(dst);
    }
}

/// The elements of a global tensor = the valid part of src. From vec tiles (pipe MTE3), and from acc tiles (pipe FIX),
/// which may be narrowed from f32 to f16 or bf16 on the way.
template <typename Global, typename S>
PTO_OUT_OF_LINE void TSTORE(const Global& gm, const S& src, int line = __builtin_LINE()) {
    using To = typename Global::DType;
    using From = typename S::DType;
    static_assert(host::is_global<Global>, "TSTORE(dst, src) writes a GlobalTensor");
    static_assert(S::Loc == TileType::Vec || S::Loc == TileType::Acc,
                  "TSTORE writes vec or acc tiles to global memory");
    static_assert(S::Loc == TileType::Acc ? host::fix_stores<From, To> : std::is_same_v<From, To>,
                  "TSTORE converts only from f32 acc tiles to f16 or bf16: else the element types must be the same");
    src.require_assigned("TSTORE", line);
    host::require_same_size("TSTORE", src, gm, line);
    host::begin_gm_access("TSTORE", gm, line);
    host::Core::current(line).require_distinct_elements("TSTORE", gm.shapes().values(), gm.strides().values(), line);
    if constexpr (host::kTrace) {
        constexpr pipe_t pipe = S::Loc == TileType::Acc ? PIPE_FIX : PIPE_MTE3;
        host::Recorder(host::OpId::TSTORE, pipe, src, line).read(src).write(gm);
    } else {
        host::for_each_plane(gm, [&](To* plane, int64_t first_row) {
            host::copy_block(plane, gm.stride(3), gm.stride(4), src.data() + first_row * host::row_stride<S>,
                             host::row_stride<S>, host::col_stride<S>, gm.shape(3), gm.shape(4));
        });
    }
}

}  // namespace pto
