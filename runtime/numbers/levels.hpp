// Which loops a launch takes: those for the best level of CPU that this machine has, or for the one that is asked for.
#pragma once

#include <string>

#include "runtime/numbers/numbers.hpp"

namespace pto::host {

/// The loops for the best level that this CPU has; null if it has none of them.
const Numbers* best_numbers();

/// The loops for the level with this name; null if there is none, or if this CPU does not have it.
const Numbers* numbers_of(const std::string& level);

/// Names of the levels that this CPU has, best first.
std::string level_names(const char* separator);

/// Why `numbers_of(asked)`, or `best_numbers()` if nothing is asked for, found none.
std::string no_such_level(const std::string& asked);

}  // namespace pto::host
