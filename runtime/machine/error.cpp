#include "runtime/machine/error.hpp"

#include <cstdio>

namespace pto::host {

std::string format_list(const char* pattern, va_list arguments) {
    char text[kMessageBytes];
    std::vsnprintf(text, sizeof text, pattern, arguments);
    return text;
}

std::string format(const char* pattern, ...) {
    va_list arguments;
    va_start(arguments, pattern);
    const std::string text = format_list(pattern, arguments);
    va_end(arguments);
    return text;
}

void fail(int line, const std::string& what) { throw KernelError(line, what); }

void fail(int line, const char* pattern, ...) {
    va_list arguments;
    va_start(arguments, pattern);
    const std::string text = format_list(pattern, arguments);
    va_end(arguments);
    throw KernelError(line, text);
}

}  // namespace pto::host
