// How the matrix unit's factors of f16 are packed: as two bf16 for each element, see amx.cpp. For AVX-512.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "runtime/numbers/map.hpp"

namespace pto::host::x86_64_v4 {
extern const Numbers kTable;
}

namespace pto::host::PTO_LEVEL {

namespace {

using bits16 = uint16_t;

/// Rows and columns of a tile of results; elements of a row of the left tile, which are the depth of one step.
constexpr size_t kEdge = 16;
constexpr size_t kDepth = 32;

/// Elements of a piece, which is what one register takes.
constexpr size_t kPiece = kEdge * kDepth;

constexpr size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// Factors of f16 with at least this depth have room for the header: 8 bytes an element, of which pieces take 4.
constexpr bool is_split(DTypeId dtype, int depth) { return dtype == DTypeId::F16 && depth >= int(kDepth); }

/// A packed factor: its pieces, one after the other along the depth, of each the `hi` of all elements and then the
/// `lo`. A piece of the left factor has 16 rows of 32 elements; one of the right factor has for each two of its 32 rows
/// the pairs of 16 columns.
struct Split {
    uint32_t* special;  ///< whether an element is infinite or NaN
    bits16* pieces;
};

Split split_of(std::byte* bytes) {
    return {reinterpret_cast<uint32_t*>(bytes), reinterpret_cast<bits16*>(bytes + kPackedHeaderBytes)};
}
Split split_of(const std::byte* bytes) { return split_of(const_cast<std::byte*>(bytes)); }

/// Where the piece of row or column `edge` and depth `k` begins, for a factor whose depth is `depth` with padding.
constexpr size_t place_of(size_t depth, size_t edge, size_t k) {
    return 2 * (edge / kEdge * kEdge * depth + k / kDepth * kPiece);
}

/// 16 halves as their two bf16; accumulates in `special` the exponents that are all ones.
PTO_INLINE void split_sixteen(__m256i halves, bits16* hi, __mmask16& special) {
    const __m512 value = _mm512_cvtph_ps(halves);
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i upper = _mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0xffff0000u)));
    const __m512i exponent = _mm512_set1_epi32(0x7f800000);
    const __mmask16 is_special = _mm512_cmpeq_epi32_mask(_mm512_and_si512(bits, exponent), exponent);
    const __m512 rest = _mm512_maskz_sub_ps(static_cast<__mmask16>(~is_special), value, _mm512_castsi512_ps(upper));
    special |= is_special;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(hi), _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(hi + kPiece),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(rest), 16)));
}

/// A piece whose rows are `pitch` elements apart, by f32; whether some are infinite or NaN.
PTO_COLD bool split_any(const bits16* from, int64_t pitch, bits16* piece) {
    __mmask16 special = 0;
    for (size_t i = 0; i < kEdge; ++i, from += pitch, piece += kDepth) {
        split_sixteen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)), piece, special);
        split_sixteen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + kEdge)), piece + kEdge, special);
    }
    return special != 0;
}

PTO_INLINE __m512i words(int value) { return _mm512_set1_epi16(static_cast<short>(value)); }

/// Whether halves are normal numbers: one test for a piece, since one for each row would cost as much as its stores.
class AllNormal {
  public:
    PTO_INLINE void operator+=(__m512i halves) {
        // Without the sign, exponents of zeros and subnormals are 0, of infinities and NaN 31; one more is 1 or 0.
        const __m512i unsigned_halves = _mm512_add_epi16(halves, halves);
        least_ = _mm512_min_epu16(least_, _mm512_add_epi16(unsigned_halves, words(1 << 11)));
    }
    PTO_INLINE operator bool() const { return _mm512_cmplt_epu16_mask(least_, words(2 << 11)) == 0; }

  private:
    __m512i least_ = words(-1);
};

