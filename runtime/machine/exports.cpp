// What a kernel library exports: launches of its entries.
//
// Settings and reports belong to the calling thread, and no lock outlives a launch: threads launch at the same time,
// and a process that was forked while another thread launched can launch, too.
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pto/machine/kernel_entry.hpp"
#include "runtime/machine/interrupt.hpp"
#include "runtime/machine/launch.hpp"
#include "runtime/machine/worker_thread.hpp"
#include "runtime/numbers/levels.hpp"
#include "runtime/numbers/peak.hpp"

namespace {

using pto::host::KernelEntry;
using pto::host::kKernel;

/// What the next launch of this thread is to do besides computing.
struct Settings : pto::host::LaunchRequest {
    bool measured = false;
    bool interruptible = false;
};

Settings& settings() {
    thread_local Settings instance;
    return instance;
}

/// Of this thread's last launch, if it was measured.
std::string& last_profile() {
    thread_local std::string text;
    return text;
}

/// The report of this thread's last launch.
std::string& last_error() {
    thread_local std::string text;
    return text;
}

const KernelEntry* find_entry(const char* name) {
    if (!name) return kKernel.entries;
    for (uint32_t e = 0; e < kKernel.entry_count; ++e) {
        if (std::strcmp(kKernel.entries[e].name, name) == 0) return &kKernel.entries[e];
    }
    return nullptr;
}

std::string entry_names(const char* separator) {
    std::string names;
    for (uint32_t e = 0; e < kKernel.entry_count; ++e)
        names += (e ? separator : "") + std::string(kKernel.entries[e].name);
    return names;
}

std::vector<pto::host::GmRange> known_buffers(const uint64_t* args, const uint64_t* arg_bytes, uint32_t nargs) {
    std::vector<pto::host::GmRange> ranges;
    for (uint32_t i = 0; arg_bytes && i < nargs; ++i) {
        if (arg_bytes[i] != 0) ranges.push_back({{args[i], args[i] + arg_bytes[i]}, i});
    }
    return ranges;
}

Settings request_of(const KernelEntry& entry, uint32_t block_dim, const uint64_t* args) {
    Settings request = std::exchange(settings(), {});
    request.source = kKernel.source;
    request.deciding_loads = kKernel.deciding_loads;
    request.block_count = block_dim;
    request.program.cube = [&entry, args] { entry.cube(args); };
    request.program.vec = [&entry, args] { entry.vec(args); };
    return request;
}

}  // namespace

#define PTO_EXPORT extern "C" __attribute__((visibility("default")))

/// Runs `block_dim` blocks of an entry, the library's first one if `name` is null. `args` are the bit patterns of its
/// parameters in their order; `arg_bytes[i]` is the size of the buffer that argument i points to, 0 for scalars. Every
/// access to global memory must then lie in one of the buffers; with null, sizes are not known and nothing is checked.
/// Returns 0, or 1 with the report in pto_last_error().
PTO_EXPORT int pto_launch_entry(const char* name, uint32_t block_dim, const uint64_t* args, const uint64_t* arg_bytes,
                                uint32_t nargs) {
    const KernelEntry* entry = find_entry(name);
    if (!entry) {
        last_error() = "the kernel has no entry " + std::string(name) + "; it has " + entry_names(", ");
        return 1;
    }
    if (nargs != entry->parameter_count) {
        last_error() = "the kernel takes " + std::to_string(entry->parameter_count) + " arguments, the launch gave " +
                       std::to_string(nargs);
        return 1;
    }
    Settings request = request_of(*entry, block_dim, args);
    request.gm = known_buffers(args, arg_bytes, nargs);
    pto::host::Profile profile;
    if (request.measured) request.profile = &profile;
    std::optional<pto::host::InterruptWatch> watch;
    if (request.interruptible) {
        watch.emplace();
        request.interrupted = [&watch] { return watch->interrupted(); };
    }
    last_error() = pto::host::run_launch(request);
    last_profile() = request.measured ? profile.text() : "";
    return last_error().empty() ? 0 : 1;
}

/// As pto_launch_entry, of the first entry.
PTO_EXPORT int pto_launch_sized(uint32_t block_dim, const uint64_t* args, const uint64_t* arg_bytes, uint32_t nargs) {
    return pto_launch_entry(nullptr, block_dim, args, arg_bytes, nargs);
}

/// As pto_launch_sized, with sizes that are not known.
PTO_EXPORT int pto_launch(uint32_t block_dim, const uint64_t* args, uint32_t nargs) {
    return pto_launch_entry(nullptr, block_dim, args, nullptr, nargs);
}

/// For callers that refuse a launch themselves: `report` is then what pto_last_error() returns. Returns 1.
PTO_EXPORT int pto_refuse(const char* report) {
    last_error() = report;
    return 1;
}

/// Names of the entries, one per line; the first one is launched without a name.
PTO_EXPORT const char* pto_entries() {
    static const std::string names = entry_names("\n");
    return names.c_str();
}

/// The report of this thread's last launch, empty if it succeeded; valid until its next one.
PTO_EXPORT const char* pto_last_error() { return last_error().c_str(); }

/// The next launch of this thread runs its cores in a random order; the same seed is the same order.
PTO_EXPORT void pto_interleave(uint64_t seed) { settings().interleave = seed; }

/// The next launch of this thread works on at most this many threads.
PTO_EXPORT void pto_threads(uint32_t most) { settings().threads = most; }

/// Whether the next launch of this thread makes NaN of what nobody has written: on-chip memories before each block, and
/// scratch. It does unless told otherwise; a kernel that is right computes the same without.
PTO_EXPORT void pto_fill(int fill) { settings().fill = fill != 0; }

/// An interrupt (SIGINT) ends the next launch of this thread, which then fails with the report "interrupted"; what else
/// the process does at an interrupt, it does, too. Only on the main thread.
PTO_EXPORT void pto_interruptible() { settings().interruptible = true; }

#if defined(PTO_TRACE) && PTO_TRACE
/// The next launch of this thread writes its trace to `path`. Returns 0.
PTO_EXPORT int pto_trace_to(const char* path) {
    settings().trace_path = path;
    return 0;
}
#else
/// The next launch of this thread computes with the loops for this level of CPU instead of the best one.
PTO_EXPORT void pto_cpu(const char* level) { settings().cpu = level; }

/// The next launch of this thread measures how long its operations take; see pto_last_profile.
PTO_EXPORT void pto_profile() { settings().measured = true; }

/// What the last launch of this thread has measured: a line for each operation of each simulated core, with core,
/// operation, calls, elements, nanoseconds, and tabs between them. Valid until its next launch.
PTO_EXPORT const char* pto_last_profile() { return last_profile().c_str(); }

/// What the CPU could do at best: see pto::host::multiply_add, here on several threads at the same time. Returns the
/// operations of them all.
PTO_EXPORT uint64_t pto_multiply_add(const char* level, uint64_t rounds, uint32_t threads) {
    const pto::host::Helpers others(pto::host::UsableCpus(), threads ? threads - 1 : 0,
                                    [=](uint32_t) { pto::host::multiply_add(level, rounds); });
    return pto::host::multiply_add(level, rounds) * (1 + others.count());
}

/// Names of the levels that this machine has, best first, one per line.
PTO_EXPORT const char* pto_cpus() {
    static const std::string names = pto::host::level_names("\n");
    return names.c_str();
}
#endif
