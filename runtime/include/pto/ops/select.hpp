// Comparisons, which give a bit for each element, and selections by such bits. Pipe V.
#pragma once

#include <type_traits>

#include "pto/ops/elementwise.hpp"

namespace pto {
namespace host {

/// Bit c % 8 of byte c / 8 of a row is element c's.
template <typename M>
constexpr void check_mask() {
    static_assert(is_vec<M> && std::is_integral_v<typename M::DType> && M::isRowMajor,
                  "a mask is a row-major vec tile of whole numbers, a bit for each element");
}

}  // namespace host

/// dst = bits of left compared with right. Whole repeats of 256 bytes of elements are compared.
template <typename M, typename A, typename B>
void TCMP(M& dst, const A& left, const B& right, CmpMode mode, int line = __builtin_LINE()) {
    static_assert(host::takes<host::OpId::TCMP, typename A::DType>, "TCMP compares f16, f32 and i32");
    static_assert(std::is_same_v<typename M::DType, uint8_t>, "TCMP writes bits into a tile of uint8_t");
    host::check_mask<M>();
    host::check_vec_operands<A, B>();
    host::compare(host::OpId::TCMP, mode, dst, left, &right, host::Scalar(0), line);
}

/// dst = bits of src compared with scalar.
template <typename M, typename A>
void TCMPS(M& dst, const A& src, typename A::DType scalar, CmpMode mode, int line = __builtin_LINE()) {
    static_assert(host::takes<host::OpId::TCMPS, typename A::DType>, "TCMPS compares f16, f32 and i32");
    static_assert(std::is_same_v<typename M::DType, uint8_t>, "TCMPS writes bits into a tile of uint8_t");
    host::check_mask<M>();
    host::check_vec_operands<A>();
    host::compare(host::OpId::TCMPS, mode, dst, src, nullptr, host::Scalar(scalar), line);
}

/// dst = left where the bit of mask is 1, else right; the device overwrites 32 bytes of scratch.
template <typename D, typename M, typename A, typename B, typename Scratch>
void TSEL(D& dst, const M& mask, const A& left, const B& right, Scratch& scratch, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TSEL);
    host::check_mask<M>();
    host::check_vec_operands<D, A, B>();
    static_assert(host::is_vec<Scratch> && Scratch::kBytes >= 32, "TSEL needs scratch of 32 bytes in UB");
    host::select(host::OpId::TSEL, dst, mask, left, &right, scratch, host::Scalar(0), line);
}

/// dst = src where the bit of mask is 1, else scalar, which the device keeps in scratch.
template <typename D, typename M, typename A, typename Scratch>
void TSELS(D& dst, const M& mask, const A& src, Scratch& scratch, typename D::DType scalar,
           int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TSELS);
    host::check_mask<M>();
    host::check_vec_operands<D, A>();
    static_assert(host::is_vec<Scratch> && Scratch::kBytes >= 32, "TSELS needs scratch of 32 bytes in UB");
    host::select(host::OpId::TSELS, dst, mask, src, nullptr, scratch, host::Scalar(scalar), line);
}

/// dst = left where it is positive, else left * right.
template <typename D, typename A, typename B, typename Scratch>
void TPRELU(D& dst, const A& left, const B& right, Scratch& scratch, int line = __builtin_LINE()) {
    PTO_REQUIRE_TYPE(TPRELU);
    host::check_mask<Scratch>();
    host::check_vec_operands<D, A, B>();
    host::parametric_relu(dst, left, right, scratch, line);
}

}  // namespace pto
