// Factors that blocks share: found by where their elements lie, forgotten when somebody stores there.
#include "runtime/machine/packed_factors.hpp"

#include "harness.hpp"

using namespace pto::host;

namespace {

constexpr size_t kBytes = 4096;
constexpr uint64_t kEnd = 0x100000 + kBytes;

PackedKey key_at(uint64_t address, int rows = 32) {
    return {reinterpret_cast<const void*>(address), 32, 1, DTypeId::F16, rows, 32};
}

/// Keeps one; returns its memory.
std::byte* keep(PackedFactors& factors, uint64_t address) {
    std::byte* bytes = factors.reserve(kBytes);
    if (bytes) factors.add(key_at(address), address + kBytes, bytes);
    return bytes;
}

TEST(a_factor_is_found_by_its_elements_and_their_order) {
    PackedFactors factors;
    CHECK(!factors.find(key_at(0x100000)));
    const std::byte* bytes = keep(factors, 0x100000);
    CHECK(bytes && factors.find(key_at(0x100000)) == bytes);
    CHECK(!factors.find(key_at(0x100000, 64)));
    CHECK(!factors.find(key_at(0x100040)));
}

TEST(a_store_to_its_elements_makes_it_forgotten_and_ends_the_keeping) {
    PackedFactors factors;
    keep(factors, 0x100000);
    const std::byte* other = keep(factors, kEnd);
    factors.forget(kEnd - kBytes - 64, kEnd - kBytes);
    CHECK(factors.find(key_at(0x100000)));
    factors.forget(kEnd - 2, kEnd);
    CHECK(!factors.find(key_at(0x100000)));
    CHECK(factors.find(key_at(kEnd)) == other);
    CHECK(!factors.reserve(kBytes));
}

TEST(more_are_kept_when_some_are_asked_for_again) {
    PackedFactors factors;
    uint64_t address = 0x100000;
    int kept = 0;
    for (; keep(factors, address); address += kBytes) ++kept;
    CHECK(kept == 16);
    CHECK(factors.find(key_at(0x100000)));
    for (; keep(factors, address); address += kBytes) ++kept;
    CHECK(kept == 20);
}

TEST(no_more_are_kept_than_there_is_room_for) {
    PackedFactors factors(3 * kBytes);
    int kept = 0;
    for (uint64_t address = 0x100000; keep(factors, address); address += kBytes) ++kept;
    CHECK(kept == 3);
}

}  // namespace

HARNESS_MAIN
