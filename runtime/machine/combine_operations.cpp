// Vector operations of several steps: sums with products, remainders, quantisation.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "pto/machine/operations.hpp"
#include "pto/ops/conversions.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/elements.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/machine/spoil.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

namespace {

/// lhs - floor(lhs / rhs) * rhs, with the sign of rhs.
float remainder_of(float a, float b) {
    const float quotient = std::floor(a / b);
    const float product = quotient * b;
    const float rest = a - product;
    return rest * b < 0 ? rest + b : rest;
}

/// As the device: exp(b * log |a|), with the cases of their own put right.
float power_of(float a, float b) {
    if (b == 0 || (a == -1 && std::isinf(b))) return 1;
    if (a == 0) return b > 0 ? 0 : std::numeric_limits<float>::infinity();
    if (a > 0) return std::exp(b * std::log(a));
    if (std::trunc(b) != b) return std::numeric_limits<float>::quiet_NaN();
    const float size = std::exp(b * std::log(-a));
    return std::fmod(b, 2) == 0 ? size : -size;
}

/// By the scalar unit: products wrap, and a negative exponent leaves 0 but of 1 and -1.
template <typename T>
T integer_power_of(T base, T exponent) {
    if constexpr (std::is_signed_v<T>) {
        if (exponent < 0) {
            if (base == 1) return 1;
            return base != -1 ? 0 : exponent % 2 == 0 ? 1 : -1;
        }
    }
    uint64_t result = 1, factor = static_cast<uint64_t>(base);
    for (auto rest = static_cast<uint64_t>(exponent); rest != 0; rest >>= 1) {
        if (rest & 1) result *= factor;
        factor *= factor;
    }
    return static_cast<T>(result);
}

/// The operation that combines where both operands of a TPART* are valid.
OpId combined_by(OpId op) {
    switch (op) {
        case OpId::TPARTADD:
            return OpId::TADD;
        case OpId::TPARTMUL:
            return OpId::TMUL;
        case OpId::TPARTMAX:
            return OpId::TMAX;
        default:
            return OpId::TMIN;
    }
}

bool covers(const Operand& one, const Operand& dst) {
    return one.valid_rows() == dst.valid_rows() && one.valid_cols() == dst.valid_cols();
}

}  // namespace

void multiply_add(Operand& dst, const Operand& src, Scalar scalar, int line) {
    constexpr OpId op = OpId::TAXPY;
    require_operands(op, line, dst, &src);
    if (kTrace) return Recorder(op, dst, line).read(src, dst).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    const bool is_wide = dst.info().dtype == DTypeId::F32;
    for_dtype(src.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        using Wide = Compute<T>;
        const auto factor = static_cast<Wide>(scalar.as<T>());
        const auto add_to = [&](auto& sum, int r, int c) {
            const auto product = wide<T>(src, r, c) * factor;
            sum = static_cast<std::decay_t<decltype(sum)>>(product + static_cast<Wide>(sum));
        };
        for_each_element(dst, [&](int r, int c) {
            if (is_wide) {
                add_to(element<float>(dst, r, c), r, c);
            } else {
                add_to(element<T>(dst, r, c), r, c);
            }
        });
    });
}

void with_scalar_and_scratch(OpId op, Operand& dst, const Operand& src, Scalar scalar, Operand& scratch, int line) {
    require_operands(op, line, dst, &src, &scratch);
    if (kTrace) return Recorder(op, dst, line).read(src).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    const Numbers& numbers = Core::current(line).numbers();
    const Extent extent = {size_t(dst.valid_runs()), size_t(dst.valid_run())};
    // As on the device: the scalar is spread over dst first.
    numbers.fill_rows(size_of(dst.info().dtype), extent, runs_of(dst), {&scalar, 0});
    numbers.map(op, dst.info().dtype, extent, runs_of(dst), runs_of(src), runs_of(dst));
    spoil(scratch, line);
}

void remainder(OpId op, Operand& dst, const Operand& left, const Operand* right, Scalar scalar, Operand& scratch,
               int line) {
    require_operands(op, line, dst, &left);
    require_operands(op, line, dst, right);
    require_assigned(op, scratch, line);
    if (kTrace) return Recorder(op, dst, line).read(left, right).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for_each_element(dst, [&](int r, int c) {
        const float b = right ? element<float>(*right, r, c) : scalar.as<float>();
        element<float>(dst, r, c) = remainder_of(element<float>(left, r, c), b);
    });
    spoil(scratch, line);
}

void power(OpId op, Operand& dst, const Operand& left, const Operand* right, Scalar scalar, Operand* scratch,
           int line) {
    require_operands(op, line, dst, &left);
    require_operands(op, line, dst, right);
    require_operands(op, line, dst, scratch);
    if (kTrace) return Recorder(op, dst, line).read(left, right).scratch(scratch).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for_each_element(dst, [&](int r, int c) {
            const T a = element<T>(left, r, c), b = right ? element<T>(*right, r, c) : scalar.as<T>();
            if constexpr (std::is_same_v<T, float>) {
                element<T>(dst, r, c) = power_of(a, b);
            } else if constexpr (std::is_integral_v<T>) {
                element<T>(dst, r, c) = integer_power_of(a, b);
            }
        });
    });
    if (scratch) spoil(*scratch, line);
}

