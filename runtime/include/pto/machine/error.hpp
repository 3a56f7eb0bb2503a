// How a kernel fails: an exception that carries the line of the generated C++.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "pto/common/keywords.hpp"

#ifndef PTO_KERNEL_FILE
#define PTO_KERNEL_FILE "kernel.cpp"
#endif

namespace pto::host {

/// The kernel did what the machine cannot do.
class KernelError : public std::runtime_error {
  public:
    KernelError(int line, const std::string& what) : std::runtime_error(what), line_(line) {}
    int line() const { return line_; }

  private:
    int line_;
};

/// Longest message made from a pattern.
inline constexpr int kMessageBytes = 1024;

/// Unwinds a core whose block has already failed elsewhere.
struct Aborted {};

__attribute__((format(printf, 1, 2))) inline std::string format(const char* pattern, ...) {
    char text[kMessageBytes];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return text;
}

/// "kernel.cpp:12", the file being the generated C++ without its directory.
inline std::string source_position(int line) {
    const std::string path = PTO_KERNEL_FILE;
    return path.substr(path.find_last_of('/') + 1) + ":" + std::to_string(line);
}

[[noreturn]] PTO_COLD inline void fail(int line, const std::string& what) { throw KernelError(line, what); }

[[noreturn]] __attribute__((format(printf, 2, 3))) PTO_COLD inline void fail(int line, const char* pattern, ...) {
    char text[kMessageBytes];
    va_list arguments;
    va_start(arguments, pattern);
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    throw KernelError(line, text);
}

}  // namespace pto::host
