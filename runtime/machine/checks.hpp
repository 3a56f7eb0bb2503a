// What the types of operands leave open, checked at run time.
#pragma once

#include <initializer_list>
#include <string>

#include "pto/machine/op_ids.hpp"
#include "pto/machine/operands.hpp"
#include "runtime/machine/error.hpp"

namespace pto::host {

inline void require_assigned(OpId op, const Operand& tile, int line) {
    if (tile.assigned()) return;
    fail(line, "%s uses a tile that has no address: TASSIGN or TRESHAPE must come first", name(op));
}

/// All have addresses; operands that are not there are null.
inline void require_assigned(OpId op, int line, std::initializer_list<const Operand*> tiles) {
    for (const Operand* tile : tiles) {
        if (tile) require_assigned(op, *tile, line);
    }
}

/// All have addresses, and the valid size of dst.
inline void require_operands(OpId op, int line, const Operand& dst, std::initializer_list<const Operand*> src) {
    require_assigned(op, dst, line);
    bool same = true;
    for (const Operand* one : src) {
        if (!one) continue;
        require_assigned(op, *one, line);
        same = same && one->valid_rows() == dst.valid_rows() && one->valid_cols() == dst.valid_cols();
    }
    if (same) return;
    std::string sizes = format("%d x %d", dst.valid_rows(), dst.valid_cols());
    for (const Operand* one : src) {
        if (one) sizes += format(", %d x %d", one->valid_rows(), one->valid_cols());
    }
    fail(line, std::string(name(op)) + " on tiles of different valid sizes (destination first): " + sizes);
}

}  // namespace pto::host
