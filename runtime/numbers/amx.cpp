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

#include "runtime/numbers/split.hpp"

namespace pto::host::PTO_LEVEL {

namespace {

/// The even ones of 32 bf16, and the odd ones: in pairs of words, the lower and the upper halves.
PTO_INLINE __m512 even_numbers(__m512i pairs) { return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)); }
PTO_INLINE __m512 odd_numbers(__m512i pairs) {
    return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xffff0000u))));
}

/// 32 elements of a piece, which lie in pairs, as f32.
PTO_INLINE void join_pairs(const bits16* row, __m512& even, __m512& odd) {
    const __m512i hi = _mm512_loadu_si512(row), lo = _mm512_loadu_si512(row + kPiece);
    even = _mm512_add_ps(even_numbers(hi), even_numbers(lo));
    odd = _mm512_add_ps(odd_numbers(hi), odd_numbers(lo));
}

/// Columns [col, col + 16) of the product += those of 32 steps of the depth, from `step` on.
void add_joined(const Product& product, const Split& a, size_t pitch, const Split& b, size_t depth, size_t col,
                size_t step) {
    const auto in_row = static_cast<__mmask16>((1u << std::min(kEdge, product.cols - col)) - 1);
    const size_t steps = std::min(kDepth, product.depth - step);
    __m512 right[kDepth];
    const bits16* b_piece = b.pieces + place_of(depth, col, step);
    for (size_t k = 0; k < kDepth; k += 2) join_pairs(b_piece + k * kEdge, right[k], right[k + 1]);
    for (size_t r = 0; r < product.rows; ++r) {
        alignas(64) float left[2][kEdge];
        __m512 even, odd;
        join_pairs(a.pieces + place_of(pitch, r, step) + r % kEdge * kDepth, even, odd);
        _mm512_store_ps(left[0], even);
        _mm512_store_ps(left[1], odd);
        float* sums = run<float>(product.c, r) + col;
        const float* begun = step != 0 ? sums : product.sum.data ? run<float>(product.sum, r) + col : nullptr;
        __m512 total = begun ? _mm512_maskz_loadu_ps(in_row, begun) : _mm512_setzero_ps();
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
/// Elements of a line of a cache.
constexpr size_t kLine = kLineBytes / sizeof(bits16);

/// What later blocks need, and is fetched meanwhile: a line of each for an instruction, so that a depth of 128
/// fetches 64.
struct Ahead {
    const bits16* right;  ///< pieces of the right factor
    const float* results;
    int64_t pitch;
};

/// Registers 0 to 3 += left [32, depth] right [depth, 32]; the second halves are `a_next` and `b_next` elements on.
PTO_INLINE void multiply_pieces(const bits16* a, size_t a_next, const bits16* b, size_t b_next, size_t depth,
                                Ahead ahead) {
    for (const bits16* end = a + 2 * depth * kEdge; a != end; a += 2 * kPiece, b += 2 * kPiece) {
// For minutes, perhaps because another thread of the same core works, the unit's instructions take 13 ns each and loads
// of its registers 10, if nothing else comes between them, and 7.5 and 7 if some eight instructions or more do,
// whatever they are; in a product, 20 were better than 12 in some of these minutes. Else they cost nothing: 6 ns are 16
// cycles.
#define PTO_PAD() __asm__ volatile(".rept 20; nop; .endr")
#define PTO_LOAD(REGISTER, FROM)            \
    _tile_loadd(REGISTER, FROM, kRowBytes); \
    PTO_PAD()
#define PTO_LEFT(PLANE)                \
    PTO_LOAD(4, a + (PLANE) * kPiece); \
    PTO_LOAD(5, a + a_next + (PLANE) * kPiece)
#define PTO_RIGHT(PLANE)               \
    PTO_LOAD(6, b + (PLANE) * kPiece); \
    PTO_LOAD(7, b + b_next + (PLANE) * kPiece)
#define PTO_ADD(C, A, B, RESULTS)           \
    _tile_dpbf16ps(C, A, B);                \
    _mm_prefetch(ahead.right, _MM_HINT_T1); \
    ahead.right += kLine;                   \
    expect_stores(RESULTS);                 \
    PTO_PAD()
#define PTO_PRODUCTS()                       \
    PTO_ADD(0, 4, 6, ahead.results);         \
    PTO_ADD(1, 4, 7, ahead.results + kEdge); \
    ahead.results += ahead.pitch;            \
    PTO_ADD(2, 5, 6, ahead.results);         \
    PTO_ADD(3, 5, 7, ahead.results + kEdge); \
    ahead.results += ahead.pitch
        constexpr size_t kHi = 0, kLo = 1;
        PTO_LEFT(kLo);
        PTO_RIGHT(kLo);
        PTO_PRODUCTS();
        PTO_RIGHT(kHi);
        PTO_PRODUCTS();
        PTO_LEFT(kHi);
        PTO_PRODUCTS();
        PTO_RIGHT(kLo);
        PTO_PRODUCTS();
#undef PTO_LEFT
#undef PTO_RIGHT
#undef PTO_ADD
#undef PTO_PRODUCTS
#undef PTO_LOAD
#undef PTO_PAD
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
        for (size_t r = 0; product.sum.data && r < rows_; ++r) std::memcpy(copy_[r], sum(r), cols_ * sizeof(float));
    }

    Block2D start() { return whole_ ? Block2D{place(0), product_.c.pitch} : Block2D{copy_[0], 2 * kEdge}; }
    /// What it is added to; null: zeros.
    Source2D sum() const {
        if (!product_.sum.data) return {};
        return whole_ ? Source2D(sum(0), product_.sum.pitch) : Source2D(copy_[0], 2 * kEdge);
    }

    void finish() {
        if (whole_) return;
        for (size_t r = 0; r < rows_; ++r) std::memcpy(place(r), copy_[r], cols_ * sizeof(float));
    }

  private:
    float* place(size_t r) { return run<float>(product_.c, row_ + r) + col_; }
    const float* sum(size_t r) const { return run<float>(product_.sum, row_ + r) + col_; }

    const Product& product_;
    const size_t row_, col_, rows_, cols_;
    const bool whole_;
    float copy_[2 * kEdge][2 * kEdge];
};

/// The next columns of the right factor come from the third cache, if all blocks share it: each of 128 rows fetches a
/// quarter of them. After the last ones comes the factor that was packed next, and that often is needed next. The
/// results of the next block may come from there, too, if they go to global memory.
Ahead ahead_of(const Product& product, const Split& b, size_t depth, size_t row, size_t col) {
    const size_t next_col = col + 2 * kEdge;
    const bool last_row = row + 2 * kEdge >= product.rows;
    const float* results = run<float>(product.c, last_row ? 0 : row + 2 * kEdge) + (last_row ? next_col : col);
    return {b.pieces + place_of(depth, next_col, 0) + row * depth / 2, results, product.c.pitch};
}

void multiply_block(const Product& product, const Split& a, size_t pitch, const Split& b, size_t depth, size_t row,
                    size_t col) {
    ResultBlock block(product, row, col);
    const Block2D c = block.start();
    const Source2D sum = block.sum();
    __asm__ volatile("" ::: "memory");  // the loads of tiles do not say that they read memory
    if (sum.data) {
        const float* upper = run<float>(sum, 0);
        const float* lower = run<float>(sum, kEdge);
        const size_t stride = size_t(sum.pitch) * sizeof(float);
        _tile_loadd(0, upper, stride);
        _tile_loadd(1, upper + kEdge, stride);
        _tile_loadd(2, lower, stride);
        _tile_loadd(3, lower + kEdge, stride);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    // Beyond the edge the first half is multiplied again, and not stored.
    const size_t a_next = row + kEdge < product.rows ? place_of(pitch, kEdge, 0) : 0;
    const size_t b_next = col + kEdge < product.cols ? place_of(depth, kEdge, 0) : 0;
    multiply_pieces(a.pieces + place_of(pitch, row, 0), a_next, b.pieces + place_of(depth, col, 0), b_next,
                    round_up(product.depth, kDepth), ahead_of(product, b, depth, row, col));
    float* upper = run<float>(c, 0);
    float* lower = run<float>(c, kEdge);
    const size_t stride = size_t(c.pitch) * sizeof(float);
    _tile_stored(0, upper, stride);
    _tile_stored(1, upper + kEdge, stride);
    _tile_stored(2, lower, stride);
    _tile_stored(3, lower + kEdge, stride);
    block.finish();
}

void multiply(DTypeId dtype, const Product& product, const std::byte* left, const TileInfo& left_tile,
              const std::byte* right, const TileInfo& right_tile) {
    if (!is_split(dtype, left_tile.cols) || !is_split(dtype, right_tile.rows)) {
        return x86_64_v4::kTable.multiply(dtype, product, left, left_tile, right, right_tile);
    }
    const size_t pitch = round_up(left_tile.cols, kDepth), depth = round_up(right_tile.rows, kDepth);
    const Split a = split_of(left), b = split_of(right);
    if (*a.special || *b.special) return multiply_joined(product, a, pitch, b, depth);
    static constexpr TileConfiguration configuration;
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
