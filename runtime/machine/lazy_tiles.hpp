// What a core has been told to do with its tiles, and has not done yet.
//
// Most tiles are read once, and whole: of scores the maximum is subtracted, K is packed, a product is stored. So TLOAD
// only notes where the elements lie, and who needs them reads them there. Steps on the elements of such a tile are
// noted, too, and done in one pass; a product or a conversion is computed when it is stored, straight into global
// memory. Nobody sees a difference: who asks for the bytes of a tile (Operand::bytes), overwrites something it is made
// of, or stores to where its elements lie, finds it written before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "pto/machine/op_ids.hpp"
#include "pto/machine/operands.hpp"
#include "runtime/machine/packed_factors.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

class LazyTiles {
  public:
    /// `numbers`: see Launch; null in trace mode, in which no tile is noted.
    /// `own`: of the worker.
    LazyTiles(const Numbers* numbers, PackedFactors& packed, OwnFactors& own);
    LazyTiles(const LazyTiles&) = delete;
    LazyTiles& operator=(const LazyTiles&) = delete;

    /// Notes that a tile is filled by a view of global memory. Returns false if it has to be copied.
    bool load(const Operand& dst, const View& src);
    /// Where the elements of a tile are, if they are still where they were loaded from; else null.
    const Strided* source_of(const Operand& tile);
    /// Where to read the runs of a tile, which is written before if it must be.
    Source2D runs(const Operand& tile);

    /// Notes a step on all elements of a tile: dst = op(src), or op(src, value of the run); `values` are one for each
    /// run, side by side, or one for all (pitch 0), or not there. Returns false if it has to be done.
    bool put_off(OpId op, const Operand& dst, const Operand& src, Source2D values);

    /// Notes that dst (+)= left right.
    void multiply(const Operand& dst, const Operand& left, const Operand& right, bool accumulate);
    /// Notes that dst = src converted. They share no bytes, and are row-major.
    void convert(const Operand& dst, const Operand& src, Rounding rounding, bool saturate);
    /// Computes what was noted for `src` in global memory. Returns false if nothing was, or it cannot.
    bool store_result(const View& dst, const Operand& src);
    /// Notes that a right factor is made of the elements at `from`, which are packed once for all blocks. Returns false
    /// if it has to be packed.
    bool share_packed(const Operand& dst, const Strided& from);

    /// The place of a tile that the caller writes next: all its valid elements. Sources must have been asked for
    /// before.
    std::byte* overwrite(const Operand& tile);
    /// Writes the tiles that share one of these bytes, which lie in these granules, or are made of them.
    void write(const OnChipBytes& bytes, uint64_t granules) {
        if (concern(granules)) write_noted(bytes);
    }
    /// Writes the tiles whose elements lie in these bytes of global memory.
    void write_from(uint64_t begin, uint64_t end);
    /// Whether there are such tiles, other than accumulators that have been stored there: the next product makes them
    /// void.
    bool reads(uint64_t begin, uint64_t end) const;

  private:
    static constexpr int kMostChains = 4;

    /// More than kernels have tiles in use.
    static constexpr size_t kMostTiles = 24;

    /// Bytes of global memory.
    struct GmBytes {
        uint64_t begin;
        uint64_t end;
        bool overlap(const GmBytes& other) const { return begin < other.end && other.begin < end; }
    };
    /// A tile that is to be written.
    struct Lazy {
        explicit Lazy(const Operand& tile) : tile(tile) {}
        Operand tile;
        Strided source;
        Chain* steps = nullptr;  ///< one of `chains_`, or null
        size_t packed = 0;       ///< bytes of a packed factor, which is what `source` then is
    };
    /// A product or a conversion that is to be computed.
    struct Result {
        Operand dst;
        Operand first;
        Operand second;  ///< of a conversion, `first` again
        bool is_product;
        bool accumulate = false;
        Rounding rounding = Rounding::Nearest;
        bool saturate = false;
    };

    /// Whether what lies in these granules may share bytes with a noted tile, or with what a result is made of.
    bool concern(uint64_t granules) const {
        if (granules & granules_) return true;
        return result_ && granules & (result_->dst.granules() | result_->first.granules() | result_->second.granules());
    }
    void write_noted(const OnChipBytes& bytes);
    /// Of the tile that has exactly these bytes; the number of tiles, if there is none.
    size_t index_of(const OnChipBytes& bytes) const;
    /// Whether a tile shares bytes with a noted one, or with what a result is made of.
    bool involves(const Operand& tile) const;
    Lazy* find(const Operand& tile);
    void add(const Operand& tile, const Strided& source, uint64_t begin, uint64_t end, size_t packed = 0);
    /// Called with the first of some rows that have been written, and how many; must not ask for the bytes of any tile.
    using Written = std::function<void(size_t first, size_t rows)>;
    void write(const Lazy& lazy, const Written& written = {});
    void drop(const Lazy& lazy);
    /// One that no tile has: it has no steps. Null if there is none.
    Chain* free_chain();
    static void note(Chain& steps, ChainOp op, const Source2D& values, int rows);
    static void forget_steps(const Lazy& lazy) {
        if (lazy.steps) lazy.steps->count = 0;
    }
    /// Where a right factor is packed.
    const std::byte* factor(const Operand& tile);
    bool result_needs(const OnChipBytes& bytes) const;
    void finish_result();
    /// Computes a result into a place that may be another than its own.
    void compute(const Result& result, const Block2D& place);
    void multiply(const Result& product, const Block2D& c);
    void convert(const Result& conversion, const Block2D& place);

    const Numbers* const numbers_;
    PackedFactors& packed_;
    OwnFactors& own_;
    std::vector<Lazy> tiles_;  ///< no two share bytes
    // Of each of them, apart from the rest, which few questions concern.
    OnChipBytes covered_[kMostTiles];
    GmBytes sources_[kMostTiles];
    uint64_t granules_ = 0;  ///< of all of them
    Chain chains_[kMostChains];
    std::optional<Result> result_;
};

}  // namespace pto::host
