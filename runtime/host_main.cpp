// The translation unit of a kernel on the host: the generated C++ once per core kind. runtime/machine has the rest of
// the library, among it the exported launch. tools/bisheng/host_compile.py defines PTO_KERNEL_FILE, the generated file,
// in which functions with C linkage are named PTO_OF_CORE(name), PTO_ENTRIES(ROW), ROW(name) for each of its entries,
// and PTO_DECIDING_LOADS(ROW), ROW(line of the load, line that decides by it).
#include <cstring>
#include <type_traits>
#include <utility>

#include "pto/machine/kernel_entry.hpp"
#include "pto/pto-inst.hpp"

namespace cube_pass {
#define __DAV_CUBE__ 1
#define PTO_OF_CORE(NAME) pto_cube_##NAME
#include PTO_KERNEL_FILE
#undef PTO_OF_CORE
#undef __DAV_CUBE__
}  // namespace cube_pass

namespace vec_pass {
#define __DAV_VEC__ 1
#define PTO_OF_CORE(NAME) pto_vec_##NAME
#include PTO_KERNEL_FILE
#undef PTO_OF_CORE
#undef __DAV_VEC__
}  // namespace vec_pass

namespace {

/// The value of an entry parameter from its bit pattern.
template <typename T>
T decode(uint64_t bits) {
    static_assert(!std::is_pointer_v<T>, "an entry takes pointers to global memory, __gm__ T*, and no others");
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

}  // namespace

namespace pto::host {

namespace {

const KernelEntry kEntries[] = {
#define PTO_ROW(NAME)                                                             \
    {#NAME, parameter_count(&vec_pass::pto_vec_##NAME),                           \
     [](const uint64_t* args) { call_entry(&cube_pass::pto_cube_##NAME, args); }, \
     [](const uint64_t* args) { call_entry(&vec_pass::pto_vec_##NAME, args); }},
    PTO_ENTRIES(PTO_ROW)
#undef PTO_ROW
};

const DecidingLoad kDecidingLoads[] = {
#define PTO_ROW(LOAD, DECIDING) {LOAD, DECIDING},
    PTO_DECIDING_LOADS(PTO_ROW)
#undef PTO_ROW
        {0, 0}};

}  // namespace

const Kernel kKernel = {PTO_KERNEL_FILE, kEntries, sizeof kEntries / sizeof kEntries[0], kDecidingLoads};

}  // namespace pto::host
