// What a host library says of itself, compiled beside the kernel. A device library has this in its caller.

#ifndef PTO_BUILD_INFO_FILE
#error "PTO_BUILD_INFO_FILE must name a file that holds one C++ string literal: the JSON text of this build"
#endif

// JSON: the knobs, the entries, the tools and the barrier patterns that this library was built with.
extern "C" const char* pto_build_info() {
    return
#include PTO_BUILD_INFO_FILE
        ;
}
