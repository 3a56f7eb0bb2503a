// What kernels print on standard output: the contents of a vec tile, and numbers.
#pragma once

#include <cstdio>
#include <string>

#include "pto/ops/elementwise.hpp"

namespace pto {

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
        std::fputs(text.c_str(), stdout);
    }
}

}  // namespace pto

namespace cce {

/// One number, in printf's format.
template <typename T>
void printf(const char* format, T value) {
    if constexpr (!pto::host::kTrace) std::printf(format, static_cast<pto::host::Compute<T>>(value));
}

}  // namespace cce
