// Views of global memory.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/common/enums.hpp"
#include "pto/machine/operands.hpp"
#include "pto/tile/gm_pointer.hpp"

namespace pto {

namespace host {

/// What Dims hold.
template <bool are_static, int... Values>
struct DimValues {
    int64_t value_[kGmRank] = {Values...};
};
/// Views are made for most transfers: numbers that types know are not written and copied for each.
template <int... Values>
struct DimValues<true, Values...> {
    static constexpr int64_t value_[kGmRank] = {Values...};
};

/// Five integers, each static or (-1) given to the constructor.
template <int... Values>
class Dims : private DimValues<((Values != kDynamic) && ...), Values...> {
  public:
    static_assert(sizeof...(Values) == kGmRank, "a shape or stride of a GlobalTensor has five dimensions");
    static constexpr int kStatic[kGmRank] = {Values...};
    static constexpr int kDynamicCount = ((Values == kDynamic) + ...);

    Dims() = default;

    template <typename... Sizes,
              typename = std::enable_if_t<(sizeof...(Sizes) > 0) && (std::is_integral_v<Sizes> && ...)>>
    explicit Dims(Sizes... sizes) {
        static_assert(sizeof...(Sizes) == kDynamicCount || sizeof...(Sizes) == kGmRank,
                      "a shape or stride is constructed from one value per dynamic (-1) dimension, or from all five");
        if constexpr (kDynamicCount > 0) {
            const int64_t given[] = {static_cast<int64_t>(sizes)...};
            int next = 0;
            for (int d = 0; d < kGmRank; ++d) {
                if (kStatic[d] == kDynamic) {
                    this->value_[d] = given[sizeof...(Sizes) == kGmRank ? d : next];
                    ++next;
                }
            }
        }
    }

    int64_t operator[](int d) const { return this->value_[d]; }
    const int64_t (&values() const)[kGmRank] { return this->value_; }
};

}  // namespace host

template <int... Values>
class Shape : public host::Dims<Values...> {
    using host::Dims<Values...>::Dims;
};

template <int... Values>
class Stride : public host::Dims<Values...> {
    using host::Dims<Values...>::Dims;
};

/// A strided view of up to five dimensions; the last two are the rows and columns of tiles. Strides are in elements.
template <typename DType_, typename Shape_, typename Stride_, Layout Layout_ = Layout::ND>
class GlobalTensor {
  public:
    using DType = DType_;
    using RawDType = DType_;
    static constexpr Layout layout = Layout_;
    static_assert(Layout_ != Layout::NZ, "global tensors are ND or DN: the host does not know NZ in global memory");

    GlobalTensor() = default;
    explicit GlobalTensor(host::GmPointer<DType> data, const Shape_& shape = Shape_(),
                          const Stride_& stride = Stride_())
        : data_(data), shape_(shape), stride_(stride) {}

    host::GmPointer<DType> data() const { return data_; }
    void assign(host::GmPointer<DType> data) { data_ = data; }
    int64_t shape(int d) const { return shape_[d]; }
    int64_t stride(int d) const { return stride_[d]; }
    int GetShape(int d) const { return static_cast<int>(shape_[d]); }
    int64_t GetStride(int d) const { return stride_[d]; }

    /// The same as a value; it refers to this tensor.
    host::View view() const {
        return {host::gm_address(data_), host::DTypeInfo<DType>::id, Layout_, shape_.values(), stride_.values()};
    }

  private:
    host::GmPointer<DType> data_;
    Shape_ shape_;
    Stride_ stride_;
};

namespace host {

template <typename T>
struct IsGlobal : std::false_type {};
template <typename T, typename S, typename St, Layout L>
struct IsGlobal<GlobalTensor<T, S, St, L>> : std::true_type {};
template <typename T>
inline constexpr bool is_global = IsGlobal<T>::value;

}  // namespace host
}  // namespace pto
