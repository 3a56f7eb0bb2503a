// Element-wise vector operations: dst = f(a), f(a, b), f(a, scalar). Pipe V.
#pragma once

#include <cmath>
#include <type_traits>

#include "pto/ops/element_types.hpp"
#include "pto/ops/record.hpp"
#include "pto/ops/scratch.hpp"
#include "pto/ops/simd.hpp"
#include "pto/ops/spans.hpp"

namespace pto {
namespace host {

struct Add {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a + b);
    }
};
struct Sub {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a - b);
    }
};
struct Mul {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a * b);
    }
};
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
struct Max {
    template <typename T>
    T operator()(T a, T b) const {
        return nan_max(a, b);
    }
};
struct Min {
    template <typename T>
    T operator()(T a, T b) const {
        return nan_min(a, b);
    }
};
struct And {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a & b);
    }
};
struct Or {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a | b);
    }
};
struct Xor {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a ^ b);
    }
};
struct Shl {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) << b);
    }
};
struct Shr {
    template <typename T>
    T operator()(T a, T b) const {
        return static_cast<T>(a >> b);
    }
};
struct Fmod {
    float operator()(float a, float b) const { return a - std::trunc(a / b) * b; }
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
struct Copy {
    template <typename T>
    T operator()(T a) const {
        return a;
    }
};

template <typename D, typename... S>
constexpr void check_vec_operands() {
    static_assert(is_vec<D> && (is_vec<S> && ...), "a vector operation works on vec tiles (TileType::Vec, in UB) only");
    static_assert((std::is_same_v<typename D::DType, typename S::DType> && ...),
                  "element-wise operands must have the same element type as the destination: TCVT converts");
    static_assert((same_valid_shape<D, S> && ...),
                  "element-wise operands must have the same valid rows and columns as the destination");
}

/// Checks at run time what types leave open: addresses and dynamic sizes.
template <typename D, typename... S>
void require_operands(OpId op, int line, const D& dst, const S&... src) {
    dst.require_assigned(name(op), line);
    (src.require_assigned(name(op), line), ...);
    const bool same = ((src.GetValidRow() == dst.GetValidRow() && src.GetValidCol() == dst.GetValidCol()) && ...);
    if (same) return;
    std::string sizes = format("%d x %d", dst.GetValidRow(), dst.GetValidCol());
    ((sizes += format(", %d x %d", src.GetValidRow(), src.GetValidCol())), ...);
    fail(line, std::string(name(op)) + " on tiles of different valid sizes (destination first): " + sizes);
}

template <typename F, typename D, typename... S>
void elementwise(OpId op, F f, int line, D& dst, const S&... src) {
    check_vec_operands<D, S...>();
    require_operands(op, line, dst, src...);
    if constexpr (kTrace) {
        Recorder recorder(op, PIPE_V, dst, line);
        (recorder.read(src), ...);
        recorder.write(dst);
    } else {
        for_each_run<D, S...>(dst, [&](size_t count, size_t to, auto... from) {
            map_span(f, count, dst.data() + to, src.data() + from...);
        });
    }
}

template <typename F, typename D, typename S>
void with_scalar(OpId op, F f, int line, D& dst, const S& src, typename D::DType scalar) {
    using T = Compute<typename D::DType>;
    const T right = static_cast<T>(scalar);
    elementwise(op, [f, right](T left) { return f(left, right); }, line, dst, src);
}

}  // namespace host

#define PTO_BINARY_OP(NAME, FUNCTION)                                                               \
    template <typename D, typename A, typename B>                                                   \
    PTO_OUT_OF_LINE void NAME(D& dst, const A& left, const B& right, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                                     \
        host::elementwise(host::OpId::NAME, host::FUNCTION{}, line, dst, left, right);              \
    }
PTO_BINARY_OPS(PTO_BINARY_OP)
#undef PTO_BINARY_OP

namespace host {

/// dst = f(left, right); the device computes it in several steps, with `scratch` for what is between them.
template <typename F, typename D, typename A, typename B, typename Scratch>
void with_scratch(OpId op, F f, int line, D& dst, const A& left, const B& right, Scratch& scratch) {
    check_vec_operands<D, A, B, Scratch>();
    require_operands(op, line, dst, left, right, scratch);
    if constexpr (kTrace) {
        Recorder(op, PIPE_V, dst, line).read(left).read(right).scratch(scratch).write(dst);
    } else {
        elementwise(op, f, line, dst, left, right);
        if (scratch.address() != dst.address()) spoil(scratch);
    }
}

}  // namespace host

