#include "runtime/machine/lazy_tiles.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "runtime/machine/elements.hpp"

namespace pto::host {

namespace {

/// Rows that are written at a time: the first cache still has them for who reads them next.
constexpr size_t kRowsAtOnce = 8;

bool is_whole(const Operand& tile) {
    return tile.valid_rows() == tile.info().rows && tile.valid_cols() == tile.info().cols;
}

/// Whether the elements of tiles at one place are at the same places.
bool are_alike(const TileInfo& a, const TileInfo& b) {
    return &a == &b || (a.dtype == b.dtype && a.row_major == b.row_major && a.column_order == b.column_order &&
                        a.rows == b.rows && a.cols == b.cols);
}

/// Whether two whole tiles are one.
bool is_same(const Operand& a, const Operand& b) {
    return a.place() == b.place() && are_alike(a.info(), b.info()) && is_whole(a) && is_whole(b);
}

/// Whether a transfer between a tile and a view touches all elements of the tile, and one plane of the view.
bool is_one_plane(const Operand& tile, const View& gm) {
    return is_whole(tile) && tile.info().pad == PadValue::Null && gm.is_plane();
}

Strided elements_of(const View& gm) { return {reinterpret_cast<std::byte*>(gm.address), gm.stride[3], gm.stride[4]}; }

std::optional<ChainOp> step_of(OpId op) {
    switch (op) {
        case OpId::TADDS:
        case OpId::TROWEXPANDADD:
            return ChainOp::Add;
        case OpId::TSUBS:
        case OpId::TROWEXPANDSUB:
            return ChainOp::Sub;
        case OpId::TMULS:
        case OpId::TROWEXPANDMUL:
            return ChainOp::Mul;
        case OpId::TEXP:
            return ChainOp::Exp;
        default:
            return std::nullopt;
    }
}

/// Sizes of factors of which every level of CPU makes 32 bits an element, and a header at most: see runtime/numbers.
constexpr int kEvenPanels = 32;

}  // namespace

LazyTiles::LazyTiles(const Numbers* numbers, PackedFactors& packed, OwnFactors& own)
    : numbers_(numbers), packed_(packed), own_(own) {
    tiles_.reserve(kMostTiles);
}

bool LazyTiles::load(const Operand& dst, const View& src) {
    if (!is_one_plane(dst, src)) return false;
    add(dst, elements_of(src), src.address, src.end());
    return true;
}

void LazyTiles::add(const Operand& tile, const Strided& source, uint64_t begin, uint64_t end, size_t packed) {
    size_t index = index_of(tile.covered());
    if (index < tiles_.size() && !result_needs(tile.covered())) {
        // Most are loaded again and again. No other shares bytes with the one before, so with this one.
        forget_steps(tiles_[index]);
        tiles_[index].tile = tile;
    } else {
        overwrite(tile);
        if (tiles_.size() == kMostTiles) write(tiles_.front());
        index = tiles_.size();
        tiles_.emplace_back(tile);
        covered_[index] = tile.covered();
        granules_ |= tile.granules();
    }
    Lazy& lazy = tiles_[index];
    lazy.source = source;
    lazy.steps = nullptr;
    lazy.packed = packed;
    sources_[index] = {begin, end};
}

size_t LazyTiles::index_of(const OnChipBytes& bytes) const {
    const size_t count = tiles_.size();
    size_t index = 0;
    while (index < count && !(covered_[index] == bytes)) ++index;
    return index;
}

bool LazyTiles::involves(const Operand& tile) const {
    if (!concern(tile.granules())) return false;
    const OnChipBytes bytes = tile.covered();
    for (size_t i = 0, count = tiles_.size(); i < count; ++i) {
        if (bytes.overlap(covered_[i])) return true;
    }
    return result_needs(bytes);
}

LazyTiles::Lazy* LazyTiles::find(const Operand& tile) {
    if (!(tile.granules() & granules_)) return nullptr;
    const size_t index = index_of(tile.covered());
    const bool found = index < tiles_.size() && are_alike(tiles_[index].tile.info(), tile.info()) && is_whole(tile);
    return found ? &tiles_[index] : nullptr;
}

const Strided* LazyTiles::source_of(const Operand& tile) {
    const Lazy* lazy = find(tile);
    return lazy && !lazy->steps ? &lazy->source : nullptr;
}

Source2D LazyTiles::runs(const Operand& tile) {
    if (!involves(tile)) return {tile.place(), tile.info().pitch()};
    const Strided* source = source_of(tile);
    if (source && tile.info().row_major && source->col == 1) return {source->data, source->row};
    return runs_of(tile);
}

bool LazyTiles::put_off(OpId op, const Operand& dst, const Operand& src, Source2D values) {
    const std::optional<ChainOp> step = step_of(op);
    if (!step || !is_same(dst, src)) return false;
    Lazy* lazy = find(src);
    if (!lazy || src.info().dtype != DTypeId::F32 || !src.info().row_major || lazy->source.col != 1 ||
        src.valid_rows() > Chain::kMostRuns)
        return false;
    if (!lazy->steps) lazy->steps = free_chain();
    if (!lazy->steps || lazy->steps->count == Chain::kMostSteps) return false;
    note(*lazy->steps, *step, values, src.valid_rows());
    return true;
}

void LazyTiles::note(Chain& steps, ChainOp op, const Source2D& values, int rows) {
    const auto* value = static_cast<const float*>(values.data);
    float (&operands)[Chain::kMostRuns] = steps.values[steps.count];
    if (value && values.pitch == 0) {
        std::fill(std::begin(operands), std::end(operands), *value);
    } else if (value) {
        std::memcpy(operands, value, rows * sizeof *value);
    }
    steps.ops[steps.count++] = op;
}

Chain* LazyTiles::free_chain() {
    const auto is_free = [](const Chain& chain) { return chain.count == 0; };
    Chain* found = std::find_if(std::begin(chains_), std::end(chains_), is_free);
    return found == std::end(chains_) ? nullptr : found;
}

void LazyTiles::multiply(const Operand& dst, const Operand& left, const Operand& right, bool accumulate) {
    if (result_) finish_result();
    accumulate ? dst.bytes() : overwrite(dst);
    result_ = Result{dst, left, right, true, accumulate};
}

void LazyTiles::convert(const Operand& dst, const Operand& src, Rounding rounding, bool saturate) {
    if (result_) finish_result();
    overwrite(dst);
    result_ = Result{dst, src, src, false, false, rounding, saturate};
}

bool LazyTiles::store_result(const View& dst, const Operand& src) {
    if (!result_ || !is_same(result_->dst, src) || src.info().dtype != dst.dtype || !is_one_plane(src, dst) ||
        dst.stride[4] != 1)
        return false;
    const Strided place = elements_of(dst);
    compute(*std::exchange(result_, std::nullopt), {place.data, place.row});
    add(src, place, dst.address, dst.end());
    return true;
}

bool LazyTiles::result_needs(const OnChipBytes& bytes) const {
    return result_ && (bytes.overlap(result_->dst.covered()) || bytes.overlap(result_->first.covered()) ||
                       bytes.overlap(result_->second.covered()));
}

void LazyTiles::finish_result() {
    const Result result = *std::exchange(result_, std::nullopt);
    compute(result, {overwrite(result.dst), result.dst.info().cols});
}

void LazyTiles::compute(const Result& result, const Block2D& place) {
    result.is_product ? multiply(result, place) : convert(result, place);
}

void LazyTiles::multiply(const Result& product, const Block2D& c) {
    const TileInfo& left = product.first.info();
    const Source2D sum = product.accumulate ? Source2D(product.dst.place(), product.dst.info().cols) : Source2D();
    const Product shape = {size_t(product.first.valid_rows()), size_t(product.second.valid_cols()),
                           size_t(product.first.valid_cols()), c, sum};
    numbers_->multiply(left.dtype, shape, product.first.bytes(), left, factor(product.second), product.second.info());
}

void LazyTiles::convert(const Result& conversion, const Block2D& place) {
    const Operand& src = conversion.first;
    const DTypeId from = src.info().dtype, to = conversion.dst.info().dtype;
    const size_t rows = conversion.dst.valid_rows(), cols = conversion.dst.valid_cols();
    const auto convert_rows = [&](const Source2D& source, size_t first, size_t count) {
        const auto at = [&](const void* data, int64_t pitch, DTypeId dtype) {
            return from_element({const_cast<void*>(data), pitch, 1}, int64_t(first), 0, dtype).data;
        };
        numbers_->convert(
            from, to, joined({count, cols}, place, source), {at(place.data, place.pitch, to), place.pitch},
            {at(source.data, source.pitch, from), source.pitch}, conversion.rounding, conversion.saturate);
    };
    const Lazy* lazy = find(src);
    if (!lazy || !lazy->steps) return convert_rows(runs(src), 0, rows);
    // Rows that are written only now are converted at once, while the first cache has them.
    const Source2D written = {src.place(), src.info().pitch()};
    write(*lazy, [&](size_t first, size_t count) { convert_rows(written, first, count); });
}

const std::byte* LazyTiles::factor(const Operand& tile) {
    const Lazy* lazy = find(tile);
    return lazy ? static_cast<const std::byte*>(lazy->source.data) : tile.bytes();
}

bool LazyTiles::share_packed(const Operand& dst, const Strided& from) {
    const TileInfo& info = dst.info();
    if (info.loc != TileType::Right || !is_whole(dst) || size_of(info.dtype) != 2 || info.rows % kEvenPanels != 0 ||
        info.cols % kEvenPanels != 0)
        return false;
    const size_t size = info.bytes() / 2 * sizeof(float) + kPackedHeaderBytes;
    const PackedKey key = {from.data, from.row, from.col, info.dtype, info.rows, info.cols};
    const auto begin = reinterpret_cast<uint64_t>(from.data);
    const uint64_t end = begin + ((info.rows - 1) * from.row + (info.cols - 1) * from.col + 1) * size_of(info.dtype);
    const std::byte* packed = packed_.find(key, own_);
    if (!packed) {
        std::byte* bytes = packed_.reserve(key, size, own_);
        if (!bytes) return false;
        numbers_->pack_right(info.dtype, bytes, info, from, info.rows, info.cols);
        packed_.add(key, end, bytes, own_);
        packed = bytes;
    }
    add(dst, {const_cast<std::byte*>(packed), 0, 0}, begin, end, size);
    return true;
}

std::byte* LazyTiles::overwrite(const Operand& tile) {
    if (!concern(tile.granules())) return tile.place();
    const OnChipBytes bytes = tile.covered();
    if (result_needs(bytes)) finish_result();
    for (size_t i = tiles_.size(); i-- > 0;) {
        if (!bytes.overlap(covered_[i])) continue;
        is_whole(tile) && bytes.cover(covered_[i]) ? drop(tiles_[i]) : write(tiles_[i]);
    }
    return tile.place();
}

void LazyTiles::write_noted(const OnChipBytes& bytes) {
    if (result_needs(bytes)) finish_result();
    for (size_t i = tiles_.size(); i-- > 0;) {
        if (bytes.overlap(covered_[i])) write(tiles_[i]);
    }
}

void LazyTiles::write_from(uint64_t begin, uint64_t end) {
    const GmBytes bytes = {begin, end};
    for (size_t i = tiles_.size(); i-- > 0;) {
        if (bytes.overlap(sources_[i])) write(tiles_[i]);
    }
}

bool LazyTiles::reads(uint64_t begin, uint64_t end) const {
    const GmBytes bytes = {begin, end};
    for (size_t i = 0, count = tiles_.size(); i < count; ++i) {
        if (bytes.overlap(sources_[i]) && tiles_[i].tile.info().loc != TileType::Acc) return true;
    }
    return false;
}

void LazyTiles::write(const Lazy& lazy, const Written& written) {
    const TileInfo& info = lazy.tile.info();
    const size_t rows = info.rows, cols = info.cols;
    const Strided to = {lazy.tile.place(), info.row_stride(), info.col_stride()};
    if (lazy.packed) {
        std::memcpy(to.data, lazy.source.data, lazy.packed);
    } else if (!lazy.steps) {
        numbers_->copy(info.dtype, info.dtype, to, lazy.source, rows, cols);
    }
    for (size_t first = 0; lazy.steps && first < rows; first += kRowsAtOnce) {
        const Extent extent = {std::min(kRowsAtOnce, rows - first), cols};
        const Strided source = from_element(lazy.source, int64_t(first), 0, info.dtype);
        const Strided dst = from_element(to, int64_t(first), 0, info.dtype);
        numbers_->chain(*lazy.steps, first, extent, {dst.data, dst.row}, {source.data, source.row});
        if (written) written(first, extent.runs);
    }
    drop(lazy);
}

void LazyTiles::drop(const Lazy& lazy) {
    forget_steps(lazy);
    const size_t index = &lazy - tiles_.data(), last = tiles_.size() - 1;
    tiles_[index] = tiles_[last];
    covered_[index] = covered_[last];
    sources_[index] = sources_[last];
    tiles_.pop_back();
    granules_ = 0;
    for (const Lazy& left : tiles_) granules_ |= left.tile.granules();
}

}  // namespace pto::host
