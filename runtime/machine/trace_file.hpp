// Writes the logs of a launch as one trace file.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pto/machine/fifo.hpp"
#include "runtime/machine/trace.hpp"

namespace pto::host {

/// Everything a trace file says about a launch.
struct TraceContents {
    std::string source;  ///< file name of the generated C++
    uint32_t block_count = 0;
    std::vector<CoreLog> logs;  ///< per block: cube, vec0, vec1
    std::vector<std::pair<FifoSpec, TileSplitAxis>> fifos;
    std::string error;
};

/// Writes to a temporary name, then renames; `contents` are of no use afterwards. Returns what went wrong, empty if
/// nothing did.
std::string write_trace(TraceContents& contents, const std::string& path);

}  // namespace pto::host
