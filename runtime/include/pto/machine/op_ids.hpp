// The operations, as traces number them.
#pragma once

#include <cstdint>

#include "pto/machine/isa.hpp"

namespace pto::host {

enum class OpId : uint32_t {
#define PTO_ENUMERATOR(NAME) NAME,
    PTO_OPERATIONS(PTO_ENUMERATOR)
#undef PTO_ENUMERATOR
};

inline constexpr const char* kOpNames[] = {
#define PTO_NAME(NAME) #NAME,
    PTO_OPERATIONS(PTO_NAME)
#undef PTO_NAME
};

inline constexpr const char* name(OpId op) { return kOpNames[static_cast<int>(op)]; }

enum class EventKind : uint8_t { TileOp, SetFlag, WaitFlag, Barrier, Alloc, Push, Pop, Free };

}  // namespace pto::host
