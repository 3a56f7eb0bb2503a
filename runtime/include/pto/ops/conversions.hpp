// Which element types the device converts into which, and how: the table of isa/conversions.py.
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
    Saturates saturates;
    /// Whether the device works in the library's scratch (kLibraryScratch).
    bool uses_library_scratch;
};

inline constexpr Conversion kConversions[] = {
#define PTO_CONVERSION(FROM, TO, ROUNDING, SATURATES, SCRATCH) \
    {DTypeId::FROM, DTypeId::TO, ROUNDING, Saturates::SATURATES, SCRATCH},
    PTO_CONVERSIONS(PTO_CONVERSION)
#undef PTO_CONVERSION
};

/// For pairs that the device has no code for: its headers compile to nothing, and the destination keeps its bytes.
inline constexpr Conversion kNoConversion = {DTypeId::None, DTypeId::None, "", Saturates::Always, false};

constexpr Conversion conversion_of(DTypeId from, DTypeId to) {
    for (const Conversion& one : kConversions) {
        if (one.from == from && one.to == to) return one;
    }
    return kNoConversion;
}

template <typename From, typename To>
constexpr Conversion conversion_of() {
    return conversion_of(DTypeInfo<From>::id, DTypeInfo<To>::id);
}

template <typename From, typename To>
inline constexpr bool converts = conversion_of<From, To>().from != DTypeId::None;

inline constexpr Rounding rounding(const Conversion& conversion, RoundMode mode) {
    constexpr int kColumns[] = {6, 0, 1, 2, 3, 4, 5};  // by RoundMode: NONE, RINT, ROUND, FLOOR, CEIL, TRUNC, ODD
    return static_cast<Rounding>(conversion.rounding[kColumns[static_cast<int>(mode)]]);
}

}  // namespace pto::host
