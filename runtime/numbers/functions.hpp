// The arithmetic of element-wise operations, by the names of the functors in isa/ops.py.
#pragma once

#include <cmath>
#include <type_traits>

#include "runtime/numbers/simd.hpp"

namespace pto::host::PTO_LEVEL {

/// Functors of two operands of any type.
#define PTO_OF_TWO(NAME, RESULT)           \
    struct NAME {                          \
        template <typename T>              \
        T operator()(T a, T b) const {     \
            return static_cast<T>(RESULT); \
        }                                  \
    };
PTO_OF_TWO(Add, (a + b))
PTO_OF_TWO(Sub, (a - b))
PTO_OF_TWO(Mul, (a * b))
PTO_OF_TWO(Max, (nan_max(a, b)))
PTO_OF_TWO(Min, (nan_min(a, b)))
PTO_OF_TWO(And, (a & b))
PTO_OF_TWO(Or, (a | b))
PTO_OF_TWO(Xor, (a ^ b))
PTO_OF_TWO(Shl, (static_cast<std::make_unsigned_t<T>>(a) << b))
PTO_OF_TWO(Shr, (a >> b))
#undef PTO_OF_TWO

struct Div {
    template <typename T>
    T operator()(T a, T b) const {
        if constexpr (std::is_integral_v<T>) {
            if (b == 0) return T{0};
            if (std::is_signed_v<T> && b == T(-1)) return static_cast<T>(-a);  // the smallest integer wraps
        }
        return static_cast<T>(a / b);
    }
};
struct Fmod {
    float operator()(float a, float b) const { return a - std::trunc(a / b) * b; }
};
struct Lrelu {
    float operator()(float a, float slope) const { return a > 0 ? a : a * slope; }
};
struct ExpDif {
    float operator()(float a, float b) const { return std::exp(a - b); }
};
struct Log {
    float operator()(float a) const { return std::log(a); }
};
struct Sqrt {
    float operator()(float a) const { return std::sqrt(a); }
};
struct Rsqrt {
    float operator()(float a) const { return 1.0f / std::sqrt(a); }
};
struct Recip {
    float operator()(float a) const { return 1.0f / a; }
};
struct Relu {
    template <typename T>
    T operator()(T a) const {
        return a < T{0} ? T{0} : a;
    }
};
struct Abs {
    template <typename T>
    T operator()(T a) const {
        if constexpr (std::is_floating_point_v<T>) return std::fabs(a);
        return static_cast<T>(a < T{0} ? -a : a);
    }
};
struct Neg {
    template <typename T>
    T operator()(T a) const {
        return static_cast<T>(-a);
    }
};
struct Not {
    template <typename T>
    T operator()(T a) const {
        return static_cast<T>(~a);
    }
};
/// For runs only: see map_run.
struct Exp {};

}  // namespace pto::host::PTO_LEVEL
