// What a kernel library exports: the launch of its kernel.
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "pto/machine/kernel_entry.hpp"
#include "runtime/machine/launch.hpp"

namespace {

using pto::host::kKernelEntry;

/// State between calls: the last report, and where the next launch is traced to.
struct Session {
    std::mutex mutex;
    std::string error;
    std::string trace_path;
};

Session& session() {
    static Session instance;
    return instance;
}

std::vector<pto::host::GmRange> known_buffers(const uint64_t* args, const uint64_t* arg_bytes, uint32_t nargs) {
    std::vector<pto::host::GmRange> ranges;
    for (uint32_t i = 0; arg_bytes && i < nargs; ++i) {
        if (arg_bytes[i] != 0) ranges.push_back({args[i], args[i] + arg_bytes[i]});
    }
    return ranges;
}

}  // namespace

#define PTO_EXPORT extern "C" __attribute__((visibility("default")))

/// As pto_launch; `arg_bytes[i]` is the size of the buffer that argument i points to, 0 for scalars. Every access to
/// global memory must then lie in one of the buffers.
PTO_EXPORT int pto_launch_sized(uint32_t block_dim, const uint64_t* args, const uint64_t* arg_bytes, uint32_t nargs) {
    Session& state = session();
    const std::lock_guard<std::mutex> lock(state.mutex);
    const uint32_t expected = kKernelEntry.parameter_count;
    if (nargs != expected) {
        state.error =
            "the kernel takes " + std::to_string(expected) + " arguments, the launch gave " + std::to_string(nargs);
        return 1;
    }
    pto::host::LaunchRequest request;
    request.source = kKernelEntry.source;
    request.block_count = block_dim;
    request.program.cube = [args] { kKernelEntry.cube(args); };
    request.program.vec = [args] { kKernelEntry.vec(args); };
    request.gm = known_buffers(args, arg_bytes, nargs);
    request.trace_path = std::exchange(state.trace_path, "");
    state.error = pto::host::run_launch(std::move(request));
    return state.error.empty() ? 0 : 1;
}

/// Runs `block_dim` blocks of the kernel. `args` are the bit patterns of the entry's parameters in their order.
/// Returns 0, or 1 with the report in pto_last_error().
PTO_EXPORT int pto_launch(uint32_t block_dim, const uint64_t* args, uint32_t nargs) {
    return pto_launch_sized(block_dim, args, nullptr, nargs);
}

/// The report of the last launch, empty if it succeeded; valid until the next one.
PTO_EXPORT const char* pto_last_error() { return session().error.c_str(); }

#if defined(PTO_TRACE) && PTO_TRACE
/// The next launch writes its trace to `path`. Returns 0.
PTO_EXPORT int pto_trace_to(const char* path) {
    Session& state = session();
    const std::lock_guard<std::mutex> lock(state.mutex);
    state.trace_path = path;
    return 0;
}
#endif
