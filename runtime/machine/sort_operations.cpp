// Sorting, merging, and the places of extremes.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "pto/machine/operations.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"

namespace pto::host {

namespace {

constexpr int kSorted = 32;
constexpr int kPairBytes = 8;
constexpr int kLists = 4;
constexpr int kMaxMerges = 255;

/// A value and its index, as sorted lists have them.
struct Pair {
    float value;
    std::byte bytes[kPairBytes];
};

/// By falling value; NaN is the smallest. Equal ones stay in order.
bool before(const Pair& a, const Pair& b) { return std::isnan(b.value) ? !std::isnan(a.value) : a.value > b.value; }

template <typename T>
Pair pair_of(T value, uint32_t index) {
    Pair pair = {static_cast<float>(value), {}};
    std::memcpy(pair.bytes, &value, sizeof value);
    std::memcpy(pair.bytes + 4, &index, sizeof index);
    return pair;
}

template <typename T>
Pair read_pair(const std::byte* bytes) {
    Pair pair;
    T value;
    std::memcpy(&value, bytes, sizeof value);
    pair.value = static_cast<float>(value);
    std::memcpy(pair.bytes, bytes, kPairBytes);
    return pair;
}

void write_pairs(std::byte* to, const std::vector<Pair>& pairs) {
    for (const Pair& pair : pairs) {
        std::memcpy(to, pair.bytes, kPairBytes);
        to += kPairBytes;
    }
}

void require_arguments(OpId op, Axis axis, const Operand& dst, const Operand& src, int line) {
    const int rows = src.valid_rows(), cols = src.valid_cols();
    const int to_rows = axis == Axis::Row ? rows : 1, to_cols = axis == Axis::Row ? 1 : cols;
    if (dst.valid_rows() == to_rows && dst.valid_cols() == to_cols && (axis == Axis::Row ? cols : rows) != 0) return;
    fail(line, "%s of %d x %d needs %s, and a destination of %d x %d, not %d x %d", name(op), rows, cols,
         axis == Axis::Row ? "columns" : "rows", to_rows, to_cols, dst.valid_rows(), dst.valid_cols());
}

/// The first of the extremes among value(0), value(1), ...
template <typename Value>
int first_extreme(int count, bool largest, Value value) {
    int best = 0;
    for (int i = 1; i < count; ++i) {
        if (largest ? value(i) > value(best) : value(i) < value(best)) best = i;
    }
    return best;
}

}  // namespace

void sort_blocks(Operand& dst, const Operand& src, const Operand& indices, int line, Operand* scratch) {
    constexpr OpId op = OpId::TSORT32;
    require_assigned(op, line, &dst, &src, &indices, scratch);
    const int pair = kPairBytes / static_cast<int>(size_of(src.info().dtype));
    if (src.valid_cols() % kSorted != 0 || indices.valid_cols() < src.valid_cols() || indices.valid_rows() < 1 ||
        dst.valid_rows() != src.valid_rows() || dst.valid_cols() != pair * src.valid_cols()) {
        fail(line,
             "TSORT32 of %d x %d with %d x %d indices into %d x %d: columns must be a multiple of 32, with an index "
             "each, and %d columns of the destination for each",
             src.valid_rows(), src.valid_cols(), indices.valid_rows(), indices.valid_cols(), dst.valid_rows(),
             dst.valid_cols(), pair);
    }
    if (kTrace) return Recorder(op, src, line).read(src, indices).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(src), line);
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for (int r = 0; r < src.valid_rows(); ++r) {
            for (int begin = 0; begin < src.valid_cols(); begin += kSorted) {
                std::vector<Pair> pairs;
                for (int c = begin; c < begin + kSorted; ++c)
                    pairs.push_back(pair_of(element<T>(src, r, c), element<uint32_t>(indices, 0, c)));
                std::stable_sort(pairs.begin(), pairs.end(), before);
                write_pairs(reinterpret_cast<std::byte*>(&element<T>(dst, r, pair * begin)), pairs);
            }
        }
    });
    if (scratch) spoil(*scratch, line);
}

void merge_blocks(Operand& dst, const Operand& src, int64_t length, int line) {
    constexpr OpId op = OpId::TMRGSORT;
    require_operands(op, line, dst, &src);
    const int64_t group = kLists * length, cols = src.valid_cols();
    if (src.valid_rows() != 1 || length <= 0 || length % 64 != 0 || cols % group != 0 || cols / group > kMaxMerges) {
        fail(line,
             "TMRGSORT of %d x %d elements in blocks of %ld: one row of at most %d groups of four blocks, which "
             "are a multiple of 64 elements",
             src.valid_rows(), src.valid_cols(), length, kMaxMerges);
    }
    if (kTrace) return Recorder(op, src, line).read(src).write(dst).done();
    const Timer timer(op, elements_of(src), line);
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        const int64_t bytes = group * int64_t(sizeof(T)), list = length * int64_t(sizeof(T)) / kPairBytes;
        for (int64_t begin = 0; begin < cols * int64_t(sizeof(T)); begin += bytes) {
            std::vector<Pair> pairs;
            for (int64_t at = begin; at < begin + bytes; at += kPairBytes)
                pairs.push_back(read_pair<T>(src.bytes() + at));
            // Merges, so that blocks that are not sorted come out as a merge leaves them.
            const auto first = pairs.begin();
            std::inplace_merge(first, first + list, first + 2 * list, before);
            std::inplace_merge(first + 2 * list, first + 3 * list, first + 4 * list, before);
            std::inplace_merge(first, first + 2 * list, first + 4 * list, before);
            write_pairs(dst.bytes() + begin, pairs);
        }
    });
}

void find_extremes(OpId op, Axis axis, Operand& dst, const Operand& src, Operand& scratch, int line) {
    require_assigned(op, line, &dst, &src);
    require_arguments(op, axis, dst, src, line);
    require_assigned(op, scratch, line);
    if (kTrace) return Recorder(op, src, line).read(src).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(src), line);
    const bool largest = op == OpId::TROWARGMAX || op == OpId::TCOLARGMAX;
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for_each_element(dst, [&](int row, int col) {
            element<int32_t>(dst, row, col) =
                axis == Axis::Row
                    ? first_extreme(src.valid_cols(), largest, [&](int c) { return wide<T>(src, row, c); })
                    : first_extreme(src.valid_rows(), largest, [&](int r) { return wide<T>(src, r, col); });
        });
    });
    spoil(scratch, line);
}

}  // namespace pto::host
