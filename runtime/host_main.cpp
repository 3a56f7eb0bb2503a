// The one translation unit of a kernel on the host: the generated C++ once per core kind, and the exported launch.
// -DPTO_KERNEL_FILE="\"x.cpp\"" names the generated file, -D<entry>=PTO_ENTRY_FN its entry function.
#include <cstring>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pto/machine/launch.hpp"
#include "pto/pto-inst.hpp"

namespace cube_pass {
#define __DAV_CUBE__ 1
#define PTO_ENTRY_FN pto_entry_cube
#include PTO_KERNEL_FILE
#undef PTO_ENTRY_FN
#undef __DAV_CUBE__
}  // namespace cube_pass

namespace vec_pass {
#define __DAV_VEC__ 1
#define PTO_ENTRY_FN pto_entry_vec
#include PTO_KERNEL_FILE
#undef PTO_ENTRY_FN
#undef __DAV_VEC__
}  // namespace vec_pass

namespace {

/// The value of an entry parameter from its bit pattern.
template <typename T>
T decode(uint64_t bits) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof bits,
                  "entry parameters are scalars or pointers");
    T value;
    std::memcpy(&value, &bits, sizeof value);  // little endian: the low bytes
    return value;
}

template <typename... Parameters, size_t... I>
void call_entry(void (*entry)(Parameters...), const uint64_t* args, std::index_sequence<I...>) {
    entry(decode<Parameters>(args[I])...);
}

template <typename... Parameters>
void call_entry(void (*entry)(Parameters...), const uint64_t* args) {
    call_entry(entry, args, std::index_sequence_for<Parameters...>{});
}

template <typename... Parameters>
constexpr uint32_t parameter_count(void (*)(Parameters...)) {
    return sizeof...(Parameters);
}

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
    constexpr uint32_t expected = parameter_count(&vec_pass::pto_entry_vec);
    if (nargs != expected) {
        state.error =
            "the kernel takes " + std::to_string(expected) + " arguments, the launch gave " + std::to_string(nargs);
        return 1;
    }
    pto::host::LaunchRequest request;
    request.block_count = block_dim;
    request.program.cube = [args] { call_entry(&cube_pass::pto_entry_cube, args); };
    request.program.vec = [args] { call_entry(&vec_pass::pto_entry_vec, args); };
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
