// How a kernel fails: an exception that carries the line of the generated C++.
#pragma once

#include <cstdarg>
#include <stdexcept>
#include <string>

#include "pto/common/keywords.hpp"

namespace pto::host {

/// The kernel did what the machine cannot do.
class KernelError : public std::runtime_error {
  public:
    KernelError(int line, const std::string& what) : std::runtime_error(what), line_(line) {}
    int line() const { return line_; }

  private:
    int line_;
};

/// Unwinds a core whose block has already failed elsewhere.
struct Aborted {};

/// As std::sprintf, where 64 bits are %ld and %lu as on every 64-bit Linux; at most kMessageBytes.
__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);
inline constexpr int kMessageBytes = 1024;
std::string format_list(const char* pattern, va_list arguments);

/// Throws KernelError.
[[noreturn]] PTO_COLD void fail(int line, const std::string& what);
[[noreturn]] __attribute__((format(printf, 2, 3))) PTO_COLD void fail(int line, const char* pattern, ...);

}  // namespace pto::host
