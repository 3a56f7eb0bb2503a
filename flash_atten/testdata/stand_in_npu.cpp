// A device library without a device: the callers as bisheng gets them, made C++ by defining the CCE keywords away and by
// turning the launch into a recorded call. The kernel is naive_kernel.cpp.
//
// Macros, 0 unless defined: STAND_IN_FAILS (CANN gives no C2C address), and those of naive_attention.hpp.

#include <cstdint>

#define __gm__
#define __global__
#define AICORE
using half = uint16_t;

namespace {

uint32_t launched_block_dim = 0;
void* launched_stream = nullptr;

void RecordLaunch(uint32_t block_dim, void* stream) {
    launched_block_dim = block_dim;
    launched_stream = stream;
}

}  // namespace

#define PTO_LAUNCH(kernel, block_dim, stream) \
    RecordLaunch(block_dim, stream);         \
    kernel

#define PTO_KERNEL_FILE "flash_atten/testdata/naive_kernel.cpp"
#include PTO_CALLER_FILE

extern "C" int rtGetC2cCtrlAddr(uint64_t* address, uint32_t* length) {
    *address = 0xFF75;
    *length = 8;
    return STAND_IN_FAILS ? 507899 : 0;
}

extern "C" uint32_t stand_in_block_dim() { return launched_block_dim; }
extern "C" void* stand_in_stream() { return launched_stream; }
extern "C" int64_t stand_in_ffts() { return launched_ffts; }
extern "C" int stand_in_combined() { return combined_behind; }
extern "C" void* stand_in_slots(int argument) { return launched_slots[argument]; }
