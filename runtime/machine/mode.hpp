// What this build of the machine does with operations: compute them, or record what each would touch.
#pragma once

namespace pto::host {

#if defined(PTO_TRACE) && PTO_TRACE
inline constexpr bool kTrace = true;
#else
inline constexpr bool kTrace = false;
#endif

}  // namespace pto::host
