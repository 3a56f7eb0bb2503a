// A kernel library without a kernel: naive attention behind the same symbols, so that everything around the kernel can be
// tested without building one. Compiled together with caller_host.cpp, whose pto_launch it implements.
//
// Macros, 0 unless defined: STAND_IN_FAILS (report an error instead of working), STAND_IN_SLOWDOWN_MS (sleep), and faults:
// STAND_IN_NO_SCALE (scores are not scaled), STAND_IN_SKIPS_LAST_ROW (the last row of o is not written).

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "flash_atten/caller_host.cpp"

namespace {

constexpr int64_t kHead = 128;

float HalfToFloat(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const int exponent = (half >> 10) & 31;
    const float fraction = static_cast<float>(half & 0x3ffu);
    const float magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024.0f + fraction, exponent - 25);
    return sign ? -magnitude : magnitude;
}

std::vector<float> ToFloat(uint64_t address, int64_t rows) {
    const uint16_t* halves = reinterpret_cast<const uint16_t*>(address);
    std::vector<float> floats(rows * kHead);
    for (size_t i = 0; i < floats.size(); ++i) floats[i] = HalfToFloat(halves[i]);
    return floats;
}

void AttendRow(const float* q, const std::vector<float>& k, const std::vector<float>& v, float* o) {
    const int64_t s1 = static_cast<int64_t>(k.size()) / kHead;
    std::vector<float> score(s1);
    float top = -INFINITY;
    for (int64_t j = 0; j < s1; ++j) {
        for (int64_t d = 0; d < kHead; ++d) score[j] += q[d] * k[j * kHead + d];
        top = std::fmax(top, score[j]);
    }
    const float scale = STAND_IN_NO_SCALE ? 1.0f : 1.0f / std::sqrt(static_cast<float>(kHead));
    float total = 0;
    std::vector<float> sum(kHead);
    for (int64_t j = 0; j < s1; ++j) {
        const float weight = std::exp((score[j] - top) * scale);
        total += weight;
        for (int64_t d = 0; d < kHead; ++d) sum[d] += weight * v[j * kHead + d];
    }
    for (int64_t d = 0; d < kHead; ++d) o[d] = sum[d] / total;
}

}  // namespace

extern "C" const char* pto_last_error() { return "deadlock: no core can go on\n  block 0 vec0 waits in TPOP at line 12"; }

extern "C" int pto_launch(uint32_t, const uint64_t* args, uint32_t nargs) {
    if (STAND_IN_FAILS || nargs != 8) return 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(STAND_IN_SLOWDOWN_MS));
    const int64_t s0 = static_cast<int64_t>(args[6]);
    const int64_t s1 = static_cast<int64_t>(args[7]);
    const std::vector<float> q = ToFloat(args[2], s0), k = ToFloat(args[3], s1), v = ToFloat(args[4], s1);
    float* o = reinterpret_cast<float*>(args[5]);
    for (int64_t row = 0; row < s0 - STAND_IN_SKIPS_LAST_ROW; ++row) AttendRow(&q[row * kHead], k, v, o + row * kHead);
    return 0;
}
