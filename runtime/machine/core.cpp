#include "runtime/machine/core.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

#include "runtime/machine/block.hpp"
#include "runtime/machine/fiber.hpp"

namespace pto::host {

namespace {

/// Nothing is ever mapped below it: an element of an array at the null pointer.
constexpr uint64_t kFirstAddress = 4096;

/// More than addresses can tell apart.
constexpr int64_t kMaxElements = int64_t{1} << 48;

/// "bytes [32, 36) of argument 0, which has 32": seen from the nearest buffer.
std::string place_of(uint64_t begin, uint64_t end, const std::vector<GmRange>& known) {
    const auto distance = [begin, end](const GmRange& range) {
        return begin < range.begin ? range.begin - begin : end > range.end ? end - range.end : 0;
    };
    const GmRange& nearest = *std::min_element(
        known.begin(), known.end(), [&](const GmRange& a, const GmRange& b) { return distance(a) < distance(b); });
    return format("bytes [%ld, %ld) of argument %u, which has %lu", begin - nearest.begin, end - nearest.begin,
                  nearest.argument, nearest.end - nearest.begin);
}

}  // namespace

Core::Core(Block& block, CoreKind kind, int subblock, OnChipMemory& memory, OwnFactors& factors, CoreLog* log)
    : block(block),
      kind(kind),
      subblock(subblock),
      memory(memory),
      log(log),
      lazy(block.launch.numbers, block.launch.packed, factors) {}

std::string Core::name() const { return kind == CoreKind::Cube ? "cube" : "vec" + std::to_string(subblock); }

std::string Core::position(int line) const {
    return source_position(block.launch, line) + ": block " + std::to_string(block.index) + ", " + name();
}

uint32_t Core::block_index() const { return block.index; }

uint32_t Core::block_count() const { return block.launch.block_count; }

const Numbers& Core::numbers() const { return *block.launch.numbers; }

bool Core::fills() const { return block.launch.fill; }

Fifo& Core::open_fifo(const FifoSpec& spec, int line) { return block.open_fifo(spec, line); }

void Core::fail_fifo(OpId op, const Fifo& fifo, int line, const std::string& why) const {
    fail(line, std::string(pto::host::name(op)) + " on FIFO " + std::to_string(block.fifo_id(fifo)) + " (" +
                   pto::host::name(fifo.spec.direction) + ", flag base " + std::to_string(fifo.spec.flag_base) +
                   "): " + why);
}

bool Core::can_continue() const {
    if (aborting) return true;
    if (wait.flag >= 0) return block.cross_flags().pending(kind, subblock, wait.flag) > 0;
    if (!wait.fifo) return true;
    return wait.op == OpId::TPOP ? wait.fifo->can_pop(subblock) : wait.fifo->can_allocate(subblock);
}

void Core::checkpoint() {
    if (--steps_left == 0) fiber->yield();
    if (aborting || block.launch.failed.load(std::memory_order_relaxed)) throw Aborted();
}

void Core::wait_for(const Fifo& fifo, OpId op, int line) {
    checkpoint();
    wait = Wait{&fifo, op, line};
    while (!can_continue()) fiber->yield();
    if (aborting) throw Aborted();
    wait = Wait{};
}

void Core::wait_for_flag(int flag, int line) {
    checkpoint();
    wait = Wait{nullptr, OpId::TPOP, line, flag};
    while (!can_continue()) fiber->yield();
    if (aborting) throw Aborted();
    wait = Wait{};
    block.cross_flags().take(kind, subblock, flag);
}

void Core::let_waiting_go_on(const Fifo& fifo, OpId op) {
    if (block.lets_go_on(fifo, op)) fiber->yield();
}

std::byte* Core::place(Buffer buffer, uint64_t address, size_t size, int line) {
    const BufferInfo& info = pto::host::info(buffer);
    if (!has_buffer(kind, buffer)) {
        fail(line, "TASSIGN of a tile in %s, which a %s core does not have", info.name,
             kind == CoreKind::Cube ? "cube" : "vector");
    }
    if (address % kTileAlignment != 0 || address > info.bytes || info.bytes - address < size) {
        fail(line,
             "TASSIGN of %zu bytes at byte %lu of %s: a tile must start at a multiple of %lu and end within %zu bytes",
             size, address, info.name, kTileAlignment, info.bytes);
    }
    if (kTrace) return nullptr;
    memory.cover(buffer, address + size);
    return memory.base(buffer) + address * info.spread;
}

void Core::begin_gm_access(const char* op, uint64_t begin, uint64_t end, int line) {
    checkpoint();
    if (begin < kFirstAddress) fail(line, "%s on global memory without an address (null pointer)", op);
    for (const Fifo& fifo : block.fifos()) {
        if (!fifo.spec.has(begin)) continue;
        const uint64_t offset = (begin - fifo.spec.gm_base) % fifo.spec.slot_bytes;
        if (offset + (end - begin) > fifo.spec.slot_bytes) {
            fail(line, "%s of bytes [%lu, %lu) of a slot of FIFO %d, which has %lu", op, offset, offset + end - begin,
                 block.fifo_id(fifo), fifo.spec.slot_bytes);
        }
        break;
    }
    const std::vector<GmRange>& known = block.launch.gm;
    for (const GmRange& range : known) {
        if (range.begin <= begin && end <= range.end) return;
    }
    if (!known.empty()) {
        fail(line, std::string(op) + " of global memory at " + place_of(begin, end, known) +
                       ", which lies in no buffer of the launch: check the offsets and the sizes of the kernel's "
                       "arguments");
    }
}

void Core::begin_gm_access(const char* op, const View& view, int line) {
    // Most sizes and strides are so small that their products cannot be too large.
    constexpr uint64_t kSmall = uint64_t{1} << 22;
    static_assert(kGmRank * kSmall * kSmall <= kMaxElements, "all dimensions together");
    const auto& size = view.shape;
    const auto& stride = view.stride;
    static_assert(kGmRank == 5, "each dimension is in here");
    const int64_t all = (size[0] - 1) | (size[1] - 1) | (size[2] - 1) | (size[3] - 1) | (size[4] - 1) | stride[0] |
                        stride[1] | stride[2] | stride[3] | stride[4];
    if (static_cast<uint64_t>(all) >= kSmall && !require_extent(op, view, line)) return;
    begin_gm_access(op, view.address, view.end(), line);
}

bool Core::require_extent(const char* op, const View& view, int line) const {
    int64_t last = 0;
    for (int d = 0; d < kGmRank; ++d) {
        int64_t distance;
        if (view.shape[d] == 0) return false;
        if (view.shape[d] < 0 || view.stride[d] < 0 ||
            __builtin_mul_overflow(view.shape[d] - 1, view.stride[d], &distance) ||
            __builtin_add_overflow(last, distance, &last) || last >= kMaxElements) {
            fail(line, "%s of a global tensor with a negative size or stride, or with more elements than memory has",
                 op);
        }
    }
    return true;
}

void Core::begin_gm_store(const char* op, uint64_t begin, uint64_t end, int line) {
    begin_gm_access(op, begin, end, line);
    block.begin_store(begin, end);
}

void Core::begin_gm_store(const char* op, const View& view, int line) {
    begin_gm_access(op, view, line);
    const bool row_major =
        view.is_plane() && view.stride[4] > 0 && view.stride[3] > (view.shape[4] - 1) * view.stride[4];
    if (!row_major) require_distinct_elements(op, view, line);
    block.begin_store(view.address, view.end());
}

void Core::require_distinct_elements(const char* op, const View& view, int line) const {
    const auto& shape = view.shape;
    const auto& stride = view.stride;
    int order[kGmRank];
    std::iota(std::begin(order), std::end(order), 0);
    std::sort(std::begin(order), std::end(order), [&](int a, int b) { return stride[a] < stride[b]; });
    int64_t last = 0;  // of the elements that the dimensions so far reach
    for (const int d : order) {
        if (shape[d] <= 1) continue;
        if (stride[d] <= last) {
            fail(line,
                 "%s to a view in which %ld elements are %ld apart and lie on others: nothing says which value stays",
                 op, shape[d], stride[d]);
        }
        last += (shape[d] - 1) * stride[d];
    }
}

void Core::trace_load(uint64_t begin, size_t size, void* value, int line) {
    if (block.launch.gm.empty()) {
        fail(line,
             "load_scalar in trace mode, by a launch that does not know its buffers: pass their sizes to "
             "pto_launch_sized");
    }
    if (block.scalars().load(begin, size, static_cast<std::byte*>(value))) return;
    give_unknown("load_scalar reads what a tile operation of this launch has stored", size, value, line);
}

void Core::trace_tile_load(size_t size, void* value, int line) {
    block.scalars().forget_what_follows();
    give_unknown("GetValue reads an element of a tile", size, value, line);
}

void Core::give_unknown(const char* what, size_t size, void* value, int line) const {
    if (const int decision = block.launch.line_that_decides_by(line)) {
        fail(line,
             "%s, and %s decides by the value what the kernel does (a branch, a loop or an address). Trace mode "
             "computes "
             "no tiles, so it cannot know the value: let it come from an array that is filled before the launch",
             what, source_position(block.launch, decision).c_str());
    }
    std::memset(value, 0, size);
}

void Core::trace_store(uint64_t begin, size_t size, const void* value) {
    block.scalars().store(begin, size, static_cast<const std::byte*>(value));
}

}  // namespace pto::host
