// Views of global memory.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/common/enums.hpp"
#include "pto/machine/core.hpp"
#include "pto/tile/gm_pointer.hpp"
#include "pto/tile/tile.hpp"

namespace pto {

namespace host {

/// Five integers, each static or (-1) given to the constructor.
template <int... Values>
class Dims {
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
        const int64_t given[] = {static_cast<int64_t>(sizes)...};
        int next = 0;
        for (int d = 0; d < kGmRank; ++d) {
            if (kStatic[d] == kDynamic) {
                value_[d] = given[sizeof...(Sizes) == kGmRank ? d : next];
                ++next;
            }
        }
    }

    int64_t operator[](int d) const { return value_[d]; }
    const int64_t (&values() const)[kGmRank] { return value_; }

  private:
    int64_t value_[kGmRank] = {Values...};
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

    /// Rows of the tile that the view fills: all dimensions but the last.
    int64_t rows() const { return shape_[0] * shape_[1] * shape_[2] * shape_[3]; }
    int64_t cols() const { return shape_[4]; }
    /// Elements from the first to past the last.
    int64_t extent() const {
        int64_t last = 0;
        for (int d = 0; d < host::kGmRank; ++d) last += (shape_[d] - 1) * stride_[d];
        return last + 1;
    }
    const Shape_& shapes() const { return shape_; }
    const Stride_& strides() const { return stride_; }

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

/// Calls visit(plane, first_row) for each [shape 3, shape 4] plane of a view.
template <typename Global, typename Visit>
void for_each_plane(const Global& gm, Visit visit) {
    int64_t first_row = 0;
    for (int64_t i = 0; i < gm.shape(0); ++i) {
        for (int64_t j = 0; j < gm.shape(1); ++j) {
            for (int64_t k = 0; k < gm.shape(2); ++k) {
                visit(gm.data().raw() + i * gm.stride(0) + j * gm.stride(1) + k * gm.stride(2), first_row);
                first_row += gm.shape(3);
            }
        }
    }
}

/// A transfer must fill the valid part of its tile exactly.
template <typename T, typename Global>
void require_same_size(const char* op, const T& tile, const Global& gm, int line) {
    if (gm.rows() == tile.GetValidRow() && gm.cols() == tile.GetValidCol()) return;
    fail(line, "%s between a global tensor of %lld x %lld and a tile with %d x %d valid elements: they must be equal",
         op, static_cast<long long>(gm.rows()), static_cast<long long>(gm.cols()), tile.GetValidRow(),
         tile.GetValidCol());
}

/// Before a tile operation touches a view: see Core::begin_gm_access.
template <typename Global>
void begin_gm_access(const char* op, const Global& gm, int line) {
    Core::current(line).begin_gm_access(op, gm_address(gm.data()), sizeof(typename Global::DType), gm.shapes().values(),
                                        gm.strides().values(), line);
}

}  // namespace host
}  // namespace pto
