// Comparisons, which write a bit for each element, and selections by such bits.
#include <cstring>

#include "pto/machine/operations.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"

namespace pto::host {

namespace {

constexpr int kRepeatBytes = 256;

std::byte* row_of(const Operand& tile, int r) {
    return tile.bytes() + size_t(r) * tile.info().pitch() * size_of(tile.info().dtype);
}

bool bit_of(const Operand& mask, int r, int c) {
    return (std::to_integer<int>(row_of(mask, r)[c / 8]) >> (c % 8) & 1) != 0;
}

template <typename T>
bool compares(CmpMode mode, T a, T b) {
    if (std::is_same_v<T, int32_t> && mode != CmpMode::NE) mode = CmpMode::EQ;  // the device has no other
    switch (mode) {
        case CmpMode::EQ:
            return a == b;
        case CmpMode::NE:
            return !(a == b);
        case CmpMode::LT:
            return a < b;
        case CmpMode::LE:
            return a <= b;
        case CmpMode::GT:
            return a > b;
        default:
            return a >= b;
    }
}

/// Bytes of mask that a row of elements takes: whole repeats.
int mask_bytes(const Operand& src) {
    const int lanes = kRepeatBytes / static_cast<int>(size_of(src.info().dtype));
    return (src.valid_cols() + lanes - 1) / lanes * lanes / 8;
}

void require_mask(OpId op, const Operand& mask, int rows, int bytes, int line) {
    require_assigned(op, mask, line);
    const int width = mask.info().cols * static_cast<int>(size_of(mask.info().dtype));
    if (rows <= mask.info().rows && bytes <= width) return;
    fail(line, "%s with a mask of %d rows of %d bytes: there must be %d rows of %d", name(op), mask.info().rows, width,
         rows, bytes);
}

void write_bits(OpId op, CmpMode mode, Operand& dst, const Operand& left, const Operand* right, Scalar scalar) {
    const int bytes = mask_bytes(left);
    for_dtype(left.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        using Wide = Compute<T>;
        const auto value = static_cast<Wide>(scalar.as<T>());
        for (int r = 0; r < left.valid_rows(); ++r) {
            std::byte* bits = row_of(dst, r);
            // Of no meaning: lanes beyond the valid columns. NE inverts whole rows of the mask.
            std::memset(bits, kNotANumber, op == OpId::TCMP || op == OpId::TCMPS ? bytes : 0);
            if (mode == CmpMode::NE) std::memset(bits, kNotANumber, dst.info().cols);
            for (int c = 0; c < left.valid_cols(); ++c) {
                const auto a = wide<T>(left, r, c);
                const auto b = right ? wide<T>(*right, r, c) : value;
                const auto bit = std::byte(1 << c % 8);
                bits[c / 8] = compares(mode, a, b) ? bits[c / 8] | bit : bits[c / 8] & ~bit;
            }
        }
    });
}

}  // namespace

void compare(OpId op, CmpMode mode, Operand& dst, const Operand& left, const Operand* right, Scalar scalar, int line) {
    require_operands(op, line, left, right);
    const int rows = left.valid_rows(), bytes = mask_bytes(left);
    require_mask(op, dst, rows, bytes, line);
    if (kTrace)
        return Recorder(op, left, line)
            .read(left, right)
            .write_rows(dst, rows, mode == CmpMode::NE ? dst.info().cols : bytes)
            .done();
    const Timer timer(op, elements_of(left), line);
    write_bits(op, mode, dst, left, right, scalar);
}

void select(OpId op, Operand& dst, const Operand& mask, const Operand& left, const Operand* right, Operand& scratch,
            Scalar scalar, int line) {
    require_operands(op, line, dst, &left);
    require_operands(op, line, dst, right);
    require_assigned(op, scratch, line);
    const int width = (dst.valid_cols() + 7) / 8, size = static_cast<int>(size_of(mask.info().dtype));
    require_mask(op, mask, dst.valid_rows(), width, line);
    if (kTrace)
        return Recorder(op, dst, line)
            .read_rows(mask, dst.valid_rows(), (width + size - 1) / size)
            .read(left, right)
            .scratch(scratch)
            .write(dst)
            .done();
    const Timer timer(op, elements_of(dst), line);
    for_size(size_of(dst.info().dtype), [&](auto zero) {
        using T = decltype(zero);
        for_each_element(dst, [&](int r, int c) {
            const T other = right ? element<T>(*right, r, c) : scalar.as<T>();
            element<T>(dst, r, c) = bit_of(mask, r, c) ? element<T>(left, r, c) : other;
        });
    });
    spoil(scratch, kTileAlignment, line);
}

void parametric_relu(Operand& dst, const Operand& left, const Operand& right, Operand& scratch, int line) {
    require_operands(OpId::TPRELU, line, dst, &left, &right);
    require_assigned(OpId::TPRELU, scratch, line);
    if (kTrace) return Recorder(OpId::TPRELU, dst, line).read(left, right).scratch(scratch).write(dst).done();
    const Timer timer(OpId::TPRELU, elements_of(dst), line);
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        using Wide = Compute<T>;
        for_each_element(dst, [&](int r, int c) {
            const T a = element<T>(left, r, c);
            const T product = static_cast<T>(static_cast<Wide>(a) * wide<T>(right, r, c));
            element<T>(dst, r, c) = static_cast<Wide>(a) > Wide{0} ? a : product;
        });
    });
    spoil(scratch, line);
}

}  // namespace pto::host