/// 32 normal halves as their two bf16, by their bits: a third of the work of the way by f32.
PTO_INLINE void split_row(__m512i halves, bits16* hi) {
    // Leading 8 bits: the mantissa is 3 bits shorter, and the sign left of what it is shifted into; the exponent counts
    // from 127 instead of 15.
    const __m512i shifted = _mm512_srai_epi16(halves, 3);
    const __m512i leading = _mm512_and_si512(shifted, words(0x8fff));
    _mm512_storeu_si512(hi, _mm512_add_epi16(leading, words((127 - 15) << 7)));
    // The rest is n 2^(e - 25) for the last 3 bits n and the exponent e as f16 has it: bits of n 2^-25, with e added to
    // the exponent. The table has n 2^-25 for each n; it is read by the last 5 bits, and has all four times.
    const __m512i table =
        _mm512_broadcast_i32x4(_mm_setr_epi16(0, 0x3300, 0x3380, 0x33c0, 0x3400, 0x3420, 0x3440, 0x3460));
    const __m512i scaled = _mm512_permutexvar_epi16(halves, table);
    const __m512i sign_and_exponent = _mm512_and_si512(shifted, words(0x8000 | 0x1f << 7));
    const __mmask32 there = _mm512_test_epi16_mask(halves, words(7));
    _mm512_storeu_si512(hi + kPiece, _mm512_maskz_add_epi16(there, scaled, sign_and_exponent));
}

/// Fetches what a later piece needs: from L3 and memory, the factor is packed a quarter faster.
PTO_INLINE void fetch(const bits16* row) { __builtin_prefetch(row); }

/// A piece whose rows are `pitch` elements apart; whether all are normal: else it is wrong.
PTO_INLINE bool split_rows(const bits16* from, int64_t pitch, bits16* piece) {
    AllNormal normal;
    for (size_t i = 0; i < kEdge; ++i, from += pitch) {
        const __m512i row = _mm512_loadu_si512(from);
        fetch(from + int64_t(kEdge) * pitch);
        normal += row;
        split_row(row, piece + i * kDepth);
    }
    return normal;
}

/// A piece of halves in one run.
struct alignas(64) Halves {
    bits16 rows[kEdge][kDepth];
};

/// Rows of the left factor from row `r` and column `c` on, with zeros outside of [rows, cols].
PTO_COLD void copy_rows(Halves& to, const Strided& src, size_t r, size_t c, size_t rows, size_t cols) {
    const auto* from = static_cast<const bits16*>(src.data);
    to = {};
    for (size_t i = r; i < std::min(r + kEdge, rows); ++i) {
        for (size_t k = c; k < std::min(c + kDepth, cols); ++k)
            to.rows[i - r][k - c] = from[int64_t(i) * src.row + int64_t(k) * src.col];
    }
}

void pack_left(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    if (!is_split(dtype, tile.cols)) return x86_64_v4::kTable.pack_left(dtype, dst, tile, src, rows, cols);
    const size_t depth = round_up(tile.cols, kDepth);
    const Split split = split_of(dst);
    bool special = false;
    for (size_t r = 0; r < rows; r += kEdge) {
        for (size_t c = 0; c < depth; c += kDepth) {
            bits16* piece = split.pieces + place_of(depth, r, c);
            if (src.col == 1 && r + kEdge <= rows && c + kDepth <= cols) {
                const auto* from = static_cast<const bits16*>(src.data) + int64_t(r) * src.row + int64_t(c);
                if (!split_rows(from, src.row, piece)) special |= split_any(from, src.row, piece);
            } else {
                Halves copy;
                copy_rows(copy, src, r, c, rows, cols);
                special |= split_any(copy.rows[0], kDepth, piece);
            }
        }
    }
    *split.special = special;
}

/// words[i] and words[j] of all 16 rows exchanged: element j of row i becomes element i of row j.
PTO_INLINE void transpose_words(__m512i (&rows)[kEdge]) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    PTO_UNROLL
    for (int step = 0; step < 4; ++step) {  // each interleaves rows i and i + 8
        __m512i next[kEdge];
        PTO_UNROLL
        for (size_t i = 0; i < kEdge / 2; ++i) {
            next[2 * i] = _mm512_permutex2var_epi32(rows[i], low, rows[i + kEdge / 2]);
            next[2 * i + 1] = _mm512_permutex2var_epi32(rows[i], high, rows[i + kEdge / 2]);
        }
        PTO_UNROLL
        for (size_t i = 0; i < kEdge; ++i) rows[i] = next[i];
    }
}

