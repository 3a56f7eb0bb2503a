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

/// What to run, how, and what to record of it.
struct LaunchRequest : Task {
    std::string trace_path;              ///< trace mode: file to write, empty for none
    std::string cpu;                     ///< level of CPU whose loops compute; empty: the best one
    uint32_t threads = 0;                ///< workers at most; 0: as many as this process may use CPUs
    Profile* profile = nullptr;          ///< where to add the times of operations, null for nowhere
    std::optional<uint64_t> interleave;  ///< seed of a random order of the cores; see interleave.hpp
    std::function<bool()> interrupted;   ///< asked by the calling thread now and then: true ends the launch
};

/// Returns the report of what went wrong, empty if nothing did.
std::string run_launch(const LaunchRequest& request);

}  // namespace pto::host
