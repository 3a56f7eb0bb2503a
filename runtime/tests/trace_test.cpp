// Trace mode: what is recorded of each operation, and the file.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "harness.hpp"

using namespace pto;
using namespace harness;
using host::Access;
using host::Buffer;
using host::Event;
using host::EventKind;
using host::OpId;

namespace {

struct Trace {
    std::string header;
    std::vector<Event> events;
    std::vector<Access> accesses;
};

template <typename Record>
std::vector<Record> records(const std::string& bytes, size_t offset, size_t count) {
    std::vector<Record> result(count);
    CHECK(offset + count * sizeof(Record) <= bytes.size());
    std::memcpy(static_cast<void*>(result.data()), bytes.data() + offset, count * sizeof(Record));
    return result;
}

size_t number_after(const std::string& text, const std::string& key) {
    return std::stoul(text.substr(text.rfind(key) + key.size()));
}

Trace read_trace(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    Trace trace;
    CHECK(bytes.substr(0, 10) == "PTOTRACE1\n");
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + 10, sizeof length);
    trace.header = bytes.substr(18, length);
    const size_t events = number_after(trace.header, "\"events\":");
    const size_t accesses = number_after(trace.header, "\"accesses\":");
    trace.events = records<Event>(bytes, 18 + length, events);
    trace.accesses = records<Access>(bytes, 18 + length + events * sizeof(Event), accesses);
    CHECK(bytes.size() == 18 + length + events * sizeof(Event) + accesses * sizeof(Access));
    return trace;
}

Trace traced(std::function<void()> cube, std::function<void()> vec, uint32_t blocks = 1,
             const std::string& expected_error = "") {
    const char* directory = std::getenv("TEST_TMPDIR");
    std::string path = std::string(directory ? directory : P_tmpdir) + "/trace_test.XXXXXX";
    const int descriptor = mkstemp(path.data());
    CHECK(descriptor >= 0);
    close(descriptor);
    host::LaunchRequest request;
    request.block_count = blocks;
    request.program = {std::move(cube), std::move(vec)};
    request.trace_path = path;
    const std::string report = host::run_launch(request);
    if (expected_error.empty()) {
        CHECK(report.empty());
    } else {
        CHECK_CONTAINS(report, expected_error);
    }
    Trace trace = read_trace(path);
    std::remove(path.c_str());
    return trace;
}

Trace traced_vec(const std::function<void()>& body) {
    return traced([] {},
                  [&] {
                      if (get_subblockid() == 0) body();
                  });
}

bool same(const Access& access, Buffer buffer, uint8_t mode, uint64_t start, uint32_t row_bytes, uint32_t rows,
          uint32_t row_stride) {
    return access.buffer == buffer && access.mode == mode && access.start == start && access.row_bytes == row_bytes &&
           access.rows == rows && access.row_stride == row_stride;
}

TEST(a_vector_operation_records_its_operands) {
    int line = 0;
    const Trace trace = traced_vec([&] {
        VecTile<float, 32, 64> a;
        VecTile<float, 32, 64, 20, 50> b, d;
        TASSIGN(a, 0);
        TASSIGN(b, 8192);
        TASSIGN(d, 16384);
        TEXP(a, a);
        line = __LINE__ + 1;
        TADD(d, d, b);
    });
    CHECK(trace.events.size() == 2 && trace.accesses.size() == 5);
    const Event& add = trace.events[1];
    CHECK(add.op == OpId::TADD && add.kind == EventKind::TileOp && add.pipe == PIPE_V && int(add.line) == line);
    CHECK(add.rows == 20 && add.cols == 50 && add.dtype == host::DTypeId::F32);
    CHECK(add.first_access == 2 && add.access_count == 3);
    CHECK(same(trace.accesses[0], Buffer::Ub, host::kRead, 0, 8192, 1, 8192));
    CHECK(same(trace.accesses[2], Buffer::Ub, host::kRead, 16384, 200, 20, 256));
    CHECK(same(trace.accesses[3], Buffer::Ub, host::kRead, 8192, 200, 20, 256));
    CHECK(same(trace.accesses[4], Buffer::Ub, host::kWrite, 16384, 200, 20, 256));
}

