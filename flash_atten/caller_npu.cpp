// Device side of fa.so: the same symbols as caller_host.cpp, launching the kernel on an NPU stream.
//
// This file is the translation unit that bisheng compiles: it includes the generated kernel. With -Xhost-start
// -Xhost-end the functions below are host code. A test compiles it with g++, with the CCE keywords defined away and
// FA_LAUNCH replaced.

#include <cstdint>

#ifndef PTO_KERNEL_FILE
#error "PTO_KERNEL_FILE must name the generated C++ of the kernel"
#endif
#ifndef PTO_BUILD_INFO_FILE
#error "PTO_BUILD_INFO_FILE must name a file that holds one C++ string literal: the JSON text of this build"
#endif

#include PTO_KERNEL_FILE

#ifndef FA_LAUNCH
#define FA_LAUNCH(kernel, block_dim, stream) kernel<<<block_dim, nullptr, stream>>>
#endif

// CANN runtime: the GM address through which cube and vector cores signal each other.
extern "C" int rtGetC2cCtrlAddr(uint64_t* address, uint32_t* length);

// All row-major in device memory: q [s0, 128], k and v [s1, 128] in half, o [s0, 128] in float; gm_slots is block_dim *
// (FIFO bytes per core), and the kernel gets it twice, once for each of its element types. Returns when the launch is
// queued on `stream`. A result other than 0 is the runtime's error code: nothing was launched, and pto_last_error()
// says what failed.
extern "C" int call_kernel(uint32_t block_dim, void* stream, void* gm_slots, void* q, void* k, void* v, void* o,
                           int64_t s0, int64_t s1) {
    uint64_t ffts = 0;
    uint32_t length = 0;
    const int code = rtGetC2cCtrlAddr(&ffts, &length);
    if (code != 0) return code;
    FA_LAUNCH(call_both, block_dim, stream)
    ((__gm__ int64_t*)ffts, (__gm__ float*)gm_slots, (__gm__ half*)gm_slots, (__gm__ half*)q, (__gm__ half*)k,
     (__gm__ half*)v, (__gm__ float*)o, s0, s1);
    return 0;
}

// What made call_kernel fail. There is one such thing, so this needs no variable: the device, for which this file is
// compiled too, has no place for one.
extern "C" const char* pto_last_error() {
    return "rtGetC2cCtrlAddr did not give the address for signals between cores; was a device set?";
}

// JSON: the knobs, the tools and the barrier patterns that this library was built with.
extern "C" const char* fa_build_info() {
    return
#include PTO_BUILD_INFO_FILE
        ;
}
