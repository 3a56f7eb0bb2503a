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
void unary(OpId op, Operand& dst, const Operand& src, int line);
void binary(OpId op, Operand& dst, const Operand& left, const Operand& right, int line);
/// As binary; the device overwrites `scratch`.
void binary_with_scratch(OpId op, Operand& dst, const Operand& left, const Operand& right, Operand& scratch, int line);
/// dst = f(src, scalar). `by_reciprocal`: the operation is a division, and the scalar the reciprocal of its own.
void with_scalar(OpId op, Operand& dst, const Operand& src, Scalar scalar, int line, bool by_reciprocal = false);
/// All valid elements = scalar
void fill(OpId op, Operand& dst, Scalar scalar, int line);
void convert(Operand& dst, const Operand& src, RoundMode mode, SaturationMode saturation, int line);
void reduce_rows(OpId op, Operand& dst, const Operand& src, Operand& scratch, int line);
/// `scratch` may be null.
void reduce_cols(OpId op, Operand& dst, const Operand& src, const Operand* scratch, int line);
/// dst = values broadcast along the axis
void expand(OpId op, Axis axis, Operand& dst, const Operand& values, int line);
/// dst = f(src, values broadcast along the axis)
void expand_with(OpId op, Axis axis, Operand& dst, const Operand& src, const Operand& values, int line);

// Transfers.
void reshape(Operand& dst, const Operand& src, int line);
void load(Operand& dst, const View& src, int line);
void store(const View& dst, const Operand& src, int line);
/// dst = the block of src that starts at (row, col) and has the valid size of dst.
void move(OpId op, pipe_t pipe, Operand& dst, const Operand& src, int64_t row, int64_t col, int line);

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

// The scalar unit (pipe S) in global memory: `size_of(dtype)` bytes at `address`.
void load_element(uint64_t address, DTypeId dtype, void* value, int line);
void store_element(uint64_t address, DTypeId dtype, const void* value, int line);

// Who executes this.
int64_t block_index(int line);
int64_t block_count(int line);
int64_t subblock(int line);
CoreKind core_kind(int line);

// Standard output.
void print_tile(const Operand& tile, int line);
/// As std::printf.
void print_text(const char* pattern, ...);

}  // namespace pto::host
