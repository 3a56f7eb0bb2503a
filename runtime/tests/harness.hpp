// A test is a claim: TEST(name_of_the_claim) { CHECK(...); }. A test file ends with HARNESS_MAIN.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "pto/pto-inst.hpp"
#include "runtime/machine/launch.hpp"
#include "runtime/numbers/levels.hpp"

namespace harness {

struct Test {
    const char* name;
    void (*body)();
};

inline std::vector<Test>& tests() {
    static std::vector<Test> list;
    return list;
}

inline int& failures() {
    static int count = 0;
    return count;
}

struct Registration {
    Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

inline void check(bool holds, const char* condition, const char* file, int line, const std::string& seen = "") {
    if (holds) return;
    ++failures();
    std::printf("%s:%d: not true: %s%s%s\n", file, line, condition, seen.empty() ? "" : "; seen: ", seen.c_str());
}

/// The calling thread has one CPU while this lives.
class Pinned {
  public:
    Pinned() {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        check(sched_getaffinity(0, sizeof before_, &before_) == 0, "has CPUs", __FILE__, __LINE__);
        check(sched_setaffinity(0, sizeof one, &one) == 0, "is pinned", __FILE__, __LINE__);
    }
    ~Pinned() { check(sched_setaffinity(0, sizeof before_, &before_) == 0, "has its CPUs again", __FILE__, __LINE__); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

    const int cpu = sched_getcpu();

  private:
    cpu_set_t before_;
};

/// Something else keeps a thread of this process from its work while this lives; there is one at a time.
class HeldUp {
  public:
    explicit HeldUp(pthread_t thread) {
        for (sem_t* semaphore : {&arrived_, &released_}) sem_init(semaphore, 0, 0);
        std::signal(SIGTRAP, [](int) {
            sem_post(&arrived_);
            while (sem_wait(&released_) != 0) continue;
            sem_post(&arrived_);
        });
        check(pthread_kill(thread, SIGTRAP) == 0, "can be held up", __FILE__, __LINE__);
        while (sem_wait(&arrived_) != 0) continue;
    }
    ~HeldUp() {
        sem_post(&released_);
        while (sem_wait(&arrived_) != 0) continue;
        std::signal(SIGTRAP, SIG_DFL);
    }
    HeldUp(const HeldUp&) = delete;
    HeldUp& operator=(const HeldUp&) = delete;

