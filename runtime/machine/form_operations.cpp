// Second forms of vector operations, and those with two results.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "pto/machine/operations.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"

namespace pto::host {

void divide_scalar(Operand& dst, const Operand& src, Scalar scalar, int line) {
    constexpr OpId op = OpId::TDIVS_SCALAR;
    require_operands(op, line, dst, &src);
    if (kTrace) return Recorder(op, dst, line).read(src).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        using Wide = Compute<T>;
        const auto number = static_cast<Wide>(scalar.as<T>());
        for_each_element(dst, [&](int r, int c) {
            const auto divisor = wide<T>(src, r, c);
            if (std::is_integral_v<T> && divisor == Wide{0}) {
                fail(line, "TDIVS of a whole number by 0, in row %d, column %d: the device leaves it undefined", r, c);
            }
            element<T>(dst, r, c) = static_cast<T>(number / divisor);
        });
    });
}

void count_with_scratch(Operand& dst, int64_t first, int step, Operand& scratch, int line) {
    constexpr OpId op = OpId::TCI_SCRATCH;
    require_operands(op, line, dst);
    require_assigned(op, scratch, line);
    if (dst.valid_rows() != 1) {
        fail(line, "TCI into %d rows: the device takes one", dst.valid_rows());
    }
    if (kTrace) return Recorder(op, dst, line).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        if constexpr (std::is_integral_v<T>) {
            // Falling numbers are -(first + k) in this form, as the device's header has it.
            for (int c = 0; c < dst.valid_cols(); ++c) element<T>(dst, 0, c) = static_cast<T>(step * (first + c));
        }
    });
    spoil(scratch, line);
}

namespace {

constexpr size_t kListPair = 8;

/// The value of a pair, the smallest if it is NaN.
template <typename T>
float value_of_pair(const std::byte* pair) {
    T value;
    std::memcpy(&value, pair, sizeof value);
    const auto wide = static_cast<float>(value);
    return std::isnan(wide) ? -INFINITY : wide;
}

/// Merges lists of pairs by falling value, equal ones in the order of the lists; stops when one is used up if
/// `executed` is not null. Returns the pairs that were taken.
template <typename T>
size_t merge_pairs(std::byte* to, const Operand* const* lists, int count, uint16_t* executed) {
    size_t taken[4] = {}, total = 0;
    for (;;) {
        int best = -1;
        for (int i = 0; i < count; ++i) {
            const size_t pairs = lists[i]->valid_cols() * sizeof(T) / kListPair;
            if (taken[i] == pairs) {
                if (executed) {
                    for (int k = 0; k < count; ++k) executed[k] = static_cast<uint16_t>(taken[k]);
                    return total;
                }
                continue;
            }
            const auto at = [&](int k) { return lists[k]->bytes() + taken[k] * kListPair; };
            if (best < 0 || value_of_pair<T>(at(i)) > value_of_pair<T>(at(best))) best = i;
        }
        if (best < 0) return total;
        std::memcpy(to + total++ * kListPair, lists[best]->bytes() + taken[best]++ * kListPair, kListPair);
    }
}

}  // namespace

void merge_lists(Operand& dst, Operand& scratch, const Operand* const* lists, int count, uint16_t* executed, int line) {
    constexpr OpId op = OpId::TMRGSORT_LISTS;
    require_assigned(op, line, &dst, &scratch);
    int total = 0;
    for (int i = 0; i < count; ++i) {
        require_assigned(op, *lists[i], line);
        total += lists[i]->valid_cols();
    }
    if (total > scratch.info().cols || dst.valid_cols() > scratch.info().cols) {
        fail(line, "TMRGSORT of lists of %d elements with scratch of %d into %d: scratch must hold all", total,
             scratch.info().cols, dst.valid_cols());
    }
    if (kTrace) {
        Recorder recorder(op, dst, line);
        for (int i = 0; i < count; ++i) recorder.read(*lists[i]);
        recorder.scratch(scratch).write(dst);
        return;
    }
    const Timer timer(op, elements_of(dst), line);
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        merge_pairs<T>(scratch.bytes(), lists, count, executed);
    });
    std::memcpy(dst.bytes(), scratch.bytes(), dst.valid_cols() * size_of(dst.info().dtype));
    spoil(scratch, line);
}

void gather_compared(Operand& dst, const Operand& src, Scalar scalar, Operand& scratch, Operand& counts, bool greater,
                     int64_t offset, int line) {
    constexpr OpId op = OpId::TGATHER_COMPARED;
    require_assigned(op, line, &dst, &src, &scratch, &counts);
    if (counts.valid_rows() < src.valid_rows() || dst.valid_rows() < src.valid_rows() ||
        dst.valid_cols() < src.valid_cols()) {
        fail(line, "TGATHER by comparison of %d x %d into %d x %d with %d counts: there must be room for all",
             src.valid_rows(), src.valid_cols(), dst.valid_rows(), dst.valid_cols(), counts.valid_rows());
    }
    if (kTrace) return Recorder(op, src, line).read(src).scratch(scratch).write(counts, dst).done();
    const Timer timer(op, elements_of(src), line);
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        using Wide = Compute<T>;
        const auto wanted = static_cast<Wide>(scalar.as<T>());
        for (int r = 0; r < src.valid_rows(); ++r) {
            int found = 0;
            for (int c = 0; c < src.valid_cols(); ++c) {
                const auto value = wide<T>(src, r, c);
                if (greater ? value > wanted : value == wanted) {
                    element<int32_t>(dst, r, found++) = static_cast<int32_t>(offset + int64_t{r} * src.info().cols + c);
                }
            }
            element<int32_t>(counts, r, 0) = found;
        }
    });
    spoil(scratch, line);
}

void combine_arguments(OpId op, Operand& dst, const Operand& left, const Operand& right, Operand& dst_index,
                       const Operand& left_index, const Operand& right_index, int line) {
    require_assigned(op, line, &dst, &left, &right);
    require_operands(op, line, dst, &dst_index);
    require_operands(op, line, left, &left_index);
    require_operands(op, line, right, &right_index);
    const auto holds = [](const Operand& tile, int r, int c) { return r < tile.valid_rows() && c < tile.valid_cols(); };
    const auto covers = [&](const Operand& one) { return holds(one, dst.valid_rows() - 1, dst.valid_cols() - 1); };
    if (!covers(left) && !covers(right)) {
        fail(line, "%s into %d x %d: one of both must be as large", name(op), dst.valid_rows(), dst.valid_cols());
    }
    if (kTrace) return Recorder(op, dst, line).read(left, right, left_index, right_index).write(dst_index, dst).done();
    const Timer timer(op, elements_of(dst), line);
    const bool largest = op == OpId::TPARTARGMAX;
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for_each_element(dst, [&](int r, int c) {
            bool from_left = holds(left, r, c);
            if (from_left && holds(right, r, c)) {
                const auto a = wide<T>(left, r, c);
                const auto b = wide<T>(right, r, c);
                from_left = largest ? a >= b : a <= b;
            }
            element<T>(dst, r, c) = element<T>(from_left ? left : right, r, c);
            element<int32_t>(dst_index, r, c) = element<int32_t>(from_left ? left_index : right_index, r, c);
        });
    });
}

}  // namespace pto::host
