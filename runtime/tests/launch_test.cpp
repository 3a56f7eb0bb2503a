// Launches: blocks, failures, and the checks of addresses and sizes.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "harness.hpp"

using namespace pto;
using namespace harness;

namespace {

TEST(every_core_of_every_block_runs_once) {
    std::mutex mutex;
    std::multiset<int64_t> cube, vec;
    const std::string report = run(
        [&] {
            const std::lock_guard<std::mutex> lock(mutex);
            CHECK(get_block_num() == 37 && get_subblockid() == 0);
            cube.insert(get_block_idx());
        },
        [&] {
            const std::lock_guard<std::mutex> lock(mutex);
            CHECK(get_subblockdim() == 2);
            vec.insert(get_block_idx() * get_subblockdim() + get_subblockid());
        },
        37);
    CHECK(report.empty());
    CHECK(cube.size() == 37 && *cube.rbegin() == 36 && std::set<int64_t>(cube.begin(), cube.end()).size() == 37);
    CHECK(vec.size() == 74 && *vec.rbegin() == 73 && std::set<int64_t>(vec.begin(), vec.end()).size() == 74);
}

TEST(a_launch_needs_a_block) {
    CHECK_CONTAINS(run([] {}, [] {}, 0), "block_dim is 0");
}

TEST(a_failing_block_stops_the_launch) {
    std::atomic<int> started{0};
    const std::string report = run([] {},
                                   [&] {
                                       ++started;
                                       VecTile<float, 8, 8> tile;
                                       TADDS(tile, tile, 1.0f);
                                   },
                                   1000);
    CHECK_CONTAINS(report, "TADDS uses a tile that has no address");
    CHECK(started < 100);
}

TEST(a_report_names_line_block_and_core) {
    int line = 0;
    const std::string report = run([] {},
                                   [&] {
                                       VecTile<float, 8, 8> tile;
                                       if (get_block_idx() != 2 || get_subblockid() != 1) return;
                                       line = __LINE__ + 1;
                                       TASSIGN(tile, 192 * 1024);
                                   },
                                   3);
    CHECK_CONTAINS(report, "kernel.cpp:" + std::to_string(line) + ": block 2, vec1: ");
    CHECK_CONTAINS(report,
                   "TASSIGN of 256 bytes at byte 196608 of UB: a tile must start at a multiple of 32 and end "
                   "within 196608 bytes");
}

TEST(addresses_are_checked) {
    const auto place = [](auto tile, uint64_t address) { return run_vec([&] { TASSIGN(tile, address); }); };
    VecTile<float, 8, 8> tile;
    CHECK(place(tile, 192 * 1024 - 256).empty());
    CHECK_CONTAINS(place(tile, 192 * 1024 - 224), "end within 196608 bytes");
    CHECK_CONTAINS(place(tile, 16), "a multiple of 32");
    CHECK_CONTAINS(place(tile, ~uint64_t{31}), "end within 196608 bytes");
    CHECK_CONTAINS(place(MatTile<half, 16, 16>(), 0), "TASSIGN of a tile in L1, which a vector core does not have");
    CHECK_CONTAINS(run_cube([&] { TASSIGN(tile, 0); }), "TASSIGN of a tile in UB, which a cube core does not have");
}

TEST(a_sub_view_may_end_inside_its_last_row) {
    CHECK(run_vec([] {
              VecTile<float, 8, 64, 8, 16> columns_from_48;
              TASSIGN(columns_from_48, 192 * 1024 - 8 * 64 * 4 + 48 * 4);
          }).empty());
}

TEST(dynamic_valid_sizes_are_checked) {
    using Dynamic = VecTile<float, 8, 64, kDynamic, kDynamic>;
    CHECK_CONTAINS(run_vec([] {
                       Dynamic tile(9, 64);
                       TASSIGN(tile, 0);
                   }),
                   "a tile of 8 x 64 elements cannot have 9 x 64 valid ones");
    CHECK_CONTAINS(run_vec([] {
                       Dynamic tile(-1, 64);
                       TASSIGN(tile, 0);
                   }),
                   "cannot have -1 x 64 valid ones");
}

TEST(a_transfer_must_fill_its_tile) {
    std::vector<float> gm(64);
    const std::string report = run_vec([&] {
        VecTile<float, 8, 8> tile;
        TASSIGN(tile, 0);
        TLOAD(tile, Rows2D<float, 8, 4>(gm.data()));
    });
    CHECK_CONTAINS(report, "TLOAD between a global tensor of 8 x 4 and a tile with 8 x 8 valid elements");
}

TEST(null_pointers_are_refused) {
    const std::string report = run_vec([] {
        VecTile<float, 8, 8> tile;
        TASSIGN(tile, 0);
        TLOAD(tile, Rows2D<float, 8, 8>(nullptr));
    });
    CHECK_CONTAINS(report, "TLOAD on global memory without an address (null pointer)");
}

/// Stores 8 x 8 numbers at an offset of a buffer of 100 numbers whose size the launch knows.
std::string store_at(int offset) {
    std::vector<float> gm(100);
    host::LaunchRequest request;
    request.program.cube = [] {};
    request.program.vec = [&] {
        VecTile<float, 8, 8> tile;
        TASSIGN(tile, 0);
        TSTORE(Rows2D<float, 8, 8>(gm.data() + offset), tile);
    };
    const auto begin = reinterpret_cast<uint64_t>(gm.data());
    request.gm = {{{begin, begin + 400}, 0}};
    return host::run_launch(request);
}

TEST(accesses_outside_of_the_launch_buffers_are_refused) {
    CHECK(store_at(0).empty());
    CHECK(store_at(36).empty());
    CHECK_CONTAINS(store_at(37), "which lies in no buffer of the launch");
    CHECK_CONTAINS(store_at(-1), "which lies in no buffer of the launch");
}

TEST(operations_outside_of_a_launch_are_refused) {
    bool refused = false;
    try {
        get_block_idx();
    } catch (const host::KernelError& error) {
        refused = contains(error.what(), "outside of a launch");
    }
    CHECK(refused);
}

TEST(flags_and_barriers_are_accepted) {
    CHECK(run_vec([] {
              set_mask_norm();
              set_vector_mask(-1, -1);
              set_ffts_base_addr(0);
              set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
              wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
              pipe_barrier(PIPE_V);
              pipe_barrier(PIPE_ALL);
          }).empty());
}

/// Runs a body on vector core 0 of each block.
std::string run_with(host::LaunchRequest request, const std::function<void()>& body) {
    request.program.cube = [] {};
    request.program.vec = [&] {
        if (get_subblockid() == 0) body();
    };
    request.cpu = cpu();
    return host::run_launch(request);
}

/// The threads that blocks of a launch ran on, which may use `most`.
std::set<std::thread::id> threads_of_a_launch(uint32_t most) {
    std::mutex mutex;
    std::set<std::thread::id> threads;
    host::LaunchRequest request;
    request.block_count = 64;
    request.threads = most;
    CHECK(run_with(std::move(request), [&] {
              const std::lock_guard<std::mutex> lock(mutex);
              threads.insert(std::this_thread::get_id());
          }).empty());
    return threads;
}

TEST(a_launch_works_on_no_more_threads_than_it_may) {
    CHECK(threads_of_a_launch(1) == std::set{std::this_thread::get_id()});
}

TEST(a_launch_works_on_no_more_threads_than_the_process_may_use_cpus) {
    const Pinned pinned;
    CHECK(threads_of_a_launch(0) == std::set{std::this_thread::get_id()});
}

TEST(a_launch_does_not_wait_for_a_thread_that_has_not_begun) {
    std::atomic<int> begun{0};
    pthread_t helper{};
    host::LaunchRequest two;
    two.block_count = two.threads = 2;
    CHECK(run_with(two, [&, caller = pthread_self()] {
              ++begun;
              while (begun < 2) std::this_thread::yield();  // so each thread has a block
              if (pthread_self() != caller) helper = pthread_self();
          }).empty());
    const HeldUp held(helper);
    std::atomic<int> done{0};
    two.block_count = 20;
    CHECK(run_with(two, [&] { ++done; }).empty());
    CHECK(done == 20);
}

TEST(the_caller_is_asked_during_a_block_whether_it_shall_end) {
    std::vector<float> gm(64);
    host::LaunchRequest request;
    request.interrupted = [caller = std::this_thread::get_id()] { return std::this_thread::get_id() == caller; };
    const std::string report = run_with(std::move(request), [&] {
        VecTile<float, 8, 8> tile;
        TASSIGN(tile, 0);
        for (;;) TLOAD(tile, Rows2D<float, 8, 8>(gm.data()));
    });
    CHECK(report == "interrupted");
}

/// What a block finds at byte 4096 of UB, where the one before it has left a number.
float left_over(bool fill) {
    float found = 0;
    host::LaunchRequest request;
    request.block_count = 2;
    request.threads = 1;
    request.fill = fill;
    CHECK(run_with(std::move(request), [&] {
              VecTile<float, 8, 8> tile;
              TASSIGN(tile, 4096);
              found = at(tile, 0, 0);
              TEXPANDS(tile, 7.0f);
          }).empty());
    return found;
}

TEST(memories_are_filled_with_nan_before_each_block_unless_the_launch_saves_the_time) {
    CHECK(std::isnan(left_over(true)));
    CHECK(left_over(false) == 7.0f);
    CHECK(std::isnan(left_over(true)));
}

TEST(a_measured_launch_says_how_often_each_operation_was_done) {
    host::Profile profile;
    host::LaunchRequest request;
    request.block_count = 3;
    request.profile = &profile;
    CHECK(run_with(std::move(request), [] {
              VecTile<float, 8, 8> tile;
              TASSIGN(tile, 0);
              TEXPANDS(tile, 1.0f);
              TEXP(tile, tile);
              TEXP(tile, tile);
          }).empty());
    CHECK_CONTAINS(profile.text(), "vec0\tTEXP\t6\t384\t");
    CHECK_CONTAINS(profile.text(), "vec0\tTEXPANDS\t3\t192\t");
    CHECK(!contains(profile.text(), "cube") && !contains(profile.text(), "vec1"));
}

}  // namespace

HARNESS_MAIN
