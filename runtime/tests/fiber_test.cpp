// Fibers: who runs when, and what a body finds again after it has yielded.
#include "runtime/machine/fiber.hpp"

#include <cfenv>
#include <memory>
#include <stdexcept>

#include "harness.hpp"

using namespace harness;
using pto::host::Fiber;
using pto::host::FiberStack;

namespace {

TEST(a_body_runs_from_yield_to_yield) {
    FiberStack stack;
    std::string order;
    Fiber* self = nullptr;
    Fiber fiber(stack, [&] {
        for (const char* step : {"a", "b", "c"}) {
            order += step;
            self->yield();
        }
    });
    self = &fiber;
    for (int n = 0; n < 3; ++n) {
        CHECK(!fiber.done());
        fiber.resume();
        order += '.';
    }
    fiber.resume();
    CHECK(fiber.done());
    CHECK(order == "a.b.c.");
}

TEST(a_body_keeps_its_variables_while_others_run) {
    constexpr int kFibers = 8, kSteps = 100;
    FiberStack stacks[kFibers];
    Fiber* fibers[kFibers] = {};
    double sums[kFibers] = {};
    std::vector<std::unique_ptr<Fiber>> owned;
    for (int f = 0; f < kFibers; ++f) {
        owned.push_back(std::make_unique<Fiber>(stacks[f], [&, f] {
            double sum = 0;
            for (int step = 1; step <= kSteps; ++step) {
                sum += step * (f + 1);
                fibers[f]->yield();
            }
            sums[f] = sum;
        }));
        fibers[f] = owned.back().get();
    }
    for (int step = 0; step <= kSteps; ++step) {
        for (const auto& fiber : owned) fiber->resume();
    }
    for (int f = 0; f < kFibers; ++f) CHECK(sums[f] == kSteps * (kSteps + 1) / 2 * (f + 1));
}

TEST(each_side_keeps_its_rounding) {
    FiberStack stack;
    Fiber* self = nullptr;
    int within = -1;
    Fiber fiber(stack, [&] {
        std::fesetround(FE_UPWARD);
        self->yield();
        within = std::fegetround();
        std::fesetround(FE_TONEAREST);
    });
    self = &fiber;
    fiber.resume();
    CHECK(std::fegetround() == FE_TONEAREST);
    fiber.resume();
    CHECK(within == FE_UPWARD);
}

TEST(what_a_body_throws_and_catches_stays_within) {
    FiberStack stack;
    Fiber* self = nullptr;
    std::string caught;
    Fiber fiber(stack, [&] {
        try {
            self->yield();
            throw std::runtime_error("within");
        } catch (const std::runtime_error& error) {
            caught = error.what();
        }
    });
    self = &fiber;
    fiber.resume();
    fiber.resume();
    CHECK(fiber.done());
    CHECK(caught == "within");
}

TEST(variables_of_a_body_are_aligned_as_the_abi_says) {
    FiberStack stack;
    uintptr_t misaligned = 1;
    Fiber fiber(stack, [&] {
        alignas(16) volatile char bytes[16] = {};
        misaligned =
            reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) % 16 + reinterpret_cast<uintptr_t>(&bytes[0]) % 16;
    });
    fiber.resume();
    CHECK(misaligned == 0);
}

}  // namespace

HARNESS_MAIN
