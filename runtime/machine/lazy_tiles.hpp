// What a core has been told to do with its tiles, and has not done yet.
//
// Most tiles are read once, and whole: of scores the maximum is subtracted, K is packed, a product is stored. So TLOAD
// only notes where the elements lie, and who needs them reads them there. Steps on the elements of such a tile are
// noted, too, and done in one pass; a product is computed when it is stored, straight into global memory. Nobody sees
// a difference: who asks for the bytes of a tile (Operand::bytes), overwrites something it is made of, or stores to
// where its elements lie, finds it written before.
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
    /// Called with the first of some rows, and how many.
    using Rows = std::function<void(size_t first, size_t rows)>;

    /// `numbers`: see Launch; null in trace mode, in which no tile is noted.
    LazyTiles(const Numbers* numbers, PackedFactors& packed) : numbers_(numbers), packed_(packed) {}
    LazyTiles(const LazyTiles&) = delete;
    LazyTiles& operator=(const LazyTiles&) = delete;

    bool empty() const { return tiles_.empty() && !product_; }

    /// Notes that a tile is filled by a view of global memory. Returns false if it has to be copied.
    bool load(const Operand& dst, const View& src);
    /// Where the elements of a tile are, if they are still where they were loaded from; else null.
    const Strided* source_of(const Operand& tile) const;
    /// Where to read the runs of a tile, which is written before if it must be.
    Source2D runs(const Operand& tile) const;

    /// Whether a step on all elements of a tile can be noted, and then noted: dst = op(src), or op(src, value of the
    /// run).
    bool can_put_off(OpId op, const Operand& dst, const Operand& src) const;
    void put_off(OpId op, const Operand& src, Source2D values);
    /// Does the steps that were noted for a tile; calls `written` for rows as soon as they are. Returns false if there
    /// were none. `written` must not ask for the bytes of any tile.
    bool do_steps(const Operand& tile, const Rows& written);

    /// Notes that dst (+)= left right.
    void multiply(const Operand& dst, const Operand& left, const Operand& right, bool accumulate);
    /// Computes the product that was noted for `src` in global memory. Returns false if there is none, or it cannot.
    bool store_product(const View& dst, const Operand& src);
    /// Notes that a right factor is made of the elements at `from`, which are packed once for all blocks. Returns false
    /// if it has to be packed.
    bool share_packed(const Operand& dst, const Strided& from);

    /// The place of a tile that the caller writes next: all its valid elements. Sources must have been asked for
    /// before.
    std::byte* overwrite(const Operand& tile);
    /// Writes the tiles that share bytes with [begin, end) of a memory, or are made of them.
    void write(Buffer buffer, uint64_t begin, uint64_t end);
    /// Writes the tiles whose elements lie in these bytes of global memory.
    void write_from(uint64_t begin, uint64_t end);
    /// Whether there are such tiles.
    bool reads(uint64_t begin, uint64_t end) const;

  private:
    /// A tile that is to be written.
    struct Lazy {
        Operand tile;
        Strided source;
        uint64_t begin;  ///< bytes of global memory that its elements come from
        uint64_t end;
        Chain steps;
        size_t packed = 0;  ///< bytes of a packed factor, which is what `source` then is
    };
    struct LazyProduct {
        Operand dst;
        Operand left;
        Operand right;
        bool accumulate;
    };

    const Lazy* find(const Operand& tile) const;
    void add(const Operand& tile, const Strided& source, uint64_t begin, uint64_t end, size_t packed = 0);
    void write(const Lazy& lazy, const Rows& written = {});
    void drop(const Lazy& lazy);
    const std::byte* factor(const Operand& tile) const;
    bool product_needs(Buffer buffer, uint64_t begin, uint64_t end) const;
    void finish_product();
    void compute(const LazyProduct& product, const Block2D& c);

    const Numbers* const numbers_;
    PackedFactors& packed_;
    std::vector<Lazy> tiles_;  ///< no two share bytes
    std::optional<LazyProduct> product_;
};

}  // namespace pto::host