void triangle(Operand& dst, int64_t diagonal, bool upper, int line) {
    require_operands(OpId::TTRI, line, dst);
    if (kTrace) return Recorder(OpId::TTRI, dst, line).write(dst).done();
    const Timer timer(OpId::TTRI, elements_of(dst), line);
    for_dtype(dst.info().dtype, [&](auto zero) {
        using T = decltype(zero);
        for_each_element(dst, [&](int r, int c) {
            const bool one = upper ? c >= r + diagonal : c <= r + diagonal;
            element<T>(dst, r, c) = static_cast<T>(one ? 1.0f : 0.0f);
        });
    });
}

void combine_parts(OpId op, Operand& dst, const Operand& left, const Operand& right, int line) {
    require_assigned(op, line, &dst, &left, &right);
    const Operand& whole = covers(left, dst) ? left : right;
    const Operand& part = covers(left, dst) ? right : left;
    if (!covers(whole, dst) || part.valid_rows() > dst.valid_rows() || part.valid_cols() > dst.valid_cols()) {
        fail(line, "%s of %d x %d and %d x %d into %d x %d: one must be as large, and none larger", name(op),
             left.valid_rows(), left.valid_cols(), right.valid_rows(), right.valid_cols(), dst.valid_rows(),
             dst.valid_cols());
    }
    if (kTrace) return Recorder(op, dst, line).read(left, right).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    const Numbers& numbers = Core::current(line).numbers();
    const DTypeId dtype = dst.info().dtype;
    // Rows are columns of column-major tiles here and below.
    const size_t rows = part.valid_runs(), cols = part.valid_run();
    numbers.map(combined_by(op), dtype, {rows, cols}, runs_of(dst), runs_of(left), runs_of(right));
    const auto copy = [&](size_t row, size_t col, size_t height, size_t width) {
        const size_t size = size_of(dtype);
        numbers.copy(dtype, dtype, {dst.bytes() + (row * dst.info().pitch() + col) * size, dst.info().pitch(), 1},
                     {whole.bytes() + (row * whole.info().pitch() + col) * size, whole.info().pitch(), 1}, height,
                     width);
    };
    copy(0, cols, rows, dst.valid_run() - cols);
    copy(rows, 0, dst.valid_runs() - rows, dst.valid_run());
}

void quantise(Operand& dst, Operand& src, const Operand& scale, const Operand* offset, Operand& scratch, int line) {
    constexpr OpId op = OpId::TQUANT;
    require_operands(op, line, dst, &src);
    require_assigned(op, line, &scale, offset, &scratch);
    const Conversion last = conversion_of(DTypeId::F16, dst.info().dtype);
    if (kTrace)
        return Recorder(op, dst, line)
            .read(src, scale, offset)
            .scratch(scratch, src)
            .library_scratch(last.uses_library_scratch)
            .write(dst)
            .done();
    Core& core = Core::current(line);
    const Timer timer(core, op, elements_of(dst));
    const Numbers& numbers = core.numbers();
    const Extent extent = {size_t(dst.valid_rows()), size_t(dst.valid_cols())};
    const Block2D values = runs_of(src), integers = {scratch.bytes(), src.info().cols};
    if (last.uses_library_scratch) spoil_library_scratch(core, line);
    numbers.map_rows(OpId::TROWEXPANDMUL, DTypeId::F32, extent, values, values, values_per_row(scale));
    if (offset) numbers.map_rows(OpId::TROWEXPANDADD, DTypeId::F32, extent, values, values, values_per_row(*offset));
    numbers.convert(DTypeId::F32, DTypeId::I32, extent, integers, values, Rounding::Nearest, true);
    numbers.convert(DTypeId::I32, DTypeId::F16, extent, values, integers, Rounding::Nearest, true);
    numbers.convert(DTypeId::F16, dst.info().dtype, extent, runs_of(dst), values, Rounding::Nearest, true);
    spoil(src, line);
    spoil(scratch, line);
}

void dequantise(Operand& dst, const Operand& src, const Operand& scale, const Operand& offset, int line) {
    constexpr OpId op = OpId::TDEQUANT;
    require_operands(op, line, dst, &src);
    require_assigned(op, line, &scale, &offset);
    if (kTrace) return Recorder(op, dst, line).read(src, scale, offset).write(dst).done();
    const Timer timer(op, elements_of(dst), line);
    for (int r = 0; r < dst.valid_rows(); ++r) {
        const float zero = element<float>(offset, r, 0), step = element<float>(scale, r, 0);
        for (int c = 0; c < dst.valid_cols(); ++c)
            element<float>(dst, r, c) = (static_cast<float>(integer_at(src, r, c)) - zero) * step;
    }
}

}  // namespace pto::host
