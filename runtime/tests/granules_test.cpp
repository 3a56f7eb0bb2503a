// Tiles that share a byte share a granule, and memories of a core have none in common.
#include "runtime/machine/granules.hpp"

#include "harness.hpp"

using namespace pto;
using namespace pto::host;

namespace {

constexpr uint64_t kStep = 1536;  // so that ranges begin and end everywhere in a granule

TEST(bytes_that_overlap_have_a_granule_in_common) {
    for (int b = 1; b < kBufferCount; ++b) {
        const auto buffer = static_cast<Buffer>(b);
        const uint64_t size = info(buffer).bytes, step = size < 4 * kStep ? size / 4 : kStep;
        for (uint64_t begin = 0; begin < size; begin += step) {
            for (uint64_t end = begin + step; end <= size; end += 5 * step) {
                const uint64_t whole = granules_of(buffer, begin, end);
                CHECK(whole & granules_of(buffer, begin, begin + 1));
                CHECK(whole & granules_of(buffer, end - 1, end));
                const uint64_t half = granules_of(buffer, begin, (begin + end) / 2);
                CHECK((whole & half) == half);
            }
        }
    }
}

TEST(memories_of_a_core_have_granules_of_their_own) {
    uint64_t cube = 0;
    for (int b = 1; b < kBufferCount; ++b) {
        const auto buffer = static_cast<Buffer>(b);
        if (!has_buffer(CoreKind::Cube, buffer)) continue;
        const uint64_t all = granules_of(buffer, 0, info(buffer).bytes);
        CHECK(all && !(cube & all));
        cube |= all;
    }
}

TEST(tiles_that_are_far_from_each_other_have_none_in_common) {
    CHECK(!(granules_of(Buffer::Ub, 0, 4096) & granules_of(Buffer::Ub, 8192, info(Buffer::Ub).bytes)));
    CHECK(!(granules_of(Buffer::L1, 0, 32768) & granules_of(Buffer::L1, 32768, info(Buffer::L1).bytes)));
    CHECK(granules_of(Buffer::Ub, 4096, 4096) == 0);
}

TEST(a_tile_that_ends_behind_its_memory_has_the_last_granule) {
    const uint64_t size = info(Buffer::Ub).bytes;
    CHECK(granules_of(Buffer::Ub, size - 32, size + (uint64_t{1} << 17)) & granules_of(Buffer::Ub, size - 1, size));
}

}  // namespace

HARNESS_MAIN
