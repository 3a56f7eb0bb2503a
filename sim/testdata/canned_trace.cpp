// A kernel library for tests of the programs around traces: whatever is launched, the trace is a copy of CANNED_TRACE.

#include <cstdint>
#include <fstream>
#include <string>

namespace {
std::string destination;
}

extern "C" int pto_trace_to(const char* path) {
    destination = path;
    return 0;
}

extern "C" const char* pto_last_error() { return CANNED_FAILS ? "vec0 waits in TPOP" : ""; }

extern "C" int call_kernel_checked(uint32_t, void*, uint64_t, void*, void*, void*, void*, int64_t, int64_t) {
    std::ofstream(destination, std::ios::binary) << std::ifstream(CANNED_TRACE, std::ios::binary).rdbuf();
    return CANNED_FAILS;
}

extern "C" const char* fa_build_info() {
    return
#include PTO_BUILD_INFO_FILE
        ;
}
