// Host side of fa.so: the same two symbols that the NPU build exports, on top of the CPU runtime, and a checked launch.
//
// Compiled beside runtime/host_main.cpp, whose launcher it calls. The pointers are the caller's; nothing is copied. A
// result other than 0 means that nothing in `o` may be used: pto_last_error() says why. The kernel gets the FIFO slots
// twice, once for each of their element types.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#ifndef PTO_BUILD_INFO_FILE
#error "PTO_BUILD_INFO_FILE must name a file that holds one C++ string literal: the JSON text of this build"
#endif

extern "C" int pto_refuse(const char* report);
extern "C" int pto_launch_sized(uint32_t block_dim, const uint64_t* args, const uint64_t* arg_bytes, uint32_t nargs);

namespace {

constexpr uint64_t kHead = 128;
constexpr uint64_t kHalfRow = 2 * kHead;
constexpr uint64_t kFloatRow = 4 * kHead;
constexpr uint32_t kArguments = 9;
constexpr int64_t kBlockRows = 128;  // rows of a Q block

const char* BuildInfo() {
    return
#include PTO_BUILD_INFO_FILE
        ;
}

// The value of a knob in the build info.
int64_t Knob(const char* key) {
    const char* found = std::strstr(BuildInfo(), key);
    return found ? std::atoll(found + std::strlen(key)) : 1;
}

// 0 if the kernel can run the shape, else the result of the launch; the same rules as flash_atten/config.py's.
int RefuseShape(uint32_t block_dim, int64_t s0, int64_t s1) {
    const int64_t tile = Knob("\"s1_tile\": "), preload = Knob("\"qk_preload\": ");
    char report[200] = "";
    if (s0 <= 0 || s0 % kBlockRows != 0) {
        std::snprintf(report, sizeof report, "s0 = %lld must be a positive multiple of %lld, the rows of a Q block",
                      static_cast<long long>(s0), static_cast<long long>(kBlockRows));
    } else if (s1 <= 0 || s1 % tile != 0 || s1 / tile < preload) {
        std::snprintf(report, sizeof report, "s1 = %lld must be a multiple of s1_tile = %lld, at least %lld of them",
                      static_cast<long long>(s1), static_cast<long long>(tile), static_cast<long long>(preload));
    } else if (block_dim < 1 || block_dim > s0 / kBlockRows) {
        std::snprintf(report, sizeof report, "block_dim = %u must be 1 to %lld, the Q blocks of s0 = %lld", block_dim,
                      static_cast<long long>(s0 / kBlockRows), static_cast<long long>(s0));
    }
    return *report ? pto_refuse(report) : 0;
}

uint64_t Bits(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

}  // namespace

// All row-major: q [s0, 128], k and v [s1, 128] in half, o [s0, 128] in float; gm_slots is block_dim * (FIFO bytes per
// core). `stream` has no meaning on the host.
extern "C" int call_kernel(uint32_t block_dim, void* /*stream*/, void* gm_slots, void* q, void* k, void* v, void* o,
                           int64_t s0, int64_t s1) {
    const uint64_t rows = static_cast<uint64_t>(s0), keys = static_cast<uint64_t>(s1);
    const uint64_t slots = Bits(gm_slots);
    const uint64_t args[kArguments] = {0, slots, slots, Bits(q), Bits(k), Bits(v), Bits(o), rows, keys};
    if (const int refused = RefuseShape(block_dim, s0, s1)) return refused;
    return pto_launch_sized(block_dim, args, nullptr, kArguments);
}

// As call_kernel, and every access to global memory must lie in one of the arrays: one that does not is an error of the
// launch, not a crash.
extern "C" int call_kernel_checked(uint32_t block_dim, void* gm_slots, uint64_t gm_slots_bytes, void* q, void* k,
                                   void* v, void* o, int64_t s0, int64_t s1) {
    const uint64_t rows = static_cast<uint64_t>(s0), keys = static_cast<uint64_t>(s1);
    const uint64_t slots = Bits(gm_slots);
    const uint64_t args[kArguments] = {0, slots, slots, Bits(q), Bits(k), Bits(v), Bits(o), rows, keys};
    if (const int refused = RefuseShape(block_dim, s0, s1)) return refused;
    const uint64_t bytes[kArguments] = {
        0, gm_slots_bytes, gm_slots_bytes, rows * kHalfRow, keys * kHalfRow, keys * kHalfRow, rows * kFloatRow, 0, 0};
    return pto_launch_sized(block_dim, args, bytes, kArguments);
}

// JSON: the knobs, the tools and the barrier patterns that this library was built with.
extern "C" const char* fa_build_info() { return BuildInfo(); }
