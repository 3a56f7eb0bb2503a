// What the types of operands leave open, checked at run time.
#pragma once

#include <initializer_list>
#include <string>

#include "pto/common/keywords.hpp"
#include "pto/machine/op_ids.hpp"
#include "pto/machine/operands.hpp"
#include "runtime/machine/error.hpp"

namespace pto::host {

[[noreturn]] PTO_COLD inline void refuse_unassigned(OpId op, int line) {
    fail(line, "%s uses a tile that has no address: TASSIGN or TRESHAPE must come first", name(op));
}

inline void require_assigned(OpId op, const Operand& tile, int line) {
    if (!tile.assigned()) refuse_unassigned(op, line);
}

/// All have addresses; operands that are not there are null.
template <typename... Tiles>
void require_assigned(OpId op, int line, const Tiles*... tiles) {
    if (((tiles && !tiles->assigned()) || ...)) refuse_unassigned(op, line);
}

[[noreturn]] PTO_COLD inline void refuse_sizes(OpId op, int line, const Operand& dst,
                                               std::initializer_list<const Operand*> src) {
    std::string sizes = format("%d x %d", dst.valid_rows(), dst.valid_cols());
    for (const Operand* one : src) {
        if (one) sizes += format(", %d x %d", one->valid_rows(), one->valid_cols());
    }
    fail(line, std::string(name(op)) + " on tiles of different valid sizes (destination first): " + sizes);
}

/// All have addresses, and the valid size of dst.
template <typename... Tiles>
void require_operands(OpId op, int line, const Operand& dst, const Tiles*... src) {
    require_assigned(op, line, &dst, src...);
    [[maybe_unused]] const auto differs = [&dst](const Operand* one) {
        return one && (one->valid_rows() != dst.valid_rows() || one->valid_cols() != dst.valid_cols());
    };
    if ((differs(src) || ...)) refuse_sizes(op, line, dst, {src...});
}

}  // namespace pto::host
