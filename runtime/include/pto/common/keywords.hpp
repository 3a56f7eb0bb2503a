// The words of the device compiler that a host compiler does not know: address spaces, function kinds, pipes, events.
#pragma once

#include <cstdint>

#include "pto/machine/isa.hpp"

#define AICORE
#define __aicore__
#define __global__
#define __gm__
#define __ubuf__
#define __cbuf__

#define PTO_INLINE inline __attribute__((always_inline))
#define PTO_COLD __attribute__((noinline, cold))

// Before a loop whose iterations do not depend on each other, whatever its pointers are.
#if defined(__clang__)
#define PTO_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define PTO_INDEPENDENT _Pragma("GCC ivdep")
#endif
