// Pointers to global memory. The device reads and writes single elements through them with its scalar unit (`v1[v2]`),
// so the host must see each such access: tools/bisheng/host_source.py makes a GmPointer<T> of every `__gm__ T*`.
#pragma once

#include <cstdint>
#include <type_traits>

#include "pto/common/dtype.hpp"
#include "pto/machine/operations.hpp"

namespace pto::host {

/// *address, read by the scalar unit (pipe S).
template <typename T>
std::remove_const_t<T> load_scalar(const T* address, int line) {
    std::remove_const_t<T> value;
    load_element(reinterpret_cast<uint64_t>(address), DTypeInfo<std::remove_const_t<T>>::id, &value, line);
    return value;
}

/// *address = value, written by the scalar unit (pipe S).
template <typename T>
void store_scalar(T* address, T value, int line) {
    store_element(reinterpret_cast<uint64_t>(address), DTypeInfo<T>::id, &value, line);
}

/// The number of an element, and the line that names it: an implicit conversion knows where it happens.
class GmIndex {
  public:
    template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
    GmIndex(I value, int line = __builtin_LINE()) : value(static_cast<int64_t>(value)), line(line) {}

    const int64_t value;
    const int line;
};

/// `p[i]`: reads when it is converted, writes when it is assigned to.
template <typename T>
class GmElement {
  public:
    using Value = std::remove_const_t<T>;
    struct Nothing {};
    using Wider = std::conditional_t<is_short_float<Value>, float, Nothing>;

    GmElement(T* address, int line) : address_(address), line_(line) {}

    operator Value() const { return load_scalar(address_, line_); }
    /// 16-bit floats are computed with as float.
    operator Wider() const { return load_scalar(address_, line_); }

    const GmElement& operator=(Value value) const {
        store_scalar(address_, value, line_);
        return *this;
    }
    const GmElement& operator=(const GmElement& other) const { return *this = static_cast<Value>(other); }
    GmElement(const GmElement&) = default;

#define PTO_COMPOUND(OPERATOR)                                        \
    template <typename U>                                             \
    const GmElement& operator OPERATOR## = (const U& operand) const { \
        const Value before = load_scalar(address_, line_);            \
        return *this = static_cast<Value>(before OPERATOR operand);   \
    }
    PTO_COMPOUND(+)
    PTO_COMPOUND(-)
    PTO_COMPOUND(*)
    PTO_COMPOUND(/)
#undef PTO_COMPOUND

  private:
    T* const address_;
    const int line_;
};

/// `__gm__ T*`: one address, passed and copied as such.
template <typename T>
class GmPointer {
  public:
    GmPointer() = default;
    GmPointer(T* address) : address_(address) {}
    template <typename U, typename = std::enable_if_t<std::is_convertible_v<U*, T*>>>
    GmPointer(GmPointer<U> other) : address_(other.raw()) {}
    /// C-style casts, from another element type or from a number.
    template <typename U, typename = std::enable_if_t<!std::is_convertible_v<U*, T*>>, typename = void>
    explicit GmPointer(GmPointer<U> other) : address_((T*)(other.raw())) {}
    template <typename I, typename = std::enable_if_t<std::is_integral_v<I> && sizeof(I) == sizeof(uint64_t)>>
    explicit GmPointer(I address) : address_(reinterpret_cast<T*>(static_cast<uintptr_t>(address))) {}

    /// For what moves whole tiles and checks that itself.
    T* raw() const { return address_; }

    template <typename I, typename = std::enable_if_t<std::is_integral_v<I> && sizeof(I) == sizeof(uint64_t)>>
    explicit operator I() const {
        return static_cast<I>(reinterpret_cast<uintptr_t>(address_));
    }
    explicit operator bool() const { return address_ != nullptr; }

    GmElement<T> operator[](GmIndex index) const { return GmElement<T>(address_ + index.value, index.line); }

    GmPointer& operator+=(int64_t elements) { return *this = *this + elements; }
    GmPointer& operator-=(int64_t elements) { return *this = *this - elements; }
    friend GmPointer operator+(GmPointer pointer, int64_t elements) { return GmPointer(pointer.address_ + elements); }
    friend GmPointer operator+(int64_t elements, GmPointer pointer) { return pointer + elements; }
    friend GmPointer operator-(GmPointer pointer, int64_t elements) { return GmPointer(pointer.address_ - elements); }
    friend int64_t operator-(GmPointer a, GmPointer b) { return a.address_ - b.address_; }
    friend bool operator==(GmPointer a, GmPointer b) { return a.address_ == b.address_; }
    friend bool operator!=(GmPointer a, GmPointer b) { return a.address_ != b.address_; }

  private:
    T* address_ = nullptr;
};

template <typename T>
struct IsGmPointer : std::false_type {};
template <typename T>
struct IsGmPointer<GmPointer<T>> : std::true_type {};

/// reinterpret_cast, which a class does not know.
template <typename To, typename From>
To address_cast(const From& from) {
    if constexpr (IsGmPointer<To>::value || IsGmPointer<From>::value) {
        return To(from);
    } else {
        return reinterpret_cast<To>(from);
    }
}

template <typename T>
uint64_t gm_address(T* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}
template <typename T>
uint64_t gm_address(GmPointer<T> pointer) {
    return reinterpret_cast<uint64_t>(pointer.raw());
}

}  // namespace pto::host
