#include "pto/machine/operands.hpp"

#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"

namespace pto::host {

std::byte* Operand::bytes() const {
    if (lazy_ && !lazy_->empty()) lazy_->write(info_->buffer, address_, address_ + info_->bytes());
    return bytes_;
}

void Operand::assign(uint64_t address, int line) {
    check_valid_sizes(line);
    Core& core = Core::current(line);
    bytes_ = core.place(info_->buffer, address, extent(), line);
    lazy_ = &core.lazy;
    address_ = address;
    assigned_ = true;
}

void Operand::alias(const Operand& other, int line) {
    check_valid_sizes(line);
    require_assigned(OpId::TRESHAPE, other, line);
    address_ = other.address_;
    bytes_ = other.bytes_;
    lazy_ = other.lazy_;
    assigned_ = true;
}

void Operand::set_valid_shape(int64_t rows, int64_t cols, int line) {
    valid_row_ = rows;
    valid_col_ = cols;
    check_valid_sizes(line);
    // A tile may end at the end of its memory, with fewer valid rows than now.
    if (assigned_) assign(address_, line);
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
