// TPRINT: the contents of a vec tile on standard output.
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
