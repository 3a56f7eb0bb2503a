// TLOAD and TSTORE between global memory and tiles, TASSIGN, TRESHAPE.
#pragma once

#include <type_traits>

#include "pto/machine/operations.hpp"
#include "pto/ops/element_types.hpp"
#include "pto/tile/global_tensor.hpp"
#include "pto/tile/tile.hpp"

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
void TRESHAPE(D& dst, const S& src, int line = __builtin_LINE()) {
    static_assert(host::is_tile<D> && host::is_tile<S>, "TRESHAPE works on tiles");
    static_assert(D::Loc == S::Loc, "TRESHAPE cannot move a tile to another on-chip memory: use TMOV");
    static_assert(D::kBytes == S::kBytes, "TRESHAPE keeps the size in bytes: both tiles must have the same");
    host::reshape(dst, src, line);
}

/// dst = the elements of a global tensor, which has the size of the valid part of dst. To vec and mat tiles; pipe MTE2.
/// A tile with a pad value gets it at the end of each row (column, of a column-major tile), up to a multiple of 32
/// bytes and no further: more is TFILLPAD's work.
template <typename D, typename Global>
void TLOAD(D& dst, const Global& gm, int line = __builtin_LINE()) {
    static_assert(host::is_global<Global>, "TLOAD(dst, src) reads a GlobalTensor");
    static_assert(D::Loc == TileType::Vec || D::Loc == TileType::Mat,
                  "TLOAD fills vec or mat tiles: left, right and bias tiles come from a mat tile by TMOV or TEXTRACT");
    static_assert(std::is_same_v<typename D::DType, typename Global::DType>,
                  "TLOAD does not convert: tile and global tensor must have the same element type");
    host::load(dst, gm.view(), line);
}

/// Brings a global tensor closer, through a tile that has no meaning afterwards. Pipe MTE2.
template <typename D, typename Global>
void TPREFETCH(D& dst, const Global& gm, int line = __builtin_LINE()) {
    static_assert(host::is_global<Global> && host::is_vec<D>, "TPREFETCH(tile, view) reads a GlobalTensor");
    host::prefetch(dst, gm.view(), line);
}

namespace host {

template <typename Global, typename S>
constexpr void check_store() {
    using To = typename Global::DType;
    using From = typename S::DType;
    static_assert(S::Loc == TileType::Vec || S::Loc == TileType::Acc,
                  "TSTORE writes vec or acc tiles to global memory");
    static_assert(S::Loc == TileType::Acc ? fix_stores<From, To> : std::is_same_v<From, To>,
                  "TSTORE converts only from f32 acc tiles to f16 or bf16: else the element types must be the same");
}

}  // namespace host

/// The elements of a global tensor = the valid part of src. From vec tiles (pipe MTE3), and from acc tiles (pipe FIX),
/// which may be narrowed from f32 to f16 or bf16 on the way.
template <typename Global, typename S>
void TSTORE(const Global& gm, const S& src, int line = __builtin_LINE()) {
    static_assert(host::is_global<Global>, "TSTORE(dst, src) writes a GlobalTensor");
    host::check_store<Global, S>();
    host::store(gm.view(), src, {}, line);
}

/// The same, added to what is there, or with 0 for negative numbers.
template <typename S, typename Global, AtomicType atomic, ReluPreMode relu = ReluPreMode::NoRelu>
void TSTORE(const Global& gm, const S& src, int line = __builtin_LINE()) {
    host::check_store<Global, S>();
    static_assert(S::Loc == TileType::Acc || relu == ReluPreMode::NoRelu, "FIX has relu: TSTORE of an acc tile");
    host::store(gm.view(), src, {atomic == AtomicType::AtomicAdd, relu == ReluPreMode::NormalRelu}, line);
}

/// With a phase, which the device's FIX waits for.
template <STPhase phase, typename Global, typename S>
void TSTORE(const Global& gm, const S& src, int line = __builtin_LINE()) {
    TSTORE(gm, src, line);
}
template <STPhase phase, typename S, typename Global, AtomicType atomic, ReluPreMode relu = ReluPreMode::NoRelu>
void TSTORE(const Global& gm, const S& src, int line = __builtin_LINE()) {
    TSTORE<S, Global, atomic, relu>(gm, src, line);
}

/// With a scale. How FIX encodes it is not published: this is recorded, and does not compute.
template <typename S, typename Global, AtomicType atomic, ReluPreMode relu>
void TSTORE(const Global& gm, const S& src, int64_t /*scale*/, int line = __builtin_LINE()) {
    static_assert(S::Loc == TileType::Acc, "FIX has scales: TSTORE of an acc tile");
    host::store_scaled(host::OpId::TSTORE, gm.view(), src, nullptr, line);
}
template <typename Global, typename S, typename F>
void TSTORE_FP(const Global& gm, const S& src, const F& scales, int line = __builtin_LINE()) {
    static_assert(S::Loc == TileType::Acc && F::Loc == TileType::Scaling, "TSTORE_FP takes acc and scaling tiles");
    host::store_scaled(host::OpId::TSTORE_FP, gm.view(), src, &scales, line);
}

}  // namespace pto
