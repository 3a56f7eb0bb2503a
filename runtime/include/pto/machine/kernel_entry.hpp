// What a kernel's translation unit (host_main.cpp) tells the machine, which is compiled apart from it and only once.
#pragma once

#include <cstdint>

namespace pto::host {

struct KernelEntry {
    const char* source;  ///< file name of the generated C++
    uint32_t parameter_count;
    void (*cube)(const uint64_t* args);  ///< the entry, compiled for the cube core, with these bit patterns
    void (*vec)(const uint64_t* args);   ///< the same for the vector cores
};

/// Defined by host_main.cpp.
extern const KernelEntry kKernelEntry;

}  // namespace pto::host
