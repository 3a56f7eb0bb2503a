// Factors that are packed once: found by where their elements lie, forgotten when somebody stores there.
#include "runtime/machine/packed_factors.hpp"

#include "harness.hpp"

using namespace pto::host;

namespace {

/// So many fill a worker's own memory.
constexpr size_t kBytes = size_t{64} << 10;
constexpr int kOwn = 32;
/// So many are shared before any is asked for again.
constexpr int kAtOnce = 32;
constexpr uint64_t kFirst = 0x100000;

PackedKey key_at(uint64_t address, int rows = 32) {
    return {reinterpret_cast<const void*>(address), 32, 1, DTypeId::F16, rows, 32};
}

/// Keeps one; returns its memory.
std::byte* keep(PackedFactors& factors, OwnFactors& own, uint64_t address) {
    std::byte* bytes = factors.reserve(key_at(address), kBytes, own);
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
    CHECK(!keep(factors, own, kFirst + 4 * kBytes));
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

TEST(later_ones_are_shared_and_more_of_them_when_some_are_asked_for_again) {
    PackedFactors factors;
    OwnFactors own, other;
    uint64_t next = keep_all(factors, own);
    CHECK(next == kFirst + (kOwn + kAtOnce) * kBytes);
    const uint64_t shared = kFirst + kOwn * kBytes;
    CHECK(!factors.find(key_at(kFirst), other));
    CHECK(factors.find(key_at(shared), other));
    CHECK(factors.find(key_at(shared), own) == factors.find(key_at(shared), other));
    next = keep_all(factors, own, next);
    CHECK(next == kFirst + (kOwn + kAtOnce + 3 * 4) * kBytes);
}

TEST(factors_of_a_large_buffer_are_shared_from_the_first_one_on) {
    constexpr uint64_t kLarge = uint64_t{1} << 32, kEnd = kLarge + (4 << 20);
    PackedFactors factors(SIZE_MAX, {{kFirst, kFirst + kBytes}, {kLarge, kEnd}});
    OwnFactors own, other;
    keep(factors, own, kFirst);
    keep(factors, own, kLarge);
    keep(factors, own, kEnd);
    CHECK(!factors.find(key_at(kFirst), other));
    CHECK(!factors.find(key_at(kEnd), other));
    const std::byte* bytes = factors.find(key_at(kLarge), other);
    CHECK(bytes && factors.find(key_at(kLarge), own) == bytes);
}

TEST(half_of_the_room_is_left_for_what_all_share) {
    PackedFactors factors(8 * kBytes);
    OwnFactors own, other, third;
    for (int i : {0, 1}) {
        keep(factors, own, kFirst + i * kBytes);
        keep(factors, other, kFirst + i * kBytes);
    }
    CHECK(!factors.find(key_at(kFirst), third));
    keep(factors, third, kFirst);
    CHECK(factors.find(key_at(kFirst), third));
    keep(factors, own, kFirst + 2 * kBytes);
    CHECK(factors.find(key_at(kFirst + 2 * kBytes), third));
}

TEST(a_shared_factor_is_packed_once) {
    PackedFactors factors(SIZE_MAX, {{0, kFirst + (4 << 20)}});
    OwnFactors own, other;
    std::byte* bytes = factors.reserve(key_at(kFirst), kBytes, own);
    CHECK(bytes && !factors.reserve(key_at(kFirst), kBytes, other));
    CHECK(!factors.find(key_at(kFirst), other));
    factors.add(key_at(kFirst), kFirst + kBytes, bytes, own);
    CHECK(factors.find(key_at(kFirst), other) == bytes);
    CHECK(!factors.reserve(key_at(kFirst), kBytes, other));
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
