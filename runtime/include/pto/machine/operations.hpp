// What the templates in pto/ops call: operations on tiles of any type. They are compiled once for all kernels, in a
// machine that computes and in one that records (runtime/machine). `line` is that of the generated C++. What types
// leave open is checked here: a wrong address, size or order of calls throws KernelError, which ends the launch.
#pragma once

#include <cstdint>

#include "pto/common/keywords.hpp"
#include "pto/machine/fifo.hpp"
#include "pto/machine/op_ids.hpp"
#include "pto/machine/operands.hpp"

namespace pto::host {

/// One value per row, or one per column.
enum class Axis : uint8_t { Row, Col };

// Vector operations, pipe V.
/// The device overwrites `scratch`, if it is not null.
void unary(OpId op, Operand& dst, const Operand& src, int line, Operand* scratch = nullptr);
void binary(OpId op, Operand& dst, const Operand& left, const Operand& right, int line, Operand* scratch = nullptr);
/// dst = f(src, scalar). `by_reciprocal`: the operation is a division, and the scalar the reciprocal of its own.
void with_scalar(OpId op, Operand& dst, const Operand& src, Scalar scalar, int line, bool by_reciprocal = false);
/// dst = scalar / src
void divide_scalar(Operand& dst, const Operand& src, Scalar scalar, int line);
/// dst = first, first + step, ..., by the vector unit; the device overwrites `scratch`.
void count_with_scratch(Operand& dst, int64_t first, int step, Operand& scratch, int line);
/// All valid elements = scalar
void fill(OpId op, Operand& dst, Scalar scalar, int line);
void convert(Operand& dst, const Operand& src, RoundMode mode, SaturationMode saturation, int line);
void reduce_rows(OpId op, Operand& dst, const Operand& src, Operand& scratch, int line);
/// `scratch` may be null.
void reduce_cols(OpId op, Operand& dst, const Operand& src, const Operand* scratch, int line);
/// dst = values broadcast along the axis
void expand(OpId op, Axis axis, Operand& dst, const Operand& values, int line);
/// dst = f(src, values broadcast along the axis), in `scratch` instead of the library's, if it is not null.
/// `swapped`: f(values, src).
void expand_with(OpId op, Axis axis, Operand& dst, const Operand& src, const Operand& values, int line,
                 Operand* scratch = nullptr, bool swapped = false);

/// dst = src * scalar + dst
void multiply_add(Operand& dst, const Operand& src, Scalar scalar, int line);
/// As with_scalar; the device overwrites `scratch`, and dst with the scalar first.
void with_scalar_and_scratch(OpId op, Operand& dst, const Operand& src, Scalar scalar, Operand& scratch, int line);
/// left to the power of right, or of the scalar if that is null; `scratch` is of floats only, else null.
void power(OpId op, Operand& dst, const Operand& left, const Operand* right, Scalar scalar, Operand* scratch, int line);
/// 1 in the lower triangle up to a diagonal and 0 above it, or, `upper`, 0 below it and 1 from it on.
void triangle(Operand& dst, int64_t diagonal, bool upper, int line);
/// The remainder of a division by `right`, or by the scalar if that is null.
void remainder(OpId op, Operand& dst, const Operand& left, const Operand* right, Scalar scalar, Operand& scratch,
               int line);
/// f(left, right) where both are valid, else the one that is.
void combine_parts(OpId op, Operand& dst, const Operand& left, const Operand& right, int line);
/// dst = src * scale of the row + offset of the row, as bytes; destroys src.
void quantise(Operand& dst, Operand& src, const Operand& scale, const Operand* offset, Operand& scratch, int line);
void dequantise(Operand& dst, const Operand& src, const Operand& scale, const Operand& offset, int line);
/// A bit for each element of `left`, compared with that of `right`, or with the scalar if that is null.
void compare(OpId op, CmpMode mode, Operand& dst, const Operand& left, const Operand* right, Scalar scalar, int line);
/// left where the bit of mask is 1, else right, or the scalar if that is null.
void select(OpId op, Operand& dst, const Operand& mask, const Operand& left, const Operand* right, Operand& scratch,
            Scalar scalar, int line);
void parametric_relu(Operand& dst, const Operand& left, const Operand& right, Operand& scratch, int line);

// Elements at other places, pipe V.
/// dst[r][c] = element indices[r][c] of src, counted flat.
void gather(Operand& dst, const Operand& src, const Operand& indices, Operand& scratch, int line);
/// The columns that a pattern keeps of all rows of src, one after the other.
void gather_columns(Operand& dst, const Operand& src, int pattern, int line);
/// Element indices[r][c] of dst = src[r][c], all others 0.
void scatter(Operand& dst, const Operand& src, const Operand& indices, int line);
/// TSCATTER by a pattern that keeps all columns.
void scatter_columns(Operand& dst, const Operand& src, int line);
/// The TFILLPADs.
void fill_padding(OpId op, Operand& dst, const Operand& src, int line);
void transpose(Operand& dst, const Operand& src, Operand& scratch, int line);
void concatenate(Operand& dst, const Operand& left, const Operand& right, int line);
void sort_blocks(Operand& dst, const Operand& src, const Operand& indices, int line, Operand* scratch = nullptr);
void merge_blocks(Operand& dst, const Operand& src, int64_t length, int line);
/// Two to four lists of pairs merged into one; `executed` counts the pairs of each that were taken before one was used
/// up, if it is not null.
void merge_lists(Operand& dst, Operand& scratch, const Operand* const* lists, int count, uint16_t* executed, int line);
/// The columns of each row of src that are equal to, or greater than, the scalar, and how many.
void gather_compared(Operand& dst, const Operand& src, Scalar scalar, Operand& scratch, Operand& counts, bool greater,
                     int64_t offset, int line);
/// The larger, or smaller, of two elements and its index, where both are valid; else the one that is.
void combine_arguments(OpId op, Operand& dst, const Operand& left, const Operand& right, Operand& dst_index,
                       const Operand& left_index, const Operand& right_index, int line);
/// The place of the first extreme of each row, or column.
void find_extremes(OpId op, Axis axis, Operand& dst, const Operand& src, Operand& scratch, int line);

// The scalar unit (pipe S) in UB.
/// dst = first, first + step, ...
void count(Operand& dst, int64_t first, int step, int line);
void load_tile_element(const Operand& tile, int64_t offset, void* value, int line);
void store_tile_element(Operand& tile, int64_t offset, const void* value, int line);

// Transfers.
void reshape(Operand& dst, const Operand& src, int line);
void load(Operand& dst, const View& src, int line);
/// What a store does besides: it adds to what is there, and makes negative numbers 0.
struct StoreModes {
    bool adds = false;
    bool relu = false;
};
void store(const View& dst, const Operand& src, StoreModes modes, int line);
/// dst = the block of src that starts at (row, col) and has the valid size of dst; `relu`: 0 for negative numbers.
void move(OpId op, pipe_t pipe, Operand& dst, const Operand& src, int64_t row, int64_t col, int line,
          bool relu = false);
/// Moves and stores of accumulators with a scale, or with `scales`, one for each column. How FIX encodes them is not
/// published: they are recorded, and throw KernelError where they should compute.
void move_scaled(OpId op, Operand& dst, const Operand& src, const Operand* scales, int line);
void store_scaled(OpId op, const View& dst, const Operand& src, const Operand* scales, int line);
/// The block of dst that starts at (row, col) and has the valid size of src = src.
void insert(pipe_t pipe, Operand& dst, const Operand& src, int64_t row, int64_t col, int line);

// Matrix products, pipe M.
void multiply(OpId op, Operand& dst, const Operand& left, const Operand& right, int line);
void multiply_acc(OpId op, Operand& dst, const Operand& acc, const Operand& left, const Operand& right, int line);
void multiply_bias(OpId op, Operand& dst, const Operand& left, const Operand& right, const Operand& bias, int line);

// FIFOs. `entry` is the view that the operation binds or names.
/// The FIFO with this flag base on the current core's block; the first side that declares it fixes its properties.
Fifo& open_fifo(const FifoSpec& spec, int line);
/// Waits for the next slot (TALLOC, TPOP); returns the address of this core's part of it.
uint64_t acquire_slot(OpId op, Fifo& fifo, TileSplitAxis split, const View& entry, int line);
/// Passes the oldest slot that this core holds on (TPUSH, TFREE).
void pass_slot_on(OpId op, Fifo& fifo, TileSplitAxis split, const View& entry, int line);
[[noreturn]] void refuse_free_without_entry(const Fifo& fifo, int line);

// Flags and barriers, which matter to traces only: execution is in program order.
void synchronise(OpId op, EventKind kind, pipe_t pipe, pipe_t dst_pipe, int event_id, int line);
/// Sets a flag for the other cores of the block, or for those that the mode says.
void set_cross_flag(int mode, int64_t flag, int line);
/// Waits until the other cores have set a flag.
void wait_cross_flag(int64_t flag, int line);

// The scalar unit (pipe S) in global memory: `size_of(dtype)` bytes at `address`.
void load_element(uint64_t address, DTypeId dtype, void* value, int line);
void store_element(uint64_t address, DTypeId dtype, const void* value, int line);

/// Brings a part of GM closer, through `dst`, which has no meaning afterwards.
void prefetch(Operand& dst, const View& src, int line);
/// `trap()` and `SYNCALL`, which end a launch on the host.
[[noreturn]] void end_by_trap(int line);
[[noreturn]] void refuse_syncall(int line);

// Who executes this.
int64_t block_index(int line);
int64_t block_count(int line);
int64_t subblock(int line);
CoreKind core_kind(int line);

// Standard output.
void print_tile(const Operand& tile, int line);
void print_view(const View& gm, int line);
/// As std::printf.
void print_text(const char* pattern, ...);

}  // namespace pto::host
