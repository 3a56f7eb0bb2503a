// Several element-wise steps on f32 in one pass, in registers.
#pragma once

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

inline void chain(const Chain& chain, size_t first, Extent extent, Block2D dst, Source2D src) {
    for (size_t r = 0; r < extent.runs; ++r) {
        for_vectors_of_run(extent.count, run<float>(dst, r), run<float>(src, r),
                           [&](auto vectors, float* to, const float* from) {
                               FloatV x[vectors];
                               for_each_vector<vectors>([&](int v) { x[v] = load_vector(from + v * kLanes); });
                               for (uint32_t s = 0; s < chain.count; ++s)
                                   chain_step(chain.ops[s], chain.values[s][first + r], x);
                               for_each_vector<vectors>([&](int v) { store_vector(to + v * kLanes, x[v]); });
                           });
    }
}

}  // namespace pto::host::PTO_LEVEL
