// Vector operations: checks, then the loops of runtime/numbers or a record.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "pto/machine/operations.hpp"
#include "pto/ops/conversions.hpp"
#include "pto/ops/scratch.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"

namespace pto::host {

namespace {

/// The runs of an operation on operands of the same valid size and order.
template <typename... Sources>
Extent extent_of(const Operand& dst, const Sources&... operands) {
    return joined({size_t(dst.valid_runs()), size_t(dst.valid_run())}, Source2D(nullptr, dst.info().pitch()),
                  operands...);
}

/// Whether two tiles have no byte in common, whatever of them is valid.
bool are_apart(const Operand& a, const Operand& b) { return !a.covered().overlap(b.covered()); }

/// Whether two tiles in UB share a byte; of partly valid tiles their valid rows count.
bool share_bytes(const Operand& a, const Operand& b) {
    const auto run = [](const Operand& tile, int r) {
        const uint64_t size = size_of(tile.info().dtype);
        const uint64_t start = tile.address() + uint64_t(r) * tile.info().pitch() * size;
        return std::pair<uint64_t, uint64_t>(start, start + tile.valid_run() * size);
    };
    if (are_apart(a, b)) return false;
    for (int i = 0; i < a.valid_runs(); ++i) {
        const auto [begin, end] = run(a, i);
        for (int j = 0; j < b.valid_runs(); ++j) {
            const auto [other_begin, other_end] = run(b, j);
            if (begin < other_end && other_begin < end) return true;
        }
    }
    return false;
}

/// `block` from its row `first` on.
Block2D from_row(const Block2D& block, size_t first, DTypeId dtype) {
    return {static_cast<std::byte*>(block.data) + int64_t(first) * block.pitch * size_of(dtype), block.pitch};
}

/// The runs of a tile that is written whole. Sources are asked for before: what is overwritten is not written first.
Block2D written_runs(Core& core, const Operand& dst) { return {core.lazy.overwrite(dst), dst.info().pitch()}; }

}  // namespace

void unary(OpId op, Operand& dst, const Operand& src, int line, Operand* scratch) {
    require_operands(op, line, dst, &src, scratch);
    if (kTrace) return Recorder(op, dst, line).read(src).scratch(scratch).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst));
    if (!scratch && core.lazy.put_off(op, dst, src, {})) return;
    const Source2D from = core.lazy.runs(src);
    core.numbers().map(op, dst.info().dtype, extent_of(dst, from), written_runs(core, dst), from, {});
    if (scratch) spoil(*scratch, line);
}

void binary(OpId op, Operand& dst, const Operand& left, const Operand& right, int line, Operand* scratch) {
    require_operands(op, line, dst, &left, &right, scratch);
    if (kTrace) return Recorder(op, dst, line).read(left, right).scratch(scratch).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst));
    const Source2D a = core.lazy.runs(left), b = core.lazy.runs(right);
    core.numbers().map(op, dst.info().dtype, extent_of(dst, a, b), written_runs(core, dst), a, b);
    if (scratch && scratch->address() != dst.address()) spoil(*scratch, line);
}

void with_scalar(OpId op, Operand& dst, const Operand& src, Scalar scalar, int line, bool by_reciprocal) {
    require_operands(op, line, dst, &src);
    if (kTrace) return Recorder(op, dst, line).read(src).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst));
    const OpId step = by_reciprocal ? OpId::TMULS : op;
    if (core.lazy.put_off(step, dst, src, {&scalar, 0})) return;
    const Source2D from = core.lazy.runs(src);
    core.numbers().map_rows(step, dst.info().dtype, extent_of(dst, from), written_runs(core, dst), from, {&scalar, 0});
}

void fill(OpId op, Operand& dst, Scalar scalar, int line) {
    require_operands(op, line, dst);
    if (kTrace) return Recorder(op, dst, line).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst));
    core.numbers().fill_rows(size_of(dst.info().dtype), extent_of(dst), written_runs(core, dst), {&scalar, 0});
}

void convert(Operand& dst, const Operand& src, RoundMode mode, SaturationMode saturation, int line) {
    require_operands(OpId::TCVT, line, dst, &src);
    const DTypeId from = src.info().dtype, to = dst.info().dtype;
    const Conversion conversion = conversion_of(from, to);
    if (kTrace)
        return Recorder(OpId::TCVT, dst, line)
            .read(src)
            .library_scratch(conversion.uses_library_scratch)
            .write(dst)
            .done();
    Core& core = dst.core();
    const Timer timer(core, OpId::TCVT, elements_of(dst));
    if (conversion.uses_library_scratch) spoil_library_scratch(core, line);
    const bool saturate = conversion.saturates == Saturates::Always || saturation == SaturationMode::ON;
    const Rounding how = rounding(conversion, mode);
    if (are_apart(dst, src) && dst.info().row_major) return core.lazy.convert(dst, src, how, saturate);
    const Source2D runs = core.lazy.runs(src);
    core.numbers().convert(from, to, extent_of(dst, runs), written_runs(core, dst), runs, how, saturate);
}

