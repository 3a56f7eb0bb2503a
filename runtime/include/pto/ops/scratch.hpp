// Scratch of tile operations: tiles that a program gives for it, and the bytes that the device library takes unasked.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "pto/machine/core.hpp"
#include "pto/tile/tile.hpp"

namespace pto::host {

/// Overwrites the valid part of a row-major tile in UB, or its first `limit` bytes: scratch, whose contents have no
/// meaning. NaN in every float type.
template <typename T>
void spoil(T& tile, size_t limit = T::kBytes) {
    constexpr size_t row_bytes = T::Cols * sizeof(typename T::DType);
    const size_t bytes = tile.GetValidCol() * sizeof(typename T::DType);
    for (size_t r = 0; r < size_t(tile.GetValidRow()) && r * row_bytes < limit; ++r) {
        std::memset(tile.template data<std::byte>() + r * row_bytes, 0xff, std::min(bytes, limit - r * row_bytes));
    }
}

/// The library's scratch of the current core, overwritten: nothing that lay there survives. NaN in every float type.
inline std::byte* spoil_library_scratch(int line) {
    std::byte* scratch = Core::current(line).place(Buffer::Ub, kLibraryScratchStart, kLibraryScratchBytes, line);
    std::memset(scratch, 0xff, kLibraryScratchBytes);
    return scratch;
}

template <typename D, typename S>
constexpr bool is_fast_row_reduction() {
    if (D::isRowMajor || !std::is_same_v<typename S::DType, float>) return false;
    if (S::ValidRow != S::Rows || S::ValidCol != S::Cols) return false;
    for (const auto& [rows, cols] : kFastRowReductions) {
        if (rows == S::Rows && cols == S::Cols) return true;
    }
    return false;
}

inline constexpr bool may_hold(int size, int wanted) {
    return size == kDynamic || wanted == kDynamic || size >= wanted;
}

/// Whether scratch has, as far as types tell, what the device overwrites for this reduction.
template <typename D, typename S, typename Scratch>
constexpr bool scratch_may_do() {
    if constexpr (is_fast_row_reduction<D, S>()) {
        return Scratch::kBytes >= kFastScratchBytes && (Scratch::ValidCol == Scratch::Cols || Scratch::ValidRow == 1);
    } else {
        return may_hold(Scratch::ValidRow, S::ValidRow) && may_hold(Scratch::ValidCol, S::ValidCol);
    }
}

/// Whether two tiles in UB share a byte; of partly valid tiles their valid rows count.
template <typename A, typename B>
bool share_bytes(const A& a, const B& b) {
    const auto rows = [](const auto& tile) { return tile.isRowMajor ? tile.GetValidRow() : tile.GetValidCol(); };
    const auto row = [](const auto& tile, int r) {
        using T = std::decay_t<decltype(tile)>;
        constexpr uint64_t size = sizeof(typename T::DType);
        const uint64_t start = tile.address() + r * (T::isRowMajor ? T::Cols : T::Rows) * size;
        const uint64_t length = (T::isRowMajor ? tile.GetValidCol() : tile.GetValidRow()) * size;
        return std::pair<uint64_t, uint64_t>(start, start + length);
    };
    if (a.address() >= b.address() + B::kBytes || b.address() >= a.address() + A::kBytes) return false;
    for (int i = 0; i < rows(a); ++i) {
        const auto [begin, end] = row(a, i);
        for (int j = 0; j < rows(b); ++j) {
            const auto [other_begin, other_end] = row(b, j);
            if (begin < other_end && other_begin < end) return true;
        }
    }
    return false;
}

template <typename D, typename S, typename Scratch>
void require_scratch(OpId op, int line, const D& dst, const S& src, const Scratch& scratch) {
    static_assert(scratch_may_do<D, S, Scratch>(),
                  "the scratch of a row reduction must hold what the device overwrites: 4 KiB in one piece for f32 "
                  "sources of 32 x 256, 16 x 512, 64 x 128 and 8 x 1024, else as much as the source");
    scratch.require_assigned(name(op), line);
    if (!is_fast_row_reduction<D, S>() &&
        (scratch.GetValidRow() < src.GetValidRow() || scratch.GetValidCol() < src.GetValidCol())) {
        fail(line, "%s of %d x %d with scratch of %d x %d: the device overwrites as much as the source has", name(op),
             src.GetValidRow(), src.GetValidCol(), scratch.GetValidRow(), scratch.GetValidCol());
    }
    if (share_bytes(scratch, src) || share_bytes(scratch, dst)) {
        fail(line, "%s with scratch at byte %llu of UB that shares bytes with its source or its destination", name(op),
             static_cast<unsigned long long>(scratch.address()));
    }
}

}  // namespace pto::host
