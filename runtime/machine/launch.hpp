// Runs a program on all blocks of a launch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/machine/block.hpp"

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
    std::optional<uint64_t> interleave;            ///< seed of a random order of the cores; see interleave.hpp
    std::function<bool()> interrupted;             ///< asked by the calling thread now and then: true ends the launch
};

/// Returns the report of what went wrong, empty if nothing did.
std::string run_launch(LaunchRequest request);

}  // namespace pto::host
