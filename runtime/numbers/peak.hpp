// What the CPU could do at best: f32 FMA from registers, without memory.
#pragma once

#include <cstdint>
#include <string>

namespace pto::host {

/// Does `rounds` rounds of independent multiply-adds with the widest vectors of a level; returns the floating-point
/// operations that these were, 0 for a level that this CPU has not.
uint64_t multiply_add(const std::string& level, uint64_t rounds);

}  // namespace pto::host
