#include "pto/machine/core.hpp"

#include "runtime/machine/block.hpp"
#include "runtime/machine/fiber.hpp"

namespace pto::host {

std::string Core::name() const { return kind == CoreKind::Cube ? "cube" : "vec" + std::to_string(subblock); }

std::string Core::position(int line) const {
    return source_position(block.launch, line) + ": block " + std::to_string(block.index) + ", " + name();
}

uint32_t Core::block_index() const { return block.index; }

uint32_t Core::block_count() const { return block.launch.block_count; }

Fifo& Core::open_fifo(const FifoSpec& spec, int line) { return block.open_fifo(spec, line); }

void Core::fail_fifo(OpId op, const Fifo& fifo, int line, const std::string& why) const {
    fail(line, std::string(pto::host::name(op)) + " on FIFO " + std::to_string(block.fifo_id(fifo)) + " (" +
                   pto::host::name(fifo.spec.direction) + ", flag base " + std::to_string(fifo.spec.flag_base) +
                   "): " + why);
}

bool Core::can_continue() const {
    if (!wait.fifo || aborting) return true;
    return wait.op == OpId::TPOP ? wait.fifo->can_pop(subblock) : wait.fifo->can_allocate(subblock);
}

void Core::wait_for(const Fifo& fifo, OpId op, int line) {
    wait = Wait{&fifo, op, line};
    while (!can_continue()) fiber->yield();
    if (aborting) throw Aborted();
    wait = Wait{};
}

std::byte* Core::place(Buffer buffer, uint64_t address, size_t size, int line) {
    const BufferInfo& info = pto::host::info(buffer);
    if (!has_buffer(kind, buffer)) {
        fail(line, "TASSIGN of a tile in %s, which a %s core does not have", info.name,
             kind == CoreKind::Cube ? "cube" : "vector");
    }
    if (address % kTileAlignment != 0 || address > info.bytes || info.bytes - address < size) {
        fail(
            line,
            "TASSIGN of %zu bytes at byte %llu of %s: a tile must start at a multiple of %llu and end within %zu bytes",
            size, static_cast<unsigned long long>(address), info.name, static_cast<unsigned long long>(kTileAlignment),
            info.bytes);
    }
    return kTrace ? nullptr : memory.base(buffer) + address * info.spread;
}

void Core::require_in_bounds(const char* op, uint64_t begin, uint64_t end, int line) const {
    if (begin == 0) fail(line, "%s on a global tensor without an address (null pointer)", op);
    for (const Fifo& fifo : block.fifos()) {
        const uint64_t slots_end = fifo.spec.gm_base + fifo.spec.slots * fifo.spec.slot_bytes;
        if (begin < fifo.spec.gm_base || begin >= slots_end) continue;
        const uint64_t offset = (begin - fifo.spec.gm_base) % fifo.spec.slot_bytes;
        if (offset + (end - begin) > fifo.spec.slot_bytes) {
            fail(line, "%s of bytes [%llu, %llu) of a slot of FIFO %d, which has %llu", op,
                 static_cast<unsigned long long>(offset), static_cast<unsigned long long>(offset + end - begin),
                 block.fifo_id(fifo), static_cast<unsigned long long>(fifo.spec.slot_bytes));
        }
        break;
    }
    const std::vector<GmRange>& known = block.launch.gm;
    for (const GmRange& range : known) {
        if (range.begin <= begin && end <= range.end) return;
    }
    if (!known.empty()) {
        fail(line,
             "%s of [0x%llx, 0x%llx) in global memory, which lies in no buffer of the launch: check the offsets "
             "and the sizes of the kernel's arguments",
             op, static_cast<unsigned long long>(begin), static_cast<unsigned long long>(end));
    }
}

}  // namespace pto::host