TEST(scratch_space_is_written_whole) {
    const Trace trace = traced_vec([] {
        VecTile<float, 32, 64> src, scratch;
        ColumnTile<float, 32> max;
        TASSIGN(src, 0);
        TASSIGN(scratch, 8192);
        TASSIGN(max, 16384);
        TROWMAX(max, src, scratch);
    });
    CHECK(trace.accesses.size() == 3);
    CHECK(same(trace.accesses[0], Buffer::Ub, host::kRead, 0, 8192, 1, 8192));
    CHECK(same(trace.accesses[1], Buffer::Ub, host::kWrite, 8192, 8192, 1, 8192));
    CHECK(same(trace.accesses[2], Buffer::Ub, host::kWrite, 16384, 128, 1, 128));
}

TEST(the_scratch_of_the_library_is_written_by_operations_that_name_no_scratch) {
    const Trace trace = traced_vec([] {
        VecTile<half, 8, 32> half_tile, part;
        VecTile<int8_t, 8, 32> bytes;
        TASSIGN(half_tile, 0);
        TASSIGN(part, 4096);
        TASSIGN(bytes, 8192);
        TCVT(bytes, half_tile, RoundMode::CAST_RINT);
        TEXTRACT(part, half_tile, 0, 0);
        TMOV(part, half_tile);
        ColumnTile<half, 16> rows;
        VecTile<half, 16, 32> wide;
        TASSIGN(rows, 12288);
        TASSIGN(wide, 16384);
        TROWEXPANDMAX(wide, wide, rows);
        TROWEXPAND(wide, rows);
    });
    CHECK(trace.accesses.size() == 14);
    const auto hidden = [&](size_t n) {
        return same(trace.accesses[n], Buffer::Ub, host::kWrite, 188416, 8192, 1, 8192);
    };
    CHECK(hidden(1) && hidden(4) && hidden(10));
    CHECK(same(trace.accesses[7], Buffer::Ub, host::kWrite, 4096, 512, 1, 512));
}

TEST(global_accesses_are_absolute_and_strided) {
    std::vector<float> gm(64 * 100);
    const auto base = reinterpret_cast<uint64_t>(gm.data());
    const Trace trace = traced_vec([&] {
        VecTile<float, 16, 24> tile;
        TASSIGN(tile, 0);
        TLOAD(tile, GlobalTensor<float, Shape<1, 1, 1, 16, 24>, Stride<1, 1, 1, 100, 1>>(gm.data() + 5));
        TSTORE(GlobalTensor<float, Shape<1, 1, 1, 16, 24>, Stride<1, 1, 1, 24, 1>>(gm.data()), tile);
    });
    CHECK(trace.events[0].pipe == PIPE_MTE2 && trace.events[1].pipe == PIPE_MTE3);
    CHECK(same(trace.accesses[0], Buffer::Gm, host::kRead, base + 20, 96, 16, 400));
    CHECK(same(trace.accesses[1], Buffer::Ub, host::kWrite, 0, 16 * 96, 1, 16 * 96));
    CHECK(same(trace.accesses[3], Buffer::Gm, host::kWrite, base, 16 * 96, 1, 16 * 96));
}

TEST(padding_is_recorded_as_written) {
    std::vector<float> gm(64);
    const Trace trace = traced_vec([&] {
        Tile<TileType::Vec, float, 4, 32, BLayout::RowMajor, 4, 13, SLayout::NoneBox, 512, PadValue::Zero> padded;
        VecTile<float, 4, 32, 4, 13> bare;
        TASSIGN(padded, 0);
        TASSIGN(bare, 512);
        const GlobalTensor<float, Shape<1, 1, 1, 4, 13>, Stride<64, 64, 64, 16, 1>> view(gm.data());
        TLOAD(padded, view);
        TLOAD(bare, view);
        TSTORE(view, padded);
    });
    CHECK(same(trace.accesses[1], Buffer::Ub, host::kWrite, 0, 64, 4, 128));
    CHECK(same(trace.accesses[3], Buffer::Ub, host::kWrite, 512, 52, 4, 128));
    CHECK(same(trace.accesses[4], Buffer::Ub, host::kRead, 0, 52, 4, 128));
}

