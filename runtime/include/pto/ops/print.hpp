// TPRINT and cce::printf: the contents of a vec tile, and scalars, on standard output. Each call is one write,
// whichever cores print at the same time.
#pragma once

#include <cstdio>
#include <string>

#include "pto/ops/elementwise.hpp"

namespace pto {
namespace host {

/// Flushed, so that it comes before what the caller prints afterwards.
inline void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

}  // namespace host

template <typename T>
PTO_OUT_OF_LINE void TPRINT(const T& tile, int line = __builtin_LINE()) {
    static_assert(host::is_vec<T>, "TPRINT shows vec tiles only");
    tile.require_assigned("TPRINT", line);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TPRINT, PIPE_S, tile, line).read(tile);
    } else {
        const host::Core& core = host::Core::current(line);
        std::string text = host::format("%s: %d x %d %s\n", core.position(line).c_str(), tile.GetValidRow(),
                                        tile.GetValidCol(), host::DTypeInfo<typename T::DType>::name);
        for (int r = 0; r < tile.GetValidRow(); ++r) {
            for (int c = 0; c < tile.GetValidCol(); ++c) {
                const auto value = tile.data()[r * host::row_stride<T> + c * host::col_stride<T>];
                text += host::format(c ? " %.9g" : "%.9g", static_cast<double>(value));
            }
            text += '\n';
        }
        host::print(text);
    }
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
PTO_OUT_OF_LINE void printf(const char* pattern, T... values) {
    if constexpr (!pto::host::kTrace) pto::host::print(pto::host::format(pattern, host::printable(values)...));
}

}  // namespace cce
