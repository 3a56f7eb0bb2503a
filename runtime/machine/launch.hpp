// Runs a program on all blocks of a launch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/machine/block.hpp"

namespace pto::host {

/// What to run and what to record of it.
struct LaunchRequest {
    uint32_t block_count = 1;
    Program program;
    std::vector<GmRange> gm;            ///< buffers that the kernel may touch; empty: unknown
    std::string source = "kernel.cpp";  ///< file name of the generated C++
    std::string trace_path;             ///< trace mode: file to write, empty for none
};

/// Returns the report of what went wrong, empty if nothing did.
std::string run_launch(LaunchRequest request);

}  // namespace pto::host
