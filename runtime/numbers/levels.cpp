#include "runtime/numbers/levels.hpp"

#include <initializer_list>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

// The levels of a machine, best first: namespace of its loops, and which CPUs have it. LEVELS in
// tools/bisheng/host_toolchain.py says how each is compiled.
#if defined(__x86_64__)
#define PTO_LEVELS(X) X(x86_64_v4_amx, has_amx) X(x86_64_v4, has_v4) X(x86_64_v3, has_v3) X(x86_64_v2, has_v2)
#elif defined(__aarch64__)
#define PTO_LEVELS(X) X(armv8_2_a_fp16, has_fp16) X(armv8_a, has_anything)
#endif

namespace pto::host {

#define PTO_DECLARE(LEVEL, HAS)  \
    namespace LEVEL {            \
    extern const Numbers kTable; \
    }
PTO_LEVELS(PTO_DECLARE)
#undef PTO_DECLARE

namespace {

#if defined(__x86_64__)

/// What CPUID says, and which registers the system saves.
struct Features {
    uint32_t leaf1_ecx = 0;
    uint32_t leaf7_ebx = 0;
    uint32_t leaf7_edx = 0;
    uint32_t extended_ecx = 0;
    uint32_t saved = 0;  ///< XCR0

    Features() {
        uint32_t a, b, c, d;
        if (__get_cpuid(1, &a, &b, &c, &d)) leaf1_ecx = c;
        if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) leaf7_ebx = b, leaf7_edx = d;
        if (__get_cpuid(0x80000001, &a, &b, &c, &d)) extended_ecx = c;
        if (leaf1_ecx & kOsXsave) __asm__("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
    }

    static constexpr uint32_t kOsXsave = 1u << 27;
};

constexpr bool all(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

constexpr uint32_t bits(std::initializer_list<int> positions) {
    uint32_t word = 0;
    for (const int position : positions) word |= 1u << position;
    return word;
}

// The levels of the x86-64 psABI; bits of CPUID by their names in the Intel SDM, volume 2A.
bool has_v2(const Features& cpu) {
    // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF
    return all(cpu.leaf1_ecx, bits({0, 9, 13, 19, 20, 23})) && all(cpu.extended_ecx, bits({0}));
}
bool has_v3(const Features& cpu) {
    // FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT; XMM and YMM are saved
    return has_v2(cpu) && all(cpu.leaf1_ecx, bits({12, 22, 27, 28, 29})) && all(cpu.leaf7_ebx, bits({3, 5, 8})) &&
           all(cpu.extended_ecx, bits({5})) && all(cpu.saved, bits({1, 2}));
}
bool has_v4(const Features& cpu) {
    // AVX512F, DQ, CD, BW, VL; masks and ZMM are saved
    return has_v3(cpu) && all(cpu.leaf7_ebx, bits({16, 17, 28, 30, 31})) && all(cpu.saved, bits({5, 6, 7}));
}

/// Whether the system lets this process use the registers of the matrix unit: a process has to ask.
bool may_use_matrix_registers() {
    constexpr long kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, arch/x86/include/uapi/asm/prctl.h
    return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}

bool has_amx(const Features& cpu) {
    // AMX-BF16, AMX-TILE; tile configuration and data are saved
    return has_v4(cpu) && all(cpu.leaf7_edx, bits({22, 24})) && all(cpu.saved, bits({17, 18})) &&
           may_use_matrix_registers();
}

#elif defined(__aarch64__)

struct Features {
    unsigned long capabilities = getauxval(AT_HWCAP);
};

bool has_fp16(const Features& cpu) {
    constexpr unsigned long kFphp = 1ul << 9, kAsimdhp = 1ul << 10;  // arch/arm64/include/uapi/asm/hwcap.h
    return (cpu.capabilities & (kFphp | kAsimdhp)) == (kFphp | kAsimdhp);
}
bool has_anything(const Features&) { return true; }

#endif

/// The loops that this CPU can run, best first. CPUID is slow in a virtual machine, so it is asked once.
const std::vector<const Numbers*>& levels() {
    static const std::vector<const Numbers*> found = [] {
        const Features cpu;
        std::vector<const Numbers*> list;
#define PTO_ADD(LEVEL, HAS) \
    if (HAS(cpu)) list.push_back(&LEVEL::kTable);
        PTO_LEVELS(PTO_ADD)
#undef PTO_ADD
        return list;
    }();
    return found;
}

}  // namespace

const Numbers* best_numbers() { return levels().empty() ? nullptr : levels().front(); }

const Numbers* numbers_of(const std::string& level) {
    for (const Numbers* one : levels()) {
        if (one->level == level) return one;
    }
    return nullptr;
}

std::string level_names(const char* separator) {
    std::string names;
    for (const Numbers* one : levels()) names += (names.empty() ? "" : separator) + std::string(one->level);
    return names;
}

std::string no_such_level(const std::string& asked) {
    const std::string there = level_names(", ");
    if (there.empty()) return "this CPU has none of the levels that this library was compiled for";
    return "there is no CPU level " + asked + " on this machine; it has " + there;
}

}  // namespace pto::host
