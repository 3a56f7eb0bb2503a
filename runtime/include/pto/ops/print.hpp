// TPRINT and cce::printf: the contents of a vec tile, and scalars, on standard output. Each call is one write,
// whichever cores print at the same time.
#pragma once

#include <type_traits>

#include "pto/machine/operations.hpp"
#include "pto/tile/global_tensor.hpp"
#include "pto/tile/tile.hpp"

namespace pto {

template <typename T, typename = std::enable_if_t<host::is_tile<T>>>
void TPRINT(const T& tile, int line = __builtin_LINE()) {
    static_assert(host::is_vec<T>, "TPRINT shows vec tiles only");
    host::print_tile(tile, line);
}

/// A tile of the cube; the device prints it through global memory.
template <typename T, typename Global, typename = std::enable_if_t<host::is_global<Global>>>
void TPRINT(const T& tile, const Global&, int line = __builtin_LINE()) {
    static_assert(T::Loc == TileType::Vec || T::Loc == TileType::Acc || T::Loc == TileType::Mat,
                  "TPRINT shows vec, acc and mat tiles");
    host::print_tile(tile, line);
}

/// The elements of global memory.
template <typename Global, typename = std::enable_if_t<host::is_global<Global>>, typename = void>
void TPRINT(const Global& gm, int line = __builtin_LINE()) {
    host::print_view(gm.view(), line);
}

}  // namespace pto

namespace cce {

namespace host {

/// What a vararg can carry.
template <typename T>
auto printable(T value) {
    if constexpr (pto::host::is_short_float<T>) {
        return static_cast<double>(static_cast<float>(value));
    } else {
        return value;
    }
}

}  // namespace host

/// As std::printf, of integers and floats. Trace mode computes nothing, and prints nothing.
template <typename... T>
void printf(const char* pattern, T... values) {
    pto::host::print_text(pattern, host::printable(values)...);
}

}  // namespace cce