TEST(strides_of_more_than_32_bits_are_recorded_whole) {
    const uint64_t base = uint64_t{1} << 32;
    const uint64_t stride = (uint64_t{1} << 32) + 64;
    const Trace trace = traced_vec([&] {
        VecTile<float, 3, 8> tile;
        TASSIGN(tile, 0);
        using DynamicStride = Stride<1, 1, 1, -1, 1>;
        using View = GlobalTensor<float, Shape<1, 1, 1, 3, 8>, DynamicStride>;
        TLOAD(tile, View(reinterpret_cast<float*>(base), Shape<1, 1, 1, 3, 8>(), DynamicStride(stride / 4)));
    });
    CHECK(trace.events.size() == 1 && trace.events[0].access_count == 4);
    for (uint64_t row = 0; row < 3; ++row) {
        CHECK(same(trace.accesses[row], Buffer::Gm, host::kRead, base + row * stride, 32, 1, 32));
    }
}

TEST(bounds_are_checked_as_in_a_launch_that_computes) {
    std::vector<float> gm(100);
    host::LaunchRequest request;
    request.program.cube = [] {};
    request.program.vec = [&] {
        VecTile<float, 8, 8> tile;
        TASSIGN(tile, 0);
        TSTORE(Rows2D<float, 8, 8>(gm.data() + 37), tile);
    };
    const auto begin = reinterpret_cast<uint64_t>(gm.data());
    request.gm = {{begin, begin + 400, 0}};
    CHECK_CONTAINS(host::run_launch(request),
                   "TSTORE of global memory at bytes [148, 404) of argument 0, which has 400, which lies in no buffer "
                   "of the launch");
}

TEST(the_path_of_a_product_uses_the_cubes_pipes) {
    std::vector<half> gm(128 * 128);
    std::vector<float> out(128 * 128);
    const auto base = reinterpret_cast<uint64_t>(gm.data());
    const Trace trace = traced(
        [&] {
            TransposedMatTile<half, 128, 64> mat;
            MatTile<half, 32, 128> left_mat;
            LeftTile<half, 32, 128> left;
            RightTile<half, 128, 64> right;
            AccTile<float, 32, 64> acc;
            TASSIGN(mat, 8192);
            TASSIGN(left_mat, 65536);
            TASSIGN(left, 0);
            TASSIGN(right, 32);
            TASSIGN(acc, 64);
            TLOAD(mat, Transposed2D<half, 128, 64>(gm.data()));
            TMOV(right, mat);
            TEXTRACT(left, left_mat, 0, 0);
            TMATMUL(acc, left, right);
            TMATMUL_ACC(acc, acc, left, right);
            TSTORE(Rows2D<float, 32, 64>(out.data()), acc);
        },
        [] {});
    const pipe_t pipes[] = {PIPE_MTE2, PIPE_MTE1, PIPE_MTE1, PIPE_M, PIPE_M, PIPE_FIX};
    for (int e = 0; e < 6; ++e) CHECK(trace.events[e].pipe == pipes[e]);
    CHECK(same(trace.accesses[0], Buffer::Gm, host::kRead, base, 16384, 1, 16384));
    CHECK(same(trace.accesses[1], Buffer::L1, host::kWrite, 8192, 16384, 1, 16384));
    CHECK(same(trace.accesses[3], Buffer::L0b, host::kWrite, 32, 16384, 1, 16384));
    CHECK(trace.events[3].access_count == 3 && trace.events[4].access_count == 4);
    CHECK(same(trace.accesses[8], Buffer::L0c, host::kWrite, 64, 8192, 1, 8192));
    CHECK(trace.events[5].rows == 32 && trace.events[5].cols == 64);
}