namespace {

void require_scratch(OpId op, const Operand& dst, const Operand& src, const Operand& scratch, int line) {
    require_assigned(op, scratch, line);
    if (!is_fast_row_reduction(dst.info(), src.info()) &&
        (scratch.valid_rows() < src.valid_rows() || scratch.valid_cols() < src.valid_cols())) {
        fail(line, "%s of %d x %d with scratch of %d x %d: the device overwrites as much as the source has", name(op),
             src.valid_rows(), src.valid_cols(), scratch.valid_rows(), scratch.valid_cols());
    }
    if (share_bytes(scratch, src) || share_bytes(scratch, dst)) {
        fail(line, "%s with scratch at byte %lu of UB that shares bytes with its source or its destination", name(op),
             scratch.address());
    }
}

}  // namespace

void reduce_rows(OpId op, Operand& dst, const Operand& src, Operand& scratch, int line) {
    require_assigned(op, line, &dst, &src);
    require_scratch(op, dst, src, scratch, line);
    const int rows = src.valid_rows(), cols = src.valid_cols();
    if (dst.valid_rows() != rows || dst.valid_cols() != 1 || cols == 0) {
        fail(line, "%s of %d x %d needs columns to reduce and a destination of %d x 1, not %d x %d", name(op), rows,
             cols, rows, dst.valid_rows(), dst.valid_cols());
    }
    if (kTrace) return Recorder(op, src, line).read(src).scratch(scratch).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(src));
    const Block2D results = {dst.bytes(), dst.info().row_stride()};
    core.numbers().reduce_rows(op, src.info().dtype, {size_t(rows), size_t(cols)}, results, core.lazy.runs(src));
    if (!core.fills()) return;
    spoil(scratch, is_fast_row_reduction(dst.info(), src.info()) ? kFastScratchBytes : scratch.info().bytes(), line);
}

void reduce_cols(OpId op, Operand& dst, const Operand& src, const Operand* scratch, int line) {
    require_assigned(op, line, scratch, &dst, &src);
    const int rows = src.valid_rows(), cols = src.valid_cols();
    if (dst.valid_rows() != 1 || dst.valid_cols() != cols || rows == 0) {
        fail(line, "%s of %d x %d needs rows to reduce and a destination of 1 x %d, not %d x %d", name(op), rows, cols,
             cols, dst.valid_rows(), dst.valid_cols());
    }
    if (kTrace) return Recorder(op, src, line).read(src).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(src), line);
    Core::current(line).numbers().reduce_cols(op, src.info().dtype, {size_t(rows), size_t(cols)}, runs_of(dst),
                                              runs_of(src));
}

