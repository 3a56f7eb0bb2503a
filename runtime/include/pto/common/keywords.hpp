// The words of the device compiler that a host compiler does not know: address spaces, function kinds, pipes, events.
#pragma once

#include <cstdint>

#define AICORE
#define __aicore__
#define __global__
#define __gm__
#define __ubuf__
#define __cbuf__

// Tile operations stay out of line: a generated kernel calls each one many times with the same types.
#define PTO_OUT_OF_LINE __attribute__((noinline))
#define PTO_INLINE inline __attribute__((always_inline))
#define PTO_COLD __attribute__((noinline, cold))

// Before a loop whose iterations do not depend on each other, whatever its pointers are.
#if defined(__clang__)
#define PTO_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define PTO_INDEPENDENT _Pragma("GCC ivdep")
#endif

/// Hardware queues of one core, in the order of the trace format.
enum pipe_t : uint8_t { PIPE_S, PIPE_V, PIPE_M, PIPE_MTE1, PIPE_MTE2, PIPE_MTE3, PIPE_FIX, PIPE_ALL };

/// Event ids of one (source, destination) pair of pipes.
enum event_t : uint8_t { EVENT_ID0, EVENT_ID1, EVENT_ID2, EVENT_ID3, EVENT_ID4, EVENT_ID5, EVENT_ID6, EVENT_ID7 };

namespace pto::host {
#if defined(PTO_TRACE) && PTO_TRACE
inline constexpr bool kTrace = true;
#else
inline constexpr bool kTrace = false;
#endif
}  // namespace pto::host