  private:
    static inline sem_t arrived_, released_;
};

/// The level of CPU whose loops are tested; empty: the best one of this machine.
inline std::string& cpu() {
    static std::string level;
    return level;
}

/// Runs all tests. `--cpu=LEVEL` tests the loops for that level, if this machine has it.
inline int run_all(int count, char** arguments) {
    constexpr char kOption[] = "--cpu=";
    for (int a = 1; a < count; ++a) {
        if (std::strncmp(arguments[a], kOption, sizeof kOption - 1) == 0) cpu() = arguments[a] + sizeof kOption - 1;
    }
    if constexpr (!pto::host::kTrace) {
        if (!cpu().empty() && !pto::host::numbers_of(cpu())) {
            std::printf("not tested: %s\n", pto::host::no_such_level(cpu()).c_str());
            return 0;
        }
    }
    for (const Test& test : tests()) {
        const int before = failures();
        test.body();
        std::printf("%s %s\n", failures() == before ? "ok    " : "FAILED", test.name);
    }
    std::printf("%zu tests, %d failed checks\n", tests().size(), failures());
    return failures() == 0 ? 0 : 1;
}

/// Runs both sides of a kernel on `blocks` blocks; returns the report.
inline std::string run(std::function<void()> cube, std::function<void()> vec, uint32_t blocks = 1) {
    pto::host::LaunchRequest request;
    request.block_count = blocks;
    request.program = {std::move(cube), std::move(vec)};
    request.cpu = cpu();
    return pto::host::run_launch(request);
}

/// Runs a body on one vector core, on the cube core; returns the report.
inline std::string run_vec(const std::function<void()>& body) {
    return run([] {},
               [&] {
                   if (get_subblockid() == 0) body();
               });
}
inline std::string run_cube(const std::function<void()>& body) {
    return run(body, [] {});
}

/// The loops that are tested.
inline const pto::host::Numbers& numbers() {
    return cpu().empty() ? *pto::host::best_numbers() : *pto::host::numbers_of(cpu());
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline void check_contains(const std::string& text, const std::string& part, const char* claim, const char* file,
                           int line) {
    check(contains(text, part), claim, file, line, text);
}

/// Numbers in [-1, 1) from a fixed sequence.
inline float noise() {
    static uint32_t state = 12345;
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<int32_t>(state)) * 0x1p-31f;
}

/// Element (r, c) of a vec, mat or acc tile.
template <typename T>
typename T::DType& at(T& tile, int r, int c) {
    return tile.data()[r * T::kInfo.row_stride() + c * T::kInfo.col_stride()];
}

/// Fills the valid part of a tile.
template <typename T, typename Value>
void fill(T& tile, Value value) {
    for (int r = 0; r < tile.GetValidRow(); ++r) {
        for (int c = 0; c < tile.GetValidCol(); ++c) at(tile, r, c) = static_cast<typename T::DType>(value(r, c));
    }
}

/// Largest |tile(r, c) - expected(r, c)| of the valid part; NaN if one is NaN.
template <typename T, typename Expected>
double distance(T& tile, Expected expected) {
    double largest = 0;
    for (int r = 0; r < tile.GetValidRow(); ++r) {
        for (int c = 0; c < tile.GetValidCol(); ++c) {
            const double d = std::fabs(double(at(tile, r, c)) - double(expected(r, c)));
            if (!(d <= largest)) largest = d;
        }
    }
    return largest;
}

template <typename T, int Rows, int Cols, int ValidRow = Rows, int ValidCol = Cols>
using VecTile = pto::Tile<pto::TileType::Vec, T, Rows, Cols, pto::BLayout::RowMajor, ValidRow, ValidCol>;
template <typename T, int Rows>
using ColumnTile = pto::Tile<pto::TileType::Vec, T, Rows, 1, pto::BLayout::ColMajor, Rows, 1>;
template <typename T, int Rows, int Cols, int ValidRow = Rows, int ValidCol = Cols>
using MatTile =
    pto::Tile<pto::TileType::Mat, T, Rows, Cols, pto::BLayout::ColMajor, ValidRow, ValidCol, pto::SLayout::RowMajor>;
template <typename T, int Rows, int Cols, int ValidRow = Rows, int ValidCol = Cols>
using TransposedMatTile =
    pto::Tile<pto::TileType::Mat, T, Rows, Cols, pto::BLayout::RowMajor, ValidRow, ValidCol, pto::SLayout::ColMajor>;
template <typename T, int Rows, int Cols, int ValidRow = Rows, int ValidCol = Cols>
using LeftTile =
    pto::Tile<pto::TileType::Left, T, Rows, Cols, pto::BLayout::RowMajor, ValidRow, ValidCol, pto::SLayout::RowMajor>;
template <typename T, int Rows, int Cols, int ValidRow = Rows, int ValidCol = Cols>
using RightTile =
    pto::Tile<pto::TileType::Right, T, Rows, Cols, pto::BLayout::RowMajor, ValidRow, ValidCol, pto::SLayout::ColMajor>;
template <typename T, int Rows, int Cols, int ValidRow = Rows, int ValidCol = Cols>
using AccTile = pto::Tile<pto::TileType::Acc, T, Rows, Cols, pto::BLayout::ColMajor, ValidRow, ValidCol,
                          pto::SLayout::RowMajor, 1024>;

/// A dense row-major view.
template <typename T, int Rows, int Cols>
using Rows2D =
    pto::GlobalTensor<T, pto::Shape<1, 1, 1, Rows, Cols>, pto::Stride<Rows * Cols, Rows * Cols, Rows * Cols, Cols, 1>>;
/// The transpose of a dense row-major [Cols, Rows].
template <typename T, int Rows, int Cols>
using Transposed2D = pto::GlobalTensor<T, pto::Shape<1, 1, 1, Rows, Cols>,
                                       pto::Stride<Rows * Cols, Rows * Cols, Rows * Cols, 1, Rows>, pto::Layout::DN>;

}  // namespace harness

#define TEST(NAME)                                                       \
    static void NAME();                                                  \
    static const harness::Registration registration_##NAME{#NAME, NAME}; \
    static void NAME()
#define CHECK(...) harness::check((__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)
#define CHECK_CONTAINS(TEXT, PART) harness::check_contains(TEXT, PART, #TEXT " contains " #PART, __FILE__, __LINE__)
#define HARNESS_MAIN \
    int main(int count, char** arguments) { return harness::run_all(count, arguments); }
