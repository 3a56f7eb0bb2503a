// A host library without a kernel: naive attention behind the kernel's symbols, so that everything around the kernel can be
// tested without building one. Its callers are real; this implements the pto_launch_entry that they call.
//
// Macros, 0 unless defined: STAND_IN_FAILS (report an error instead of working), STAND_IN_SLOWDOWN_MS (sleep in each
// launch), and those of naive_attention.hpp.

#include <chrono>
#include <cstdio>
#include <thread>

#include "flash_atten/testdata/naive_attention.hpp"
#include "kernels/build_info.cpp"
#include PTO_CALLER_FILE

extern "C" const char* pto_last_error() { return "deadlock: no core can go on\n  block 0 vec0 waits in TPOP at line 12"; }

extern "C" int pto_refuse(const char*) { return 1; }
extern "C" void pto_poll(int (*)()) {}
uint64_t stand_in_seed = 0;
extern "C" void pto_interleave(uint64_t seed) { stand_in_seed = seed; }
uint32_t stand_in_threads = 0;
extern "C" void pto_threads(uint32_t most) { stand_in_threads = most; }
int stand_in_fill = -1;
extern "C" void pto_fill(int fill) { stand_in_fill = fill; }
char stand_in_cpu[32] = "";
extern "C" void pto_cpu(const char* level) { std::snprintf(stand_in_cpu, sizeof stand_in_cpu, "%s", level); }
extern "C" const char* pto_cpus() { return "fast\nslow"; }

extern "C" int pto_launch_entry(const char*, uint32_t, const uint64_t* args, const uint64_t*, uint32_t nargs) {
    if (STAND_IN_FAILS || nargs != 9 || args[1] != args[2]) return 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(STAND_IN_SLOWDOWN_MS));
    const auto half = [args](int index) { return reinterpret_cast<const uint16_t*>(args[index]); };
    NaiveAttention(half(3), half(4), half(5), reinterpret_cast<float*>(args[6]), static_cast<int64_t>(args[7]),
                   static_cast<int64_t>(args[8]));
    return 0;
}
