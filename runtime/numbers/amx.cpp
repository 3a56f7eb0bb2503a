// Products of f16 by the matrix unit of CPUs with AMX, and everything else as on the level below.
//
// The unit multiplies bf16. Every finite f16 is the exact sum of two bf16: its leading 8 bits and the rest, which
// has 3. So a product is four of theirs, hi hi + hi lo + lo hi + lo lo, each exact in f32 and summed in f32: as
// accurate as f32 FMA, in another order. No factor or product is subnormal in f32, which the unit would take for zero.
// An infinity times a rest of zero would be NaN: tiles with infinities or NaN are multiplied on the level below.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // of registers that are undefined on purpose, in GCC's headers
#endif

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

/// Room for the flag in front of the two planes of a packed factor.
constexpr size_t kHeaderBytes = 64;

constexpr size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// Factors of f16 with at least this depth have room for the header: 8 bytes an element, of which planes take 4.
constexpr bool is_split(DTypeId dtype, int depth) { return dtype == DTypeId::F16 && depth >= int(kDepth); }

/// A packed factor: `hi`, then `lo`, each in pieces of what one register takes, one after the other along the depth. A
/// piece of the left factor has 16 rows of 32 elements; one of the right factor has for each two of its 32 rows the
/// pairs of 16 columns.
struct Split {
    uint32_t* special;  ///< whether an element is infinite or NaN
    bits16* hi;
    bits16* lo;
};

Split split_of(std::byte* bytes, size_t elements) {
    auto* hi = reinterpret_cast<bits16*>(bytes + kHeaderBytes);
    return {reinterpret_cast<uint32_t*>(bytes), hi, hi + elements};
}
Split split_of(const std::byte* bytes, size_t elements) { return split_of(const_cast<std::byte*>(bytes), elements); }

size_t left_elements(const TileInfo& tile) { return round_up(tile.rows, kEdge) * round_up(tile.cols, kDepth); }
size_t right_elements(const TileInfo& tile) { return round_up(tile.rows, kDepth) * round_up(tile.cols, kEdge); }

/// Where an element of the left factor is in a plane, for its `depth` with padding.
constexpr size_t left_place(size_t depth, size_t row, size_t k) {
    return row / kEdge * kEdge * depth + k / kDepth * kDepth * kEdge + row % kEdge * kDepth + k % kDepth;
}

/// 16 halves as their two bf16; accumulates in `special` the exponents that are all ones.
PTO_INLINE void split_sixteen(__m256i halves, bits16* hi, bits16* lo, __mmask16& special) {
    const __m512 value = _mm512_cvtph_ps(halves);
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i upper = _mm512_and_si512(bits, _mm512_set1_epi32(static_cast<int>(0xffff0000u)));
    const __m512i exponent = _mm512_set1_epi32(0x7f800000);
    const __mmask16 is_special = _mm512_cmpeq_epi32_mask(_mm512_and_si512(bits, exponent), exponent);
    const __m512 rest = _mm512_maskz_sub_ps(static_cast<__mmask16>(~is_special), value, _mm512_castsi512_ps(upper));
    special |= is_special;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(hi), _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits, 16)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lo),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(rest), 16)));
}

/// 32 halves as their two bf16. Numbers that are normal in f16 are split by their bits, a third of the work of the way
/// by f32.
PTO_INLINE void split_pieces(__m512i halves, bits16* hi, bits16* lo, __mmask16& special) {
    const auto words = [](int value) { return _mm512_set1_epi16(static_cast<short>(value)); };
    // Exponents of zeros and subnormals are 0, of infinities and NaN 31: one more has no bit but the last.
    if (_mm512_testn_epi16_mask(_mm512_add_epi16(halves, words(1 << 10)), words(0x1e << 10)) != 0) {
        split_sixteen(_mm512_castsi512_si256(halves), hi, lo, special);
        split_sixteen(_mm512_extracti64x4_epi64(halves, 1), hi + kEdge, lo + kEdge, special);
        return;
    }
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
    _mm512_storeu_si512(lo, _mm512_maskz_add_epi16(there, scaled, sign_and_exponent));
}

