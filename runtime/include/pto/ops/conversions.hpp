// Which element types the device converts into which, and how: what ptodsl/dialect/conversions.py says, for C++.
// tools/ptoas/emit_cpp/machine_test.py compares the two.
#pragma once

#include "pto/common/dtype.hpp"
#include "pto/common/enums.hpp"

namespace pto::host {

/// How TCVT gets from a number to one of the destination's type.
enum class Rounding : char {
    Nearest = 'r',  ///< halves to even
    Away = 'a',     ///< to nearest, halves away from zero
    Floor = 'f',
    Ceil = 'c',
    ToZero = 'z',
    ToOdd = 'o'
};

/// What decides whether a value out of range is clamped: nothing, or the saturation mode.
enum class Saturates { Always, AsAsked };

struct Conversion {
    DTypeId from;
    DTypeId to;
    /// A `Rounding` for CAST_RINT, ROUND, FLOOR, CEIL, TRUNC, ODD, NONE.
    const char* rounding;
    Saturates saturates = Saturates::Always;
    /// Whether the device works in the library's scratch (kLibraryScratch).
    bool uses_library_scratch = false;
};

inline constexpr const char* kExact = "rrrrrrr";
inline constexpr const char* kNearest = "rafczrr";
inline constexpr const char* kToOdd = "rafczor";
inline constexpr const char* kToZero = "rafczzz";

inline constexpr Conversion kConversions[] = {
    {DTypeId::F32, DTypeId::F16, kToOdd},
    {DTypeId::F32, DTypeId::F32, kNearest},
    {DTypeId::F32, DTypeId::BF16, kNearest},
    {DTypeId::F32, DTypeId::I32, kToZero},
    {DTypeId::F32, DTypeId::I64, kToZero},
    {DTypeId::F32, DTypeId::I16, kToZero, Saturates::AsAsked},
    {DTypeId::F16, DTypeId::I32, kToZero},
    {DTypeId::F16, DTypeId::I16, kToZero, Saturates::AsAsked},
    {DTypeId::F16, DTypeId::I8, kToZero, Saturates::AsAsked, true},
    {DTypeId::F16, DTypeId::U8, kToZero, Saturates::AsAsked},
    {DTypeId::BF16, DTypeId::I32, kToZero},
    {DTypeId::I16, DTypeId::F16, kNearest},
    {DTypeId::I32, DTypeId::F32, kNearest},
    {DTypeId::I64, DTypeId::F32, kNearest},
    {DTypeId::F16, DTypeId::F32, kExact},
    {DTypeId::BF16, DTypeId::F32, kExact},
    {DTypeId::U8, DTypeId::F16, kExact},
    {DTypeId::I8, DTypeId::F16, kExact},
    {DTypeId::I16, DTypeId::F32, kExact},
    {DTypeId::I32, DTypeId::I64, kExact},
    {DTypeId::I32, DTypeId::F16, kExact},
    {DTypeId::I64, DTypeId::I32, kExact, Saturates::AsAsked},
    {DTypeId::I32, DTypeId::I16, kExact, Saturates::AsAsked},
};

/// For pairs that the device has no code for: its headers compile to nothing, and the destination keeps its bytes.
inline constexpr Conversion kNoConversion = {DTypeId::None, DTypeId::None, kExact};

template <typename From, typename To>
constexpr Conversion conversion_of() {
    for (const Conversion& one : kConversions) {
        if (one.from == DTypeInfo<From>::id && one.to == DTypeInfo<To>::id) return one;
    }
    return kNoConversion;
}

template <typename From, typename To>
inline constexpr bool converts = conversion_of<From, To>().from != DTypeId::None;

inline constexpr Rounding rounding(const Conversion& conversion, RoundMode mode) {
    constexpr int kColumns[] = {6, 0, 1, 2, 3, 4, 5};  // by RoundMode: NONE, RINT, ROUND, FLOOR, CEIL, TRUNC, ODD
    return static_cast<Rounding>(conversion.rounding[kColumns[static_cast<int>(mode)]]);
}

}  // namespace pto::host
