// Scratch that operations leave behind: its contents have no meaning, so they become NaN, unless the launch saves the
// time (LaunchRequest::fill).
#pragma once

#include <cstddef>

#include "pto/machine/operands.hpp"

namespace pto::host {

class Core;

/// Overwrites what is valid in the first `limit` bytes of a row-major tile in UB, or in all of it.
void spoil(Operand& tile, size_t limit, int line);
inline void spoil(Operand& tile, int line) { spoil(tile, tile.info().bytes(), line); }

/// The library's scratch of a core, overwritten: nothing that lay there survives.
std::byte* spoil_library_scratch(Core& core, int line);

}  // namespace pto::host