#define PTO_BINARY_SCRATCH_OP(NAME, FUNCTION)                                                                         \
    template <typename D, typename A, typename B, typename Scratch>                                                   \
    PTO_OUT_OF_LINE void NAME(D& dst, const A& left, const B& right, Scratch& scratch, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                                                       \
        host::with_scratch(host::OpId::NAME, host::FUNCTION{}, line, dst, left, right, scratch);                      \
    }
PTO_BINARY_SCRATCH_OPS(PTO_BINARY_SCRATCH_OP)
#undef PTO_BINARY_SCRATCH_OP

#define PTO_SCALAR_OP(NAME, FUNCTION)                                                                        \
    template <typename D, typename A>                                                                        \
    PTO_OUT_OF_LINE void NAME(D& dst, const A& src, typename D::DType scalar, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                                              \
        host::with_scalar(host::OpId::NAME, host::FUNCTION{}, line, dst, src, scalar);                       \
    }
PTO_TILE_SCALAR_OPS(PTO_SCALAR_OP)
#undef PTO_SCALAR_OP

/// dst = src / scalar. In place the device multiplies floats by the reciprocal of the scalar, which rounds otherwise.
template <typename D, typename A>
PTO_OUT_OF_LINE void TDIVS(D& dst, const A& src, typename D::DType scalar, int line = __builtin_LINE()) {
    using T = typename D::DType;
    PTO_REQUIRE_TYPE(TDIVS);
    if constexpr (host::is_float<T>) {
        if (dst.address() == src.address()) {
            const T reciprocal = static_cast<T>(1.0f / static_cast<float>(scalar));
            return host::with_scalar(host::OpId::TDIVS, host::Mul{}, line, dst, src, reciprocal);
        }
    }
    host::with_scalar(host::OpId::TDIVS, host::Div{}, line, dst, src, scalar);
}

#define PTO_UNARY_OP(NAME, FUNCTION)                                               \
    template <typename D, typename A>                                              \
    PTO_OUT_OF_LINE void NAME(D& dst, const A& src, int line = __builtin_LINE()) { \
        PTO_REQUIRE_TYPE(NAME);                                                    \
        host::elementwise(host::OpId::NAME, host::FUNCTION{}, line, dst, src);     \
    }
PTO_UNARY_OPS(PTO_UNARY_OP)
#undef PTO_UNARY_OP

/// dst[r][c] = scalar
template <typename D>
PTO_OUT_OF_LINE void TEXPANDS(D& dst, typename D::DType scalar, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TEXPANDS);
    using T = host::Compute<typename D::DType>;
    host::elementwise(host::OpId::TEXPANDS, [value = static_cast<T>(scalar)] { return value; }, line, dst);
}

namespace host {

/// exp of a run, whole vectors first.
inline void exp_span(size_t count, float* dst, const float* src) {
    size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) store_vector(dst + i, exp_vector(load_vector(src + i)));
    if (i == count) return;
    float rest[kLanes] = {};
    std::memcpy(rest, src + i, (count - i) * sizeof(float));
    store_vector(rest, exp_vector(load_vector(rest)));
    std::memcpy(dst + i, rest, (count - i) * sizeof(float));
}

template <typename T>
void exp_span(size_t count, T* dst, const T* src) {
    float wide[kPiece];
    for (size_t begin = 0; begin < count; begin += kPiece) {
        const size_t size = std::min(kPiece, count - begin);
        widen_span(wide, src + begin, size);
        exp_span(size, wide, wide);
        narrow_span(dst + begin, wide, size);
    }
}

}  // namespace host

/// dst = exp(src)
template <typename D, typename A>
PTO_OUT_OF_LINE void TEXP(D& dst, const A& src, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TEXP);
    host::check_vec_operands<D, A>();
    host::require_operands(host::OpId::TEXP, line, dst, src);
    if constexpr (host::kTrace) {
        host::Recorder(host::OpId::TEXP, PIPE_V, dst, line).read(src).write(dst);
    } else {
        host::for_each_run<D, A>(dst, [&](size_t count, size_t to, size_t from) {
            host::exp_span(count, dst.data() + to, src.data() + from);
        });
    }
}

}  // namespace pto
