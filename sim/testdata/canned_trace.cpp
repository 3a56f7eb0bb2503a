// A kernel library for tests of the programs around traces: whatever is launched, the trace is a copy of CANNED_TRACE.

#include <cstdint>
#include <fstream>
#include <string>

#include "kernels/build_info.cpp"

namespace {
std::string destination;
}

extern "C" int pto_trace_to(const char* path) {
    destination = path;
    return 0;
}

extern "C" const char* pto_last_error() { return CANNED_FAILS ? "vec0 waits in TPOP" : ""; }

extern "C" void pto_interruptible() {}
extern "C" void pto_interleave(uint64_t) {}
extern "C" void pto_threads(uint32_t) {}
extern "C" void pto_fill(int) {}

extern "C" int pto_launch_entry(const char*, uint32_t, const uint64_t*, const uint64_t*, uint32_t) {
    std::ofstream(destination, std::ios::binary) << std::ifstream(CANNED_TRACE, std::ios::binary).rdbuf();
    return CANNED_FAILS;
}
