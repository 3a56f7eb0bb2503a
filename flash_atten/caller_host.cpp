// Host side of fa.so: the same two symbols that the NPU build exports, on top of the CPU runtime.
//
// Compiled into the translation unit of runtime/host_main.cpp, which declares the runtime's launcher. The pointers are
// the caller's; nothing is copied. A result other than 0 means that nothing in `o` may be used: pto_last_error() says
// why.

#include <cstdint>

#ifndef PTO_BUILD_INFO_FILE
#error "PTO_BUILD_INFO_FILE must name a file that holds one C++ string literal: the JSON text of this build"
#endif

extern "C" int pto_launch(uint32_t block_dim, const uint64_t* args, uint32_t nargs);

namespace {

uint64_t Bits(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

}  // namespace

// All row-major: q [s0, 128], k and v [s1, 128] in half, o [s0, 128] in float; gm_slots is block_dim * (FIFO bytes per
// core). `stream` has no meaning on the host.
extern "C" int call_kernel(uint32_t block_dim, void* /*stream*/, void* gm_slots, void* q, void* k, void* v, void* o,
                           int64_t s0, int64_t s1) {
    const uint64_t no_ffts = 0;
    const uint64_t rows = static_cast<uint64_t>(s0), keys = static_cast<uint64_t>(s1);
    const uint64_t args[] = {no_ffts, Bits(gm_slots), Bits(q), Bits(k), Bits(v), Bits(o), rows, keys};
    return pto_launch(block_dim, args, sizeof(args) / sizeof(args[0]));
}

// JSON: the knobs, the tools and the barrier patterns that this library was built with.
extern "C" const char* fa_build_info() {
    return
#include PTO_BUILD_INFO_FILE
        ;
}
