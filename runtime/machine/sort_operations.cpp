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

void require_row_argument(OpId op, const Operand& dst, const Operand& src, int line) {
    require_assigned(op, dst, line);
    require_assigned(op, src, line);
    if (dst.valid_rows() != src.valid_rows() || dst.valid_cols() != 1 || src.valid_cols() == 0) {
        fail(line, "%s of %d x %d needs columns, and a destination of %d x 1, not %d x %d", name(op), src.valid_rows(),
             src.valid_cols(), src.valid_rows(), dst.valid_rows(), dst.valid_cols());
    }
}

}  // namespace

void sort_blocks(Operand& dst, const Operand& src, const Operand& indices, Operand* scratch, int line) {
    constexpr OpId op = OpId::TSORT32;
    for (const Operand* one : {static_cast<const Operand*>(&dst), &src, &indices}) require_assigned(op, *one, line);
    if (scratch) require_assigned(op, *scratch, line);
    const int pair = kPairBytes / static_cast<int>(size_of(src.info().dtype));
    if (src.valid_cols() % kSorted != 0 || indices.valid_cols() < src.valid_cols() || indices.valid_rows() < 1 ||
        dst.valid_rows() != src.valid_rows() || dst.valid_cols() != pair * src.valid_cols()) {
        fail(line,
             "TSORT32 of %d x %d with %d x %d indices into %d x %d: columns must be a multiple of 32, with an index "
             "each, and %d columns of the destination for each",
             src.valid_rows(), src.valid_cols(), indices.valid_rows(), indices.valid_cols(), dst.valid_rows(),
             dst.valid_cols(), pair);
    }
    if (kTrace) {
        Recorder recorder(op, PIPE_V, src, line);
        recorder.read(src).read(indices);
        if (scratch) recorder.scratch(*scratch);
        recorder.write(dst);
        return;
    }
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
    if (scratch) spoil(*scratch, scratch->info().bytes(), line);
}

void merge_blocks(Operand& dst, const Operand& src, int64_t length, int line) {
    constexpr OpId op = OpId::TMRGSORT;
    require_operands(op, line, dst, {&src});
    const int64_t group = kLists * length, cols = src.valid_cols();
    if (src.valid_rows() != 1 || length <= 0 || length % 64 != 0 || cols % group != 0 || cols / group > kMaxMerges) {
        fail(line,
             "TMRGSORT of %d x %d elements in blocks of %lld: one row of at most %d groups of four blocks, which "
             "are a multiple of 64 elements",
             src.valid_rows(), src.valid_cols(), static_cast<long long>(length), kMaxMerges);
    }
    if (kTrace) {
        Recorder(op, PIPE_V, src, line).read(src).write(dst);
        return;
    }
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

void find_in_rows(OpId op, Operand& dst, const Operand& src, Operand& scratch, int line) {
    require_row_argument(op, dst, src, line);
    require_assigned(op, scratch, line);
    if (kTrace) {
        Recorder(op, PIPE_V, src, line).read(src).scratch(scratch).write(dst);
        return;
    }
    const Timer timer(op, elements_of(src), line);
    const bool largest = op == OpId::TROWARGMAX;
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for (int r = 0; r < src.valid_rows(); ++r) {
            int best = 0;
            for (int c = 1; c < src.valid_cols(); ++c) {
                const auto value = static_cast<Compute<T>>(element<T>(src, r, c));
                const auto kept = static_cast<Compute<T>>(element<T>(src, r, best));
                if (largest ? value > kept : value < kept) best = c;
            }
            element<int32_t>(dst, r, 0) = best;
        }
    });
    spoil(scratch, scratch.info().bytes(), line);
}

void find_in_columns(OpId op, Operand& dst, const Operand& src, Operand& scratch, int line) {
    require_assigned(op, dst, line);
    require_assigned(op, src, line);
    require_assigned(op, scratch, line);
    if (dst.valid_cols() != src.valid_cols() || dst.valid_rows() != 1 || src.valid_rows() == 0) {
        fail(line, "%s of %d x %d needs rows, and a destination of 1 x %d, not %d x %d", name(op), src.valid_rows(),
             src.valid_cols(), src.valid_cols(), dst.valid_rows(), dst.valid_cols());
    }
    if (kTrace) {
        Recorder(op, PIPE_V, src, line).read(src).scratch(scratch).write(dst);
        return;
    }
    const Timer timer(op, elements_of(src), line);
    const bool largest = op == OpId::TCOLARGMAX;
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for (int c = 0; c < src.valid_cols(); ++c) {
            int best = 0;
            for (int r = 1; r < src.valid_rows(); ++r) {
                const auto value = static_cast<Compute<T>>(element<T>(src, r, c));
                const auto kept = static_cast<Compute<T>>(element<T>(src, best, c));
                if (largest ? value > kept : value < kept) best = r;
            }
            element<int32_t>(dst, 0, c) = best;
        }
    });
    spoil(scratch, scratch.info().bytes(), line);
}

}  // namespace pto::host
