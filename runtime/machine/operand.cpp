#include "pto/machine/operands.hpp"

#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/granules.hpp"

namespace pto::host {

std::byte* Operand::bytes() const {
    if (core_) core_->lazy.write(covered_, granules_);
    return bytes_;
}

void Operand::place_at(std::byte* bytes, Core& core, uint64_t address) {
    bytes_ = bytes;
    core_ = &core;
    address_ = address;
    const uint64_t end = address + info_->bytes();
    covered_ = OnChipBytes::of(info_->buffer, address, end);
    granules_ = granules_of(info_->buffer, address, end);
}

void Operand::assign(uint64_t address, int line) {
    check_valid_sizes(line);
    Core& core = Core::current(line);
    place_at(core.place(info_->buffer, address, extent(), line), core, address);
}

void Operand::alias(const Operand& other, int line) {
    check_valid_sizes(line);
    require_assigned(OpId::TRESHAPE, other, line);
    place_at(other.bytes_, *other.core_, other.address_);
}

void Operand::set_valid_shape(int64_t rows, int64_t cols, int line) {
    valid_row_ = rows;
    valid_col_ = cols;
    check_valid_sizes(line);
    // A tile may end at the end of its memory, with fewer valid rows than now.
    if (assigned()) assign(address_, line);
}

/// Bytes from the first to the last valid element (a sub-view may end inside its last row).
size_t Operand::extent() const {
    if (valid_row_ == 0 || valid_col_ == 0) return 0;
    if (info_->loc != TileType::Vec) return info_->bytes();
    return (size_t(valid_runs() - 1) * info_->pitch() + valid_run()) * size_of(info_->dtype);
}

void Operand::check_valid_sizes(int line) const {
    const bool fixed_changed = (info_->valid_row != kDynamic && valid_row_ != info_->valid_row) ||
                               (info_->valid_col != kDynamic && valid_col_ != info_->valid_col);
    if (valid_row_ < 0 || valid_row_ > info_->rows || valid_col_ < 0 || valid_col_ > info_->cols || fixed_changed) {
        fail(line, "a tile of %d x %d elements cannot have %ld x %ld valid ones", info_->rows, info_->cols, valid_row_,
             valid_col_);
    }
}

}  // namespace pto::host
