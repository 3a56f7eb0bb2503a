// Factors that are packed once: found by where their elements lie, forgotten when somebody stores there.
#include "runtime/machine/packed_factors.hpp"

#include "harness.hpp"

using namespace pto::host;

namespace {

/// So many fill a worker's own memory.
constexpr size_t kBytes = size_t{64} << 10;
constexpr int kOwn = 32;
constexpr uint64_t kFirst = 0x100000;

PackedKey key_at(uint64_t address, int rows = 32) {
    return {reinterpret_cast<const void*>(address), 32, 1, DTypeId::F16, rows, 32};
}

/// Keeps one; returns its memory.
std::byte* keep(PackedFactors& factors, OwnFactors& own, uint64_t address) {
    std::byte* bytes = factors.reserve(kBytes, own);
    if (bytes) factors.add(key_at(address), address + kBytes, bytes, own);
    return bytes;
}

/// Keeps as many as it can; returns where the elements of the next one would begin.
uint64_t keep_all(PackedFactors& factors, OwnFactors& own, uint64_t address = kFirst) {
    while (keep(factors, own, address)) address += kBytes;
    return address;
}

TEST(a_factor_is_found_by_its_elements_and_their_order) {
    PackedFactors factors;
    OwnFactors own;
    CHECK(!factors.find(key_at(kFirst), own));
    const std::byte* bytes = keep(factors, own, kFirst);
    CHECK(bytes && factors.find(key_at(kFirst), own) == bytes);
    CHECK(!factors.find(key_at(kFirst, 64), own));
    CHECK(!factors.find(key_at(kFirst + 64), own));
}

TEST(a_store_to_elements_makes_all_forgotten_and_ends_the_keeping) {
    PackedFactors factors;
    OwnFactors own, other;
    keep(factors, own, kFirst);
    keep(factors, other, kFirst + 2 * kBytes);
    const auto both_are_found = [&] {
        return factors.find(key_at(kFirst), own) && factors.find(key_at(kFirst + 2 * kBytes), other);
    };
    factors.forget(kFirst - 64, kFirst);
    factors.forget(kFirst + kBytes, kFirst + 2 * kBytes);
    factors.forget(kFirst + 3 * kBytes, kFirst + 4 * kBytes);
    CHECK(both_are_found());
    factors.forget(kFirst + kBytes - 2, kFirst + kBytes);
    CHECK(!factors.find(key_at(kFirst), own));
    CHECK(!factors.find(key_at(kFirst + 2 * kBytes), other));
    CHECK(!factors.reserve(kBytes, own));
}

TEST(the_first_factors_are_the_workers_own) {
    PackedFactors factors;
    OwnFactors own, other;
    const std::byte* bytes = keep(factors, own, kFirst);
    CHECK(!factors.find(key_at(kFirst), other));
    const std::byte* others = keep(factors, other, kFirst);
    CHECK(others && others != bytes && factors.find(key_at(kFirst), other) == others);
    CHECK(factors.find(key_at(kFirst), own) == bytes);
}

TEST(later_ones_are_shared_when_some_are_asked_for_again) {
    PackedFactors factors;
    OwnFactors own, other;
    uint64_t next = keep_all(factors, own);
    CHECK(next == kFirst + kOwn * kBytes);
    CHECK(factors.find(key_at(kFirst), own));
    const uint64_t shared = next;
    next = keep_all(factors, own, next);
    CHECK(next == kFirst + (kOwn + 4) * kBytes);
    CHECK(factors.find(key_at(shared), other));
    CHECK(factors.find(key_at(shared), own) == factors.find(key_at(shared), other));
}

TEST(a_worker_has_the_same_memory_in_the_next_launch) {
    OwnFactors own;
    const std::byte* bytes = keep(*std::make_unique<PackedFactors>(), own, kFirst);
    own.clear();
    PackedFactors next;
    CHECK(!next.find(key_at(kFirst), own));
    CHECK(keep(next, own, kFirst) == bytes);
}

TEST(no_more_are_kept_than_there_is_room_for) {
    PackedFactors factors(3 * kBytes);
    OwnFactors own;
    CHECK(keep_all(factors, own) == kFirst + 3 * kBytes);
}

}  // namespace

HARNESS_MAIN