/// Fetches where a row of the next piece goes: right factors that all blocks share lie in L3.
PTO_INLINE void expect_row(const bits16* row) {
    expect_stores(row + 2 * kPiece);
    expect_stores(row + 3 * kPiece);
}

/// A piece of pairs from 16 columns that are `pitch` elements apart; whether all are normal: else it is wrong.
PTO_INLINE bool split_columns(const bits16* from, int64_t pitch, bits16* piece) {
    AllNormal normal;
    __m512i pairs[kEdge];
    PTO_UNROLL
    for (size_t c = 0; c < kEdge; ++c) {
        pairs[c] = _mm512_loadu_si512(from + int64_t(c) * pitch);
        fetch(from + int64_t(c) * pitch + kDepth);
        fetch(from + int64_t(c + kEdge) * pitch);
        normal += pairs[c];
    }
    transpose_words(pairs);
    PTO_UNROLL
    for (size_t p = 0; p < kEdge; ++p) {
        expect_row(piece + p * kDepth);
        split_row(pairs[p], piece + p * kDepth);
    }
    return normal;
}

/// The pairs of 16 columns of a row and the next.
PTO_INLINE __m512i pairs_of(const bits16* row, int64_t pitch) {
    const auto even = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row)));
    const auto odd = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + pitch)));
    return _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
}

/// A piece of pairs from 32 rows that are `pitch` elements apart; whether all are normal: else it is wrong.
PTO_INLINE bool split_row_pairs(const bits16* from, int64_t pitch, bits16* piece) {
    AllNormal normal;
    for (size_t p = 0; p < kEdge; ++p, from += 2 * pitch) {
        const __m512i pairs = pairs_of(from, pitch);
        fetch(from + 2 * kEdge);
        fetch(from + pitch + 2 * kEdge);
        normal += pairs;
        expect_row(piece + p * kDepth);
        split_row(pairs, piece + p * kDepth);
    }
    return normal;
}

/// Pairs of the right factor from row `k` and column `n` on, with zeros outside of [rows, cols].
PTO_COLD void copy_pairs(Halves& to, const Strided& src, size_t k, size_t n, size_t rows, size_t cols) {
    const auto* from = static_cast<const bits16*>(src.data);
    if (src.col == 1 && k + kDepth <= rows && n + kEdge <= cols) {
        from += int64_t(k) * src.row + int64_t(n);
        for (size_t p = 0; p < kEdge; ++p)
            _mm512_store_si512(to.rows[p], pairs_of(from + 2 * int64_t(p) * src.row, src.row));
        return;
    }
    to = {};
    for (size_t c = n; c < std::min(n + kEdge, cols); ++c) {
        for (size_t r = k; r < std::min(k + kDepth, rows); ++r)
            to.rows[(r - k) / 2][2 * (c - n) + r % 2] = from[int64_t(r) * src.row + int64_t(c) * src.col];
    }
}

void pack_right(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    if (!is_split(dtype, tile.rows)) return x86_64_v4::kTable.pack_right(dtype, dst, tile, src, rows, cols);
    const size_t depth = round_up(tile.rows, kDepth);
    const Split split = split_of(dst);
    bool special = false;
    for (size_t n = 0; n < cols; n += kEdge) {
        for (size_t k = 0; k < depth; k += kDepth) {
            const auto* from = static_cast<const bits16*>(src.data) + int64_t(k) * src.row + int64_t(n) * src.col;
            bits16* piece = split.pieces + place_of(depth, n, k);
            if (k + kDepth <= rows && n + kEdge <= cols) {
                if (src.row == 1 && split_columns(from, src.col, piece)) continue;
                if (src.col == 1 && split_row_pairs(from, src.row, piece)) continue;
            }
            Halves copy;
            copy_pairs(copy, src, k, n, rows, cols);
            special |= split_any(copy.rows[0], kDepth, piece);
        }
    }
    *split.special = special;
}

}  // namespace

}  // namespace pto::host::PTO_LEVEL
