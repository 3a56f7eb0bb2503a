#include "runtime/machine/lazy_tiles.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "runtime/machine/elements.hpp"

namespace pto::host {

namespace {

/// More than kernels have tiles in use; each one is looked at for each operand.
constexpr size_t kMostTiles = 24;

/// Rows that are written at a time: the first cache still has them for who reads them next.
constexpr size_t kRowsAtOnce = 8;

bool overlap(uint64_t begin, uint64_t end, uint64_t other_begin, uint64_t other_end) {
    return begin < other_end && other_begin < end;
}

/// Whether a tile shares bytes with [begin, end) of a memory.
bool lies_in(const Operand& tile, Buffer buffer, uint64_t begin, uint64_t end) {
    return tile.info().buffer == buffer && overlap(begin, end, tile.address(), tile.address() + tile.info().bytes());
}

bool is_whole(const Operand& tile) {
    return tile.valid_rows() == tile.info().rows && tile.valid_cols() == tile.info().cols;
}

/// Whether two whole tiles are one.
bool is_same(const Operand& a, const Operand& b) {
    const TileInfo& left = a.info();
    const TileInfo& right = b.info();
    return a.place() == b.place() && left.dtype == right.dtype && left.row_major == right.row_major &&
           left.column_order == right.column_order && left.rows == right.rows && left.cols == right.cols &&
           is_whole(a) && is_whole(b);
}

/// Whether a transfer between a tile and a view touches all elements of the tile, and one plane of the view.
bool is_one_plane(const Operand& tile, const View& gm) {
    return is_whole(tile) && tile.info().pad == PadValue::Null && gm.shape[0] == 1 && gm.shape[1] == 1 &&
           gm.shape[2] == 1;
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

bool LazyTiles::load(const Operand& dst, const View& src) {
    if (!is_one_plane(dst, src)) return false;
    add(dst, elements_of(src), src.address, src.end());
    return true;
}

void LazyTiles::add(const Operand& tile, const Strided& source, uint64_t begin, uint64_t end, size_t packed) {
    overwrite(tile);
    if (tiles_.size() == kMostTiles) write(tiles_.front());
    tiles_.push_back({tile, source, begin, end, nullptr, packed});
}

LazyTiles::Lazy* LazyTiles::find(const Operand& tile) {
    const auto found =
        std::find_if(tiles_.begin(), tiles_.end(), [&](const Lazy& lazy) { return is_same(lazy.tile, tile); });
    return found == tiles_.end() ? nullptr : &*found;
}

const Strided* LazyTiles::source_of(const Operand& tile) {
    const Lazy* lazy = find(tile);
    return lazy && !lazy->steps ? &lazy->source : nullptr;
}

Source2D LazyTiles::runs(const Operand& tile) {
    const Strided* source = source_of(tile);
    if (source && tile.info().row_major && source->col == 1) return {source->data, source->row};
    return runs_of(tile);
}

bool LazyTiles::can_put_off(OpId op, const Operand& dst, const Operand& src) {
    const Lazy* lazy = find(src);
    if (!lazy || !step_of(op) || !is_same(dst, src) || src.info().dtype != DTypeId::F32 || !src.info().row_major ||
        lazy->source.col != 1 || src.valid_rows() > Chain::kMostRuns)
        return false;
    return lazy->steps ? lazy->steps->count < Chain::kMostSteps : free_chain() != nullptr;
}

Chain* LazyTiles::free_chain() {
    const auto is_free = [](const Chain& chain) { return chain.count == 0; };
    Chain* found = std::find_if(std::begin(chains_), std::end(chains_), is_free);
    return found == std::end(chains_) ? nullptr : found;
}

void LazyTiles::put_off(OpId op, const Operand& src, Source2D values) {
    Lazy* lazy = find(src);
    if (!lazy->steps) lazy->steps = free_chain();
    Chain& steps = *lazy->steps;
    const auto* value = static_cast<const float*>(values.data);
    for (int r = 0; value && r < src.valid_rows(); ++r) steps.values[steps.count][r] = value[r * values.pitch];
    steps.ops[steps.count++] = *step_of(op);
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

bool LazyTiles::result_needs(Buffer buffer, uint64_t begin, uint64_t end) const {
    return result_ && (lies_in(result_->dst, buffer, begin, end) || lies_in(result_->first, buffer, begin, end) ||
                       lies_in(result_->second, buffer, begin, end));
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
        numbers_->convert(from, to, {count, cols}, {at(place.data, place.pitch, to), place.pitch},
                          {at(source.data, source.pitch, from), source.pitch}, conversion.rounding,
                          conversion.saturate);
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
    const std::byte* packed = packed_.find(key);
    if (!packed) {
        std::byte* bytes = packed_.reserve(size);
        if (!bytes) return false;
        numbers_->pack_right(info.dtype, bytes, info, from, info.rows, info.cols);
        packed_.add(key, end, bytes);
        packed = bytes;
    }
    add(dst, {const_cast<std::byte*>(packed), 0, 0}, begin, end, size);
    return true;
}

std::byte* LazyTiles::overwrite(const Operand& tile) {
    const Buffer buffer = tile.info().buffer;
    const uint64_t begin = tile.address(), end = begin + tile.info().bytes();
    if (result_needs(buffer, begin, end)) finish_result();
    for (size_t i = tiles_.size(); i-- > 0;) {
        const Operand& other = tiles_[i].tile;
        if (!lies_in(other, buffer, begin, end)) continue;
        const bool covered =
            is_whole(tile) && begin <= other.address() && other.address() + other.info().bytes() <= end;
        covered ? drop(tiles_[i]) : write(tiles_[i]);
    }
    return tile.place();
}

void LazyTiles::write(Buffer buffer, uint64_t begin, uint64_t end) {
    if (result_needs(buffer, begin, end)) finish_result();
    for (size_t i = tiles_.size(); i-- > 0;) {
        if (lies_in(tiles_[i].tile, buffer, begin, end)) write(tiles_[i]);
    }
}

void LazyTiles::write_from(uint64_t begin, uint64_t end) {
    for (size_t i = tiles_.size(); i-- > 0;) {
        if (overlap(begin, end, tiles_[i].begin, tiles_[i].end)) write(tiles_[i]);
    }
}

bool LazyTiles::reads(uint64_t begin, uint64_t end) const {
    return std::any_of(tiles_.begin(), tiles_.end(), [=](const Lazy& lazy) {
        return lazy.tile.info().loc != TileType::Acc && overlap(begin, end, lazy.begin, lazy.end);
    });
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
    if (lazy.steps) lazy.steps->count = 0;
    tiles_[&lazy - tiles_.data()] = tiles_.back();
    tiles_.pop_back();
}

}  // namespace pto::host
