// Attention in the plainest C++: what the stand-ins for a kernel compute. Included once per library.
//
// Macros, 0 unless defined: STAND_IN_NO_SCALE (scores are not scaled), STAND_IN_SKIPS_LAST_ROW (the last row of o is not
// written).

#include <cmath>
#include <cstdint>
#include <vector>

namespace {

constexpr int64_t kNaiveHead = 128;

float HalfToFloat(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const int exponent = (half >> 10) & 31;
    const float fraction = static_cast<float>(half & 0x3ffu);
    float magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024.0f + fraction, exponent - 25);
    if (exponent == 31) magnitude = fraction == 0 ? INFINITY : NAN;
    return sign ? -magnitude : magnitude;
}

std::vector<float> ToFloat(const uint16_t* halves, int64_t rows) {
    std::vector<float> floats(rows * kNaiveHead);
    for (size_t i = 0; i < floats.size(); ++i) floats[i] = HalfToFloat(halves[i]);
    return floats;
}

/// Returns the log-sum-exp of the scaled scores.
float AttendRow(const float* q, const std::vector<float>& k, const std::vector<float>& v, float* o) {
    const int64_t s1 = static_cast<int64_t>(k.size()) / kNaiveHead;
    std::vector<float> score(s1);
    float top = -INFINITY;
    for (int64_t j = 0; j < s1; ++j) {
        for (int64_t d = 0; d < kNaiveHead; ++d) score[j] += q[d] * k[j * kNaiveHead + d];
        top = std::fmax(top, score[j]);
    }
    const float scale = STAND_IN_NO_SCALE ? 1.0f : 1.0f / std::sqrt(static_cast<float>(kNaiveHead));
    float total = 0;
    std::vector<float> sum(kNaiveHead);
    for (int64_t j = 0; j < s1; ++j) {
        const float weight = std::exp((score[j] - top) * scale);
        total += weight;
        for (int64_t d = 0; d < kNaiveHead; ++d) sum[d] += weight * v[j * kNaiveHead + d];
    }
    for (int64_t d = 0; d < kNaiveHead; ++d) o[d] = sum[d] / total;
    return top * scale + std::log(total);
}

/// `lse`, if there is one, gets the log-sum-exps of the rows.
void NaiveAttention(const uint16_t* q, const uint16_t* k, const uint16_t* v, float* o, int64_t s0, int64_t s1,
                    float* lse = nullptr) {
    const std::vector<float> queries = ToFloat(q, s0), keys = ToFloat(k, s1), values = ToFloat(v, s1);
    for (int64_t row = 0; row < s0 - STAND_IN_SKIPS_LAST_ROW; ++row) {
        const float of_row = AttendRow(&queries[row * kNaiveHead], keys, values, o + row * kNaiveHead);
        if (lse != nullptr) lse[row] = of_row;
    }
}

}  // namespace
