// Runs a program on all blocks of a launch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/block.hpp"
#include "runtime/machine/profile.hpp"

namespace pto::host {

/// The device's limit of a launch, too.
inline constexpr uint32_t kMaxBlocks = 65535;

/// What to run and what to record of it.
struct LaunchRequest {
    uint32_t block_count = 1;
    Program program;
    std::vector<GmRange> gm;                       ///< buffers that the kernel may touch; empty: unknown
    std::string source = "kernel.cpp";             ///< file name of the generated C++
    const DecidingLoad* deciding_loads = nullptr;  ///< see Kernel
    std::string trace_path;                        ///< trace mode: file to write, empty for none
    std::string cpu;                               ///< level of CPU whose loops compute; empty: the best one
    uint32_t threads = 0;                          ///< workers at most; 0: as many as this process may use CPUs
    /// Make NaN of on-chip memories before a block, and of scratch, and let the slots of FIFOs go round as on the
    /// device.
    bool fill = true;
    Profile* profile = nullptr;          ///< where to add the times of operations, null for nowhere
    std::optional<uint64_t> interleave;  ///< seed of a random order of the cores; see interleave.hpp
    std::function<bool()> interrupted;   ///< asked by the calling thread now and then: true ends the launch
};

/// Returns the report of what went wrong, empty if nothing did.
std::string run_launch(LaunchRequest request);

}  // namespace pto::host
