#include "pto/machine/error.hpp"

#include <cstdarg>
#include <cstdio>

namespace pto::host {

namespace {

std::string format_arguments(const char* pattern, va_list arguments) {
    char text[kMessageBytes];
    std::vsnprintf(text, sizeof text, pattern, arguments);
    return text;
}

}  // namespace

std::string format(const char* pattern, ...) {
    va_list arguments;
    va_start(arguments, pattern);
    const std::string text = format_arguments(pattern, arguments);
    va_end(arguments);
    return text;
}

void fail(int line, const std::string& what) { throw KernelError(line, what); }

void fail(int line, const char* pattern, ...) {
    va_list arguments;
    va_start(arguments, pattern);
    const std::string text = format_arguments(pattern, arguments);
    va_end(arguments);
    throw KernelError(line, text);
}

}  // namespace pto::host
