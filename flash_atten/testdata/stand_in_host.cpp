// A host library without a kernel: naive attention behind the kernel's symbols, so that everything around the kernel can be
// tested without building one. Its callers are real; this implements the pto_launch_entry that they call.
//
// Macros, 0 unless defined: STAND_IN_FAILS (report an error instead of working), STAND_IN_SLOWDOWN_MS (sleep in each
// launch), and those of naive_attention.hpp.

#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "flash_atten/testdata/naive_attention.hpp"
#include "kernels/build_info.cpp"
#include PTO_CALLER_FILE

extern "C" const char* pto_last_error() { return "deadlock: no core can go on\n  block 0 vec0 waits in TPOP at line 12"; }

extern "C" int pto_refuse(const char*) { return 1; }
extern "C" void pto_interruptible() {}
uint64_t stand_in_seed = 0;
extern "C" void pto_interleave(uint64_t seed) { stand_in_seed = seed; }
uint32_t stand_in_threads = 0;
extern "C" void pto_threads(uint32_t most) { stand_in_threads = most; }
int stand_in_fill = -1;
extern "C" void pto_fill(int fill) { stand_in_fill = fill; }
char stand_in_cpu[32] = "";
extern "C" void pto_cpu(const char* level) { std::snprintf(stand_in_cpu, sizeof stand_in_cpu, "%s", level); }
extern "C" const char* pto_cpus() { return "fast\nslow"; }

// A kernel of heads has their number as tenth argument, and leaves the log-sum-exps of all rows at the end of its scratch.
// The second entry of a split S1 has nothing to do: this one does not split.
extern "C" int pto_launch_entry(const char* name, uint32_t, const uint64_t* args, const uint64_t* bytes, uint32_t nargs) {
    if (std::strcmp(name, "call_reduce") == 0) return 0;
    if (STAND_IN_FAILS || nargs < 9 || nargs > 10 || args[1] != args[2]) return 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(STAND_IN_SLOWDOWN_MS));
    const auto half = [args](int index) { return reinterpret_cast<const uint16_t*>(args[index]); };
    const int64_t s0 = static_cast<int64_t>(args[7]), s1 = static_cast<int64_t>(args[8]);
    const int64_t heads = nargs == 10 ? static_cast<int64_t>(args[9]) : 1;
    float* const scratch_end = reinterpret_cast<float*>(args[1] + (bytes != nullptr ? bytes[1] : 0));
    for (int64_t head = 0; head < heads; ++head) {
        const int64_t queries = head * s0 * kNaiveHead, keys = head * s1 * kNaiveHead;
        NaiveAttention(half(3) + queries, half(4) + keys, half(5) + keys, reinterpret_cast<float*>(args[6]) + queries,
                       s0, s1, nargs == 10 && bytes != nullptr ? scratch_end - (heads - head) * s0 : nullptr);
    }
    return 0;
}
