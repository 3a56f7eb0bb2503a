// What the runtime knows about an element type.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/common/half.hpp"
#include "pto/machine/isa.hpp"

namespace pto::host {

/// Element types in the numbering of the trace format.
enum class DTypeId : uint8_t {
    None,
#define PTO_ENUMERATOR(ID, TYPE, NAME) ID,
    PTO_ELEMENTS(PTO_ENUMERATOR)
#undef PTO_ENUMERATOR
};

/// Bytes of an element; 0 for None.
inline constexpr uint32_t size_of(DTypeId id) {
    constexpr uint32_t kSizes[] = {0,
#define PTO_SIZE(ID, TYPE, NAME) sizeof(TYPE),
                                   PTO_ELEMENTS(PTO_SIZE)
#undef PTO_SIZE
    };
    return kSizes[static_cast<int>(id)];
}

inline constexpr const char* name(DTypeId id) {
    constexpr const char* kNames[] = {"none",
#define PTO_NAME(ID, TYPE, NAME) NAME,
                                      PTO_ELEMENTS(PTO_NAME)
#undef PTO_NAME
    };
    return kNames[static_cast<int>(id)];
}

template <typename T>
struct DTypeInfo;

#define PTO_DTYPE(ID, TYPE, NAME)                  \
    template <>                                    \
    struct DTypeInfo<TYPE> {                       \
        static constexpr DTypeId id = DTypeId::ID; \
    };
PTO_ELEMENTS(PTO_DTYPE)
PTO_DTYPE(U8, bool, "bool")
#undef PTO_DTYPE

/// 16-bit floats are stored as such and computed with as float.
template <typename T>
inline constexpr bool is_short_float = std::is_same_v<T, half> || std::is_same_v<T, bfloat16_t>;

template <typename T>
inline constexpr bool is_float = std::is_same_v<T, float> || is_short_float<T>;

template <typename T>
using Compute = std::conditional_t<is_short_float<T>, float, T>;

}  // namespace pto::host
