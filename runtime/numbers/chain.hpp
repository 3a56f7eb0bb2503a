// Several element-wise steps on f32 in one pass, in registers.
#pragma once

#include <algorithm>

#include "runtime/numbers/map.hpp"

namespace pto::host::PTO_LEVEL {

template <int count>
PTO_INLINE void chain_step(ChainOp op, float operand, FloatV (&x)[count]) {
    const FloatV value = splat(operand);
    switch (op) {
        case ChainOp::Add:
            return for_each_vector<count>([&](int v) { x[v] = x[v] + value; });
        case ChainOp::Sub:
            return for_each_vector<count>([&](int v) { x[v] = x[v] - value; });
        case ChainOp::Mul:
            return for_each_vector<count>([&](int v) { x[v] = x[v] * value; });
        case ChainOp::Exp:
            return exp_vectors(x);
    }
}

/// dst = the steps on `count` vectors of run `r`.
template <int count>
PTO_INLINE void chain_vectors(const Chain& chain, size_t r, float* dst, const float* src) {
    FloatV x[count];
    for_each_vector<count>([&](int v) { x[v] = load_vector(src + v * kLanes); });
    for (uint32_t s = 0; s < chain.count; ++s) chain_step(chain.ops[s], chain.values[s][r], x);
    for_each_vector<count>([&](int v) { store_vector(dst + v * kLanes, x[v]); });
}

inline void chain(const Chain& chain, size_t first, Extent extent, Block2D dst, Source2D src) {
    constexpr size_t kTurn = kExpVectors * kLanes;
    for (size_t r = 0; r < extent.runs; ++r) {
        float* to = run<float>(dst, r);
        const float* from = run<float>(src, r);
        size_t i = 0;
        for (; i + kTurn <= extent.count; i += kTurn) chain_vectors<kExpVectors>(chain, first + r, to + i, from + i);
        for (; i + kLanes <= extent.count; i += kLanes) chain_vectors<1>(chain, first + r, to + i, from + i);
        if (i == extent.count) continue;
        float rest[kLanes] = {};
        std::copy(from + i, from + extent.count, rest);
        chain_vectors<1>(chain, first + r, rest, rest);
        std::copy(rest, rest + (extent.count - i), to + i);
    }
}

}  // namespace pto::host::PTO_LEVEL
