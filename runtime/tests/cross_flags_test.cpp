// Flags between cores that a kernel sets itself: who waits for whom, what is refused, how a deadlock is reported.
#include "harness.hpp"

using namespace harness;

namespace {

void set(int flag, int mode = FFTS_MODE_VAL) { ffts_cross_core_sync(PIPE_MTE3, getFFTSMsg(mode, flag)); }

TEST(the_cube_waits_for_both_vector_cores_and_each_of_them_for_the_cube) {
    std::string order;
    const auto cube = [&] {
        for (int pass = 0; pass < 3; ++pass) {
            wait_flag_dev(3);
            order += 'c';
            set(4);
        }
    };
    const auto vec = [&] {
        for (int pass = 0; pass < 3; ++pass) {
            order += 'v';
            set(3);
            wait_flag_dev(4);
        }
    };
    const std::string report = run(cube, vec);
    check(report.empty(), "no report", __FILE__, __LINE__, report);
    check(order == "vvcvvcvvc", "in turns", __FILE__, __LINE__, order);
}

TEST(what_nobody_sets_is_a_deadlock) {
    const std::string report = run([] { wait_flag_dev(5); },
                                   [] {
                                       if (get_subblockid() == 0) set(5);
                                   });
    check_contains(report, "cube waits at ", "who", __FILE__, __LINE__);
    check_contains(report, "for flag 5 while vec0 has set it 1 times and finished and vec1 has set it 0 times", "why",
                   __FILE__, __LINE__);
}

TEST(what_nobody_waits_for_is_left_over) {
    const std::string report = run([] { set(2); }, [] {});
    check_contains(report, "flag 2 between cores is still set at the end", "named", __FILE__, __LINE__);
}

TEST(a_counter_has_four_bits) {
    const std::string report = run(
        [] {
            for (int n = 0; n < 16; ++n) set(1);
        },
        [] {});
    check_contains(report, "flag 1, which is set 15 times already", "the sixteenth", __FILE__, __LINE__);
}

TEST(modes_and_flags_that_are_not_known_are_refused) {
    check_contains(run([] { set(1, 1); }, [] {}), "in mode 1: the host runs mode 2 only", "mode", __FILE__, __LINE__);
    check_contains(run([] { wait_flag_dev(16); }, [] {}), "flag 16: a block has the flags 0 to 15", "flag", __FILE__,
                   __LINE__);
}

TEST(the_flags_of_a_fifo_are_its_own) {
    using Pipe = pto::TPipe<2, pto::Direction::DIR_C2V, 1024, 8, 8, false>;
    std::vector<float> slots(8 * 256);
    const std::string report = run_cube([&] {
        [[maybe_unused]] auto pipe = Pipe(slots.data(), 0, 0);
        set(3);
    });
    check_contains(report, "flag 3, which FIFO 0 uses for its signals", "named", __FILE__, __LINE__);
}

}  // namespace

HARNESS_MAIN
