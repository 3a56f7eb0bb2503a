// Which element types an operation exists for: the table of isa/ops.py.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/machine/op_ids.hpp"

namespace pto::host {

template <OpId op, typename T>
inline constexpr bool takes = (kTypes[static_cast<int>(op)] >> static_cast<int>(DTypeInfo<T>::id) & 1) != 0;

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
                  #NAME " does not exist for this element type: see isa/ops.py")
