// What the runtime knows about an element type.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/common/half.hpp"

namespace pto::host {

/// Element types in the numbering of the trace format.
enum class DTypeId : uint8_t { None, F32, F16, I32, U32, I16, U16, I8, U8, I64, U64, BF16 };

template <typename T>
struct DTypeInfo;

#define PTO_DTYPE(TYPE, ID, NAME)                  \
    template <>                                    \
    struct DTypeInfo<TYPE> {                       \
        static constexpr DTypeId id = DTypeId::ID; \
        static constexpr const char* name = NAME;  \
    };
PTO_DTYPE(float, F32, "f32")
PTO_DTYPE(half, F16, "f16")
PTO_DTYPE(bfloat16_t, BF16, "bf16")
PTO_DTYPE(int64_t, I64, "i64")
PTO_DTYPE(int32_t, I32, "i32")
PTO_DTYPE(int16_t, I16, "i16")
PTO_DTYPE(int8_t, I8, "i8")
PTO_DTYPE(uint64_t, U64, "u64")
PTO_DTYPE(uint32_t, U32, "u32")
PTO_DTYPE(uint16_t, U16, "u16")
PTO_DTYPE(uint8_t, U8, "u8")
PTO_DTYPE(bool, U8, "bool")
#undef PTO_DTYPE

/// 16-bit floats are stored as such and computed with as float.
template <typename T>
inline constexpr bool is_short_float = std::is_same_v<T, half> || std::is_same_v<T, bfloat16_t>;

template <typename T>
inline constexpr bool is_float = std::is_same_v<T, float> || is_short_float<T>;

template <typename T>
using Compute = std::conditional_t<is_short_float<T>, float, T>;

}  // namespace pto::host
