#include "runtime/numbers/peak.hpp"

#include "runtime/numbers/levels.hpp"

namespace pto::host {

namespace {

/// Sums in flight: more than latency times units, and not more than there are registers.
constexpr int kSums = 12;

template <int bytes>
struct Vector {
    typedef float type __attribute__((vector_size(bytes)));
    static constexpr uint64_t kFlops = uint64_t{kSums} * (bytes / sizeof(float)) * 2;
};

#define PTO_ROUNDS(BYTES)                                                                             \
    using V = typename Vector<BYTES>::type;                                                           \
    V sums[kSums];                                                                                    \
    for (int s = 0; s < kSums; ++s) sums[s] = V{} + static_cast<float>(s);                            \
    /* Not known to the compiler, which leaves out a sum that stays the same. */                      \
    const volatile float half = 0.5f;                                                                 \
    const V factor = V{} + half;                                                                      \
    for (uint64_t round = 0; round < rounds; ++round) {                                               \
        _Pragma("GCC unroll 12") for (int s = 0; s < kSums; ++s) sums[s] = sums[s] * factor + factor; \
    }                                                                                                 \
    V total = {};                                                                                     \
    for (const V& sum : sums) total += sum;                                                           \
    __asm__ volatile("" ::"m"(total));                                                                \
    return rounds * Vector<BYTES>::kFlops

#if defined(__x86_64__)
__attribute__((target("avx512f"))) uint64_t with_512(uint64_t rounds) { PTO_ROUNDS(64); }
__attribute__((target("avx2,fma"))) uint64_t with_256(uint64_t rounds) { PTO_ROUNDS(32); }
#endif
uint64_t with_128(uint64_t rounds) { PTO_ROUNDS(16); }

}  // namespace

uint64_t multiply_add(const std::string& level, uint64_t rounds) {
    if (!numbers_of(level)) return 0;
#if defined(__x86_64__)
    if (level.rfind("x86-64-v4", 0) == 0) return with_512(rounds);
    if (level == "x86-64-v3") return with_256(rounds);
#endif
    return with_128(rounds);
}

}  // namespace pto::host
