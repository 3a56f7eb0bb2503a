// What transfers and TFILLPAD put beside valid elements.
#pragma once

#include <cstdint>

#include "pto/machine/operands.hpp"

namespace pto::host {

/// Bits of the value.
Scalar padding_value(PadValue pad, DTypeId dtype);

}  // namespace pto::host