TEST(flags_and_barriers_are_recorded) {
    const Trace trace = traced_vec([] {
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
        pipe_barrier(PIPE_V);
    });
    CHECK(trace.events[0].kind == EventKind::SetFlag && trace.events[0].pipe == PIPE_MTE2);
    CHECK(trace.events[0].dst_pipe == PIPE_V && trace.events[0].event_id == 3);
    CHECK(trace.events[1].kind == EventKind::WaitFlag && trace.events[2].kind == EventKind::Barrier);
    CHECK(trace.events[2].pipe == PIPE_V);
}

TEST(fifo_operations_are_numbered_per_core_and_described) {
    using ToVec = TPipe<4, Direction::DIR_C2V, 1024, 8, 8, false>;
    using ToCube = TPipe<0, Direction::DIR_V2C, 2048, 8, 8, false>;
    using Entry = Rows2D<float, 8, 16>;
    std::vector<float> memory(8 * 1024);
    constexpr auto split = TileSplitAxis::TILE_UP_DOWN;
    const Trace trace = traced(
        [&] {
            auto pipe = ToVec(memory.data(), 0, 0);
            for (int n = 0; n < 3; ++n) {
                Entry entry(nullptr);
                TALLOC<ToVec, Entry, split>(pipe, entry);
                TPUSH<ToVec, Entry, split>(pipe, entry);
            }
        },
        [&] {
            static_cast<void>(ToCube(memory.data(), 0, 0));
            auto pipe = ToVec(memory.data(), 0, 0);
            for (int n = 0; n < 3; ++n) {
                Entry entry(nullptr);
                TPOP<ToVec, Entry, split>(pipe, entry);
                TFREE<ToVec, Entry, split>(pipe, entry);
            }
        },
        2);
    CHECK_CONTAINS(trace.header,
                   "\"fifos\":[{\"id\":0,\"flag_base\":0,\"direction\":\"v2c\",\"slots\":8,\"slot_bytes\":2048");
    CHECK_CONTAINS(trace.header,
                   "{\"id\":1,\"flag_base\":4,\"direction\":\"c2v\",\"slots\":8,\"slot_bytes\":1024,\"split\":1}");
    CHECK_CONTAINS(trace.header, "{\"block\":1,\"kind\":\"vec\",\"subblock\":1,\"first_event\":30,\"events\":6}");
    CHECK(trace.events.size() == 36);
    CHECK(trace.events[4].kind == EventKind::Alloc && trace.events[4].sequence == 2 && trace.events[4].fifo == 1);
    CHECK(trace.events[5].kind == EventKind::Push && trace.events[5].pipe == PIPE_FIX);
    CHECK(trace.events[6].kind == EventKind::Pop && trace.events[6].pipe == PIPE_MTE2 && trace.events[6].sequence == 0);
    CHECK(trace.events[35].kind == EventKind::Free && trace.events[35].sequence == 2 &&
          trace.events[35].pipe == PIPE_S);
}

TEST(a_failed_launch_leaves_the_trace_up_to_the_failure) {
    const Trace trace = traced([] { pipe_barrier(PIPE_ALL); },
                               [] {
                                   VecTile<float, 8, 8> tile;
                                   TADDS(tile, tile, 1.0f);
                               },
                               1, "TADDS uses a tile that has no address");
    CHECK_CONTAINS(trace.header, "\"error\":\"kernel.cpp:");
    CHECK(trace.events.size() == 1);
}

TEST(a_long_trace_is_complete) {
    const auto work = [] {
        VecTile<float, 32, 64> a;
        TASSIGN(a, 0);
        for (int i = 0; i < 100000; ++i) TADD(a, a, a);
    };
    const Trace trace = traced([] {}, work, 2);
    CHECK(trace.events.size() == 400000);
}

}  // namespace

HARNESS_MAIN
