// The machine as one translation unit: its parts share their headers, which takes half the time.
#include "runtime/machine/block.cpp"
#include "runtime/machine/buffers.cpp"
#include "runtime/machine/core.cpp"
#include "runtime/machine/error.cpp"
#include "runtime/machine/interleave.cpp"
#include "runtime/machine/launch.cpp"
#include "runtime/machine/scalar_memory.cpp"
#include "runtime/machine/trace_file.cpp"
