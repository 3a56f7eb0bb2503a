// Matrix products: checks, then the loops of runtime/numbers or a record.
#include <cstring>

#include "pto/machine/operations.hpp"
#include "runtime/machine/checks.hpp"
#include "runtime/machine/core.hpp"
#include "runtime/machine/profile.hpp"
#include "runtime/machine/recorder.hpp"
#include "runtime/numbers/numbers.hpp"

namespace pto::host {

namespace {

void require_matmul(OpId op, const Operand& dst, const Operand& left, const Operand& right, int line) {
    require_assigned(op, line, &dst, &left, &right);
    if (left.valid_cols() != right.valid_rows() || dst.valid_rows() != left.valid_rows() ||
        dst.valid_cols() != right.valid_cols()) {
        fail(line, "%s of %d x %d by %d x %d into %d x %d", name(op), left.valid_rows(), left.valid_cols(),
             right.valid_rows(), right.valid_cols(), dst.valid_rows(), dst.valid_cols());
    }
}

void compute(OpId op, Operand& dst, const Operand& left, const Operand& right, bool accumulate) {
    Core& core = dst.core();
    const Timer timer(core, op, elements_of(dst) * left.valid_cols());
    core.lazy.multiply(dst, left, right, accumulate);
}

}  // namespace

void multiply(OpId op, Operand& dst, const Operand& left, const Operand& right, int line) {
    require_matmul(op, dst, left, right, line);
    if (kTrace) return Recorder(op, dst, line, PIPE_M).read(left, right).write(dst).done();
    compute(op, dst, left, right, false);
}

void multiply_acc(OpId op, Operand& dst, const Operand& acc, const Operand& left, const Operand& right, int line) {
    require_matmul(op, dst, left, right, line);
    require_assigned(op, acc, line);
    if (kTrace) return Recorder(op, dst, line, PIPE_M).read(acc, left, right).write(dst).done();
    if (acc.place() != dst.place()) std::memmove(dst.bytes(), acc.bytes(), dst.info().bytes());
    compute(op, dst, left, right, true);
}

void multiply_bias(OpId op, Operand& dst, const Operand& left, const Operand& right, const Operand& bias, int line) {
    require_matmul(op, dst, left, right, line);
    require_assigned(op, bias, line);
    if (kTrace) return Recorder(op, dst, line, PIPE_M).read(left, right, bias).write(dst).done();
    const DTypeId dtype = dst.info().dtype;
    Core::current(line).numbers().copy(dtype, dtype, {dst.bytes(), dst.info().cols, 1}, {bias.bytes(), 0, 1},
                                       dst.valid_rows(), dst.valid_cols());
    compute(op, dst, left, right, true);
}

}  // namespace pto::host