void pack_left(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    if (!is_split(dtype, tile.cols)) return x86_64_v4::kTable.pack_left(dtype, dst, tile, src, rows, cols);
    const size_t pitch = round_up(tile.cols, kDepth);
    const Split split = split_of(dst, left_elements(tile));
    const auto* from = static_cast<const bits16*>(src.data);
    __mmask16 special = 0;
    for (size_t r = 0; r < round_up(rows, kEdge); ++r) {
        for (size_t c = 0; c < pitch; c += kDepth) {
            bits16 piece[kDepth];
            const bits16* halves = piece;
            const size_t count = r < rows && c < cols ? std::min(kDepth, cols - c) : 0;
            if (count == kDepth && src.col == 1) {
                halves = from + int64_t(r) * src.row + int64_t(c);
            } else {
                std::memset(piece, 0, sizeof piece);
                for (size_t i = 0; i < count; ++i) piece[i] = from[int64_t(r) * src.row + int64_t(c + i) * src.col];
            }
            const size_t to = left_place(pitch, r, c);
            split_pieces(_mm512_loadu_si512(halves), split.hi + to, split.lo + to, special);
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

/// Pairs of rows k and k + 1 of 16 columns, for 32 rows from `k` on: one word a pair.
PTO_INLINE void gather_pairs(__m512i (&pairs)[kEdge], const bits16* from, const Strided& src, size_t k, size_t n,
                             size_t rows, size_t cols) {
    const bool whole = k + kDepth <= rows && n + kEdge <= cols;
    if (whole && src.row == 1) {
        PTO_UNROLL
        for (size_t c = 0; c < kEdge; ++c) pairs[c] = _mm512_loadu_si512(from + int64_t(n + c) * src.col + int64_t(k));
        transpose_words(pairs);
    } else if (whole && src.col == 1) {
        PTO_UNROLL
        for (size_t p = 0; p < kEdge; ++p) {
            const bits16* row = from + int64_t(k + 2 * p) * src.row + int64_t(n);
            const auto even = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row)));
            const auto odd = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + src.row)));
            pairs[p] = _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
        }
    } else {
        uint32_t words[kEdge][kEdge] = {};
        for (size_t r = k; r < std::min(k + kDepth, rows); ++r) {
            for (size_t c = n; c < std::min(n + kEdge, cols); ++c) {
                const uint32_t bits = from[int64_t(r) * src.row + int64_t(c) * src.col];
                words[(r - k) / 2][c - n] |= bits << (r % 2 * 16);
            }
        }
        PTO_UNROLL
        for (size_t p = 0; p < kEdge; ++p) pairs[p] = _mm512_loadu_si512(words[p]);
    }
}

void pack_right(DTypeId dtype, std::byte* dst, const TileInfo& tile, Strided src, size_t rows, size_t cols) {
    if (!is_split(dtype, tile.rows)) return x86_64_v4::kTable.pack_right(dtype, dst, tile, src, rows, cols);
    const size_t depth = round_up(tile.rows, kDepth);
    const Split split = split_of(dst, right_elements(tile));
    const auto* from = static_cast<const bits16*>(src.data);
    __mmask16 special = 0;
    for (size_t n = 0; n < round_up(cols, kEdge); n += kEdge) {
        for (size_t k = 0; k < depth; k += kDepth) {
            __m512i pairs[kEdge];
            gather_pairs(pairs, from, src, k, n, rows, cols);
            const size_t first = n * depth + k * kEdge;
            PTO_UNROLL
            for (size_t p = 0; p < kEdge; ++p) {
                const size_t offset = first + p * kDepth;
                split_pieces(pairs[p], split.hi + offset, split.lo + offset, special);
            }
        }
    }
    *split.special = special;
}

