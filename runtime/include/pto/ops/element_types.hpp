// Which element types an operation exists for: what `ALLOWED` says in ptodsl/dialect, for C++, and the operations that
// the dialect has not. tools/ptoas/emit_cpp/machine_test.py compares the two. Source: the A3 headers of the PTO tile
// ISA (August 2026) and ptoas 0.48, of which neither takes more.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/machine/trace.hpp"

namespace pto::host {

/// A bit per DTypeId.
using TypeSet = uint32_t;

template <typename... Ids>
constexpr TypeSet type_set(Ids... ids) {
    return ((TypeSet{1} << static_cast<int>(ids)) | ...);
}

inline constexpr TypeSet kFloats = type_set(DTypeId::F32, DTypeId::F16);
inline constexpr TypeSet kNumbers = kFloats | type_set(DTypeId::I32, DTypeId::I16);
inline constexpr TypeSet kBits = type_set(DTypeId::I16, DTypeId::I8, DTypeId::U16, DTypeId::U8);
/// Elements of 1, 2 and 4 bytes.
inline constexpr TypeSet kShort = kNumbers | kBits | type_set(DTypeId::BF16, DTypeId::U32);

/// The element types that an operation exists for; none for operations that do not work element by element.
constexpr TypeSet types_of(OpId op) {
    switch (op) {
        case OpId::TADD:
        case OpId::TSUB:
        case OpId::TMUL:
        case OpId::TMAX:
        case OpId::TMIN:
        case OpId::TADDS:
        case OpId::TSUBS:
        case OpId::TMULS:
        case OpId::TDIVS:
        case OpId::TMAXS:
        case OpId::TMINS:
        case OpId::TNEG:
        case OpId::TROWSUM:
        case OpId::TROWMAX:
        case OpId::TROWMIN:
        case OpId::TCOLSUM:
        case OpId::TCOLMAX:
        case OpId::TCOLMIN:
        case OpId::TROWEXPANDADD:
        case OpId::TROWEXPANDSUB:
        case OpId::TROWEXPANDMUL:
        case OpId::TROWEXPANDMAX:
        case OpId::TROWEXPANDMIN:
        case OpId::TCOLEXPANDADD:
        case OpId::TCOLEXPANDSUB:
        case OpId::TCOLEXPANDMUL:
        case OpId::TCOLEXPANDMAX:
        case OpId::TCOLEXPANDMIN:
            return kNumbers;
        case OpId::TDIV:
        case OpId::TEXP:
        case OpId::TLOG:
        case OpId::TSQRT:
        case OpId::TRSQRT:
        case OpId::TRECIP:
        case OpId::TABS:
        case OpId::TROWEXPANDDIV:
        case OpId::TCOLEXPANDDIV:
            return kFloats;
        case OpId::TRELU:
            return kFloats | type_set(DTypeId::I32);
        case OpId::TAND:
        case OpId::TOR:
        case OpId::TXOR:
            return kBits;
        case OpId::TNOT:
            return type_set(DTypeId::I16, DTypeId::U16);
        case OpId::TEXPANDS:
            return kNumbers | type_set(DTypeId::BF16);
        case OpId::TROWEXPAND:
        case OpId::TCOLEXPAND:
            return kShort;
        default:
            return 0;
    }
}

template <OpId op, typename T>
inline constexpr bool takes = (types_of(op) & type_set(DTypeInfo<T>::id)) != 0;

/// Whether FIX moves an accumulator of `From` to L1 as `To`; other pairs need a scale, which TMOV has not.
template <typename From, typename To>
inline constexpr bool fix_moves = std::is_same_v<From, float> && is_short_float<To>;

/// Whether FIX stores an accumulator of `From` to global memory as `To`.
template <typename From, typename To>
inline constexpr bool fix_stores = fix_moves<From, To> || (std::is_same_v<From, To> && sizeof(From) == 4);

/// Whether the matrix unit multiplies elements of type `In` into an accumulator of `Out`.
template <typename In, typename Out>
inline constexpr bool multiplies =
    (is_float<In> && std::is_same_v<Out, float>) || (std::is_same_v<In, int8_t> && std::is_same_v<Out, int32_t>);

}  // namespace pto::host

/// In an operation whose destination is a D.
#define PTO_REQUIRE_TYPE(NAME)                                                    \
    static_assert(::pto::host::takes<::pto::host::OpId::NAME, typename D::DType>, \
                  #NAME " does not exist for this element type: see types_of in pto/ops/element_types.hpp")