namespace {

void require_expand(OpId op, Axis axis, const Operand& dst, const Operand& values, int line) {
    require_assigned(op, line, &dst, &values);
    const bool fits = axis == Axis::Row ? dst.valid_rows() == values.valid_rows() && values.valid_cols() > 0
                                        : dst.valid_cols() == values.valid_cols() && values.valid_rows() > 0;
    if (!fits) {
        fail(line, "%s of %d x %d values over a destination of %d x %d: there must be one value per %s", name(op),
             values.valid_rows(), values.valid_cols(), dst.valid_rows(), dst.valid_cols(),
             axis == Axis::Row ? "row" : "column");
    }
}

/// `block` from its column `first` on.
Block2D from_column(const Block2D& block, size_t first, DTypeId dtype) {
    return {static_cast<std::byte*>(block.data) + first * size_of(dtype), block.pitch};
}

/// Rows whose values the device library broadcasts at once, each over 32 bytes of its scratch.
constexpr int kBroadcastRows = 240;
constexpr uint64_t kBroadcastBytes = 32;
static_assert(kBroadcastRows * kBroadcastBytes <= kLibraryScratchBytes, "the rows of a step fit into the scratch");

/// dst = f(src, block of the row). Such a block is used as it is: lane i goes to columns i, i + lanes, ...
void expand_blocks(OpId op, Operand& dst, const Operand& src, const Operand& blocks, const Numbers& numbers) {
    const DTypeId dtype = dst.info().dtype;
    const size_t rows = dst.valid_rows(), cols = dst.valid_cols(), lanes = blocks.valid_cols();
    for (size_t first = 0; first < cols; first += lanes) {
        numbers.map(op, dtype, {rows, std::min(lanes, cols - first)}, from_column(runs_of(dst), first, dtype),
                    from_column(runs_of(src), first, dtype), runs_of(blocks));
    }
}

/// dst = f(src, value of the row). Column-major values go through the library's scratch, as on the device: a
/// tile that lies there is destroyed before it is read. `scratch` is that of the first rows.
void expand_rows(OpId op, Operand& dst, const Operand& src, const Operand& values, std::byte* scratch, Core& core,
                 int line) {
    const Numbers& numbers = core.numbers();
    const DTypeId dtype = dst.info().dtype;
    const Block2D to = runs_of(dst), from = runs_of(src), single = values_per_row(values);
    const size_t rows = dst.valid_rows(), cols = dst.valid_cols();
    // Nobody may look at what is left in the scratch, so it is needed only for values that dst overwrites.
    if (!core.fills() && are_apart(values, dst)) return numbers.map_rows(op, dtype, {rows, cols}, to, from, single);
    const auto lanes = static_cast<int64_t>(kBroadcastBytes / size_of(dtype));
    for (size_t first = 0; first < rows; first += kBroadcastRows) {
        const size_t count = std::min<size_t>(kBroadcastRows, rows - first);
        const Block2D spread = {first == 0 ? scratch : spoil_library_scratch(core, line), lanes};
        numbers.fill_rows(size_of(dtype), {count, size_t(lanes)}, spread, from_row(single, first, dtype));
        numbers.map_rows(op, dtype, {count, cols}, from_row(to, first, dtype), from_row(from, first, dtype), spread);
    }
}

/// dst = f(value of the row, src).
void expand_swapped(OpId op, Operand& dst, const Operand& src, const Operand& values, const Numbers& numbers) {
    const DTypeId dtype = dst.info().dtype;
    const size_t cols = dst.valid_cols(), size = size_of(dtype);
    const size_t lanes = values.info().row_major ? values.valid_cols() : 1;
    std::vector<std::byte> spread(cols * size);
    for (int r = 0; r < dst.valid_rows(); ++r) {
        const Block2D own = from_row(values_per_row(values), r, dtype);
        for (size_t c = 0; c < cols; ++c)
            std::memcpy(&spread[c * size], static_cast<std::byte*>(own.data) + c % lanes * size, size);
        numbers.map(op, dtype, {1, cols}, from_row(runs_of(dst), r, dtype), {spread.data(), int64_t(cols)},
                    from_row(runs_of(src), r, dtype));
    }
}

/// dst = f(src, values), or f(values, src), by the axis; with the library's scratch, if it is not null.
void combine(OpId op, Axis axis, Operand& dst, const Operand& src, const Operand& values, std::byte* scratch,
             bool swapped, Core& core, int line) {
    const Numbers& numbers = core.numbers();
    const DTypeId dtype = dst.info().dtype;
    const Extent extent = {size_t(dst.valid_rows()), size_t(dst.valid_cols())};
    if (swapped) return expand_swapped(op, dst, src, values, numbers);
    if (axis == Axis::Col) return numbers.map(op, dtype, extent, runs_of(dst), runs_of(src), {values.bytes(), 0});
    if (values.info().row_major) return expand_blocks(op, dst, src, values, numbers);
    if (scratch) return expand_rows(op, dst, src, values, scratch, core, line);
    numbers.map_rows(op, dtype, extent, runs_of(dst), runs_of(src), values_per_row(values));
}

}  // namespace

void expand(OpId op, Axis axis, Operand& dst, const Operand& values, int line) {
    require_expand(op, axis, dst, values, line);
    if (kTrace) return Recorder(op, dst, line).read(values).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    const Numbers& numbers = Core::current(line).numbers();
    const Extent extent = {size_t(dst.valid_rows()), size_t(dst.valid_cols())};
    const DTypeId dtype = dst.info().dtype;
    if (axis == Axis::Row) return numbers.fill_rows(size_of(dtype), extent, runs_of(dst), values_per_row(values));
    numbers.copy(dtype, dtype, {dst.bytes(), dst.info().cols, 1}, {values.bytes(), 0, 1}, extent.runs, extent.count);
}

void expand_with(OpId op, Axis axis, Operand& dst, const Operand& src, const Operand& values, int line,
                 Operand* scratch, bool swapped) {
    require_operands(op, line, dst, &src);
    require_expand(op, axis, dst, values, line);
    if (scratch) require_assigned(op, *scratch, line);
    const bool library = !scratch && axis == Axis::Row && !values.info().row_major;
    if (kTrace)
        return Recorder(op, dst, line).read(src, values).scratch(scratch).library_scratch(library).write(dst).done();
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst));
    std::byte* const own = library ? spoil_library_scratch(core, line) : nullptr;
    if (library && !swapped && core.lazy.put_off(op, dst, src, values_per_row(values))) return;
    const bool is_exp = op == OpId::TROWEXPANDEXPDIF || op == OpId::TCOLEXPANDEXPDIF;
    if (is_exp && dst.info().dtype == DTypeId::F16) {  // the difference is rounded, too: it is stored in dst
        const OpId difference = axis == Axis::Row ? OpId::TROWEXPANDSUB : OpId::TCOLEXPANDSUB;
        combine(difference, axis, dst, src, values, own, swapped, core, line);
        const Extent extent = {size_t(dst.valid_rows()), size_t(dst.valid_cols())};
        core.numbers().map(OpId::TEXP, DTypeId::F16, extent, runs_of(dst), runs_of(dst), {});
    } else {
        combine(op, axis, dst, src, values, own, swapped, core, line);
    }
    if (scratch) spoil(*scratch, line);
}

}  // namespace pto::host