/// The even ones of 32 bf16, and the odd ones: in pairs of words, the lower and the upper halves.
PTO_INLINE __m512 even_numbers(__m512i pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
PTO_INLINE __m512 odd_numbers(__m512i pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

/// 32 elements of a plane and its rest, which lie in pairs, as f32.
PTO_INLINE void join_pairs(const Split& split, size_t first, __m512& even, __m512& odd) {
    const __m512i hi = _mm512_loadu_si512(split.hi + first), lo = _mm512_loadu_si512(split.lo + first);
    even = _mm512_add_ps(even_numbers(hi), even_numbers(lo));
    odd = _mm512_add_ps(odd_numbers(hi), odd_numbers(lo));
}

/// Columns [col, col + 16) of the product += those of 32 steps of the depth, from `step` on.
void add_joined(const Product& product, const Split& a, size_t pitch, const Split& b, size_t depth, size_t col,
                size_t step) {
    const auto in_row = static_cast<__mmask16>((1u << std::min(kEdge, product.cols - col)) - 1);
    const size_t steps = std::min(kDepth, product.depth - step);
    __m512 right[kDepth];
    for (size_t k = 0; k < kDepth; k += 2) join_pairs(b, col * depth + (step + k) * kEdge, right[k], right[k + 1]);
    for (size_t r = 0; r < product.rows; ++r) {
        alignas(64) float left[2][kEdge];
        __m512 even, odd;
        join_pairs(a, left_place(pitch, r, step), even, odd);
        _mm512_store_ps(left[0], even);
        _mm512_store_ps(left[1], odd);
        float* sums = run<float>(product.c, r) + col;
        const bool begun = product.accumulate || step != 0;
        __m512 total = begun ? _mm512_maskz_loadu_ps(in_row, sums) : _mm512_setzero_ps();
        for (size_t k = 0; k < steps; ++k) {
            total = _mm512_fmadd_ps(_mm512_set1_ps(left[k % 2][k / 2]), right[k], total);
        }
        _mm512_mask_storeu_ps(sums, in_row, total);
    }
}

/// The product as sums of f32 FMA: for infinities and NaN.
void multiply_joined(const Product& product, const Split& a, size_t pitch, const Split& b, size_t depth) {
    for (size_t col = 0; col < product.cols; col += kEdge) {
        for (size_t step = 0; step < product.depth; step += kDepth) add_joined(product, a, pitch, b, depth, col, step);
    }
}

/// The registers: 0 to 3 results, 4 and 5 of the left, 6 and 7 of the right factor; all of 16 rows of 64 bytes.
struct alignas(64) TileConfiguration {
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64, "what LDTILECFG reads");

/// Bytes of a row of a piece.
constexpr size_t kRowBytes = 64;

/// Registers 0 to 3 += left [32, depth] right [depth, 32]; the second halves are `a_next` and `b_next` elements on.
PTO_INLINE void multiply_planes(const Split& a, size_t a_next, const Split& b, size_t b_next, size_t depth) {
    for (size_t first = 0; first < depth * kEdge; first += kDepth * kEdge) {
#define PTO_LEFT(PLANE)                         \
    _tile_loadd(4, (PLANE) + first, kRowBytes); \
    _tile_loadd(5, (PLANE) + a_next + first, kRowBytes)
#define PTO_RIGHT(PLANE)                        \
    _tile_loadd(6, (PLANE) + first, kRowBytes); \
    _tile_loadd(7, (PLANE) + b_next + first, kRowBytes)
#define PTO_PRODUCTS()       \
    _tile_dpbf16ps(0, 4, 6); \
    _tile_dpbf16ps(1, 4, 7); \
    _tile_dpbf16ps(2, 5, 6); \
    _tile_dpbf16ps(3, 5, 7)
        PTO_LEFT(a.lo);
        PTO_RIGHT(b.lo);
        PTO_PRODUCTS();
        PTO_RIGHT(b.hi);
        PTO_PRODUCTS();
        PTO_LEFT(a.hi);
        PTO_PRODUCTS();
        PTO_RIGHT(b.lo);
        PTO_PRODUCTS();
#undef PTO_LEFT
#undef PTO_RIGHT
#undef PTO_PRODUCTS
    }
}

/// A block of up to 32 x 32 results, which the unit reads and writes whole: in place, or in a copy at the edges.
class ResultBlock {
  public:
    ResultBlock(const Product& product, size_t row, size_t col)
        : product_(product),
          row_(row),
          col_(col),
          rows_(std::min(2 * kEdge, product.rows - row)),
          cols_(std::min(2 * kEdge, product.cols - col)),
          whole_(rows_ == 2 * kEdge && cols_ == 2 * kEdge) {
        if (whole_) return;
        std::memset(copy_, 0, sizeof copy_);
        for (size_t r = 0; product.accumulate && r < rows_; ++r) std::memcpy(copy_[r], place(r), cols_ * sizeof(float));
    }

    float* start() { return whole_ ? place(0) : copy_[0]; }
    size_t pitch() const { return whole_ ? size_t(product_.c.pitch) : 2 * kEdge; }

    void finish() {
        if (whole_) return;
        for (size_t r = 0; r < rows_; ++r) std::memcpy(place(r), copy_[r], cols_ * sizeof(float));
    }

  private:
    float* place(size_t r) { return run<float>(product_.c, row_ + r) + col_; }

    const Product& product_;
    const size_t row_, col_, rows_, cols_;
    const bool whole_;
    float copy_[2 * kEdge][2 * kEdge];
};

void multiply_block(const Product& product, const Split& a, size_t pitch, const Split& b, size_t depth, size_t row,
                    size_t col) {
    ResultBlock block(product, row, col);
    float* c = block.start();
    const size_t stride = block.pitch() * sizeof(float);
    float* below = c + kEdge * block.pitch();
    __asm__ volatile("" ::: "memory");  // the loads of tiles do not say that they read memory
    if (product.accumulate) {
        _tile_loadd(0, c, stride);
        _tile_loadd(1, c + kEdge, stride);
        _tile_loadd(2, below, stride);
        _tile_loadd(3, below + kEdge, stride);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    // Beyond the edge the first half is multiplied again, and not stored.
    const size_t a_next = row + kEdge < product.rows ? kEdge * pitch : 0;
    const size_t b_next = col + kEdge < product.cols ? kEdge * depth : 0;
    const Split left = {nullptr, a.hi + row * pitch, a.lo + row * pitch};
    const Split right = {nullptr, b.hi + col * depth, b.lo + col * depth};
    multiply_planes(left, a_next, right, b_next, round_up(product.depth, kDepth));
    _tile_stored(0, c, stride);
    _tile_stored(1, c + kEdge, stride);
    _tile_stored(2, below, stride);
    _tile_stored(3, below + kEdge, stride);
    block.finish();
}

void multiply(DTypeId dtype, const Product& product, const std::byte* left, const TileInfo& left_tile,
              const std::byte* right, const TileInfo& right_tile) {
    if (!is_split(dtype, left_tile.cols) || !is_split(dtype, right_tile.rows)) {
        return x86_64_v4::kTable.multiply(dtype, product, left, left_tile, right, right_tile);
    }
    const size_t pitch = round_up(left_tile.cols, kDepth), depth = round_up(right_tile.rows, kDepth);
    const Split a = split_of(left, left_elements(left_tile)), b = split_of(right, right_elements(right_tile));
    if (*a.special || *b.special) return multiply_joined(product, a, pitch, b, depth);
    const TileConfiguration configuration;
    _tile_loadconfig(&configuration);
    for (size_t col = 0; col < product.cols; col += 2 * kEdge) {
        for (size_t row = 0; row < product.rows; row += 2 * kEdge)
            multiply_block(product, a, pitch, b, depth, row, col);
    }
    _tile_release();
}

Numbers with_matrix_unit(Numbers numbers) {
    numbers.level = PTO_LEVEL_NAME;
    numbers.pack_left = pack_left;
    numbers.pack_right = pack_right;
    numbers.multiply = multiply;
    return numbers;
}

}  // namespace

extern const Numbers kTable = with_matrix_unit(x86_64_v4::kTable);

}  // namespace pto::host::PTO_LEVEL
