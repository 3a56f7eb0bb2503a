// What a kernel's translation unit (host_main.cpp) tells the machine, which is compiled apart from it and only once.
#pragma once

#include <cstdint>

namespace pto::host {

/// A function of the kernel that can be launched.
struct KernelEntry {
    const char* name;
    uint32_t parameter_count;
    void (*cube)(const uint64_t* args);  ///< the entry, compiled for the cube core, with these bit patterns
    void (*vec)(const uint64_t* args);   ///< the same for the vector cores
};

/// A line that loads a scalar from global memory, and one that decides by the scalar what the kernel does: a branch, a
/// loop, an address.
struct DecidingLoad {
    int load_line;
    int deciding_line;
};

struct Kernel {
    const char* source;          ///< file name of the generated C++
    const KernelEntry* entries;  ///< the first one is launched if none is named
    uint32_t entry_count;
    const DecidingLoad* deciding_loads;  ///< trace mode: up to one whose line is 0
};

/// Defined by host_main.cpp.
extern const Kernel kKernel;

}  // namespace pto::host
