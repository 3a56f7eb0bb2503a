// Flags between cores: ffts_cross_core_sync and wait_flag_dev.
#include <string>

#include "pto/machine/operations.hpp"
#include "runtime/machine/block.hpp"
#include "runtime/machine/core.hpp"

namespace pto::host {

namespace {

/// Between the cube core of a block and its vector cores: the mode whose meaning is known.
constexpr int kBlockMode = 2;

/// The core, if it may use the flag.
Core& begin(const char* op, int64_t flag, int line) {
    Core& core = Core::current(line);
    if (kTrace) {
        fail(line,
             "%s: traces know the signals of FIFOs, not flags between cores that a kernel sets itself, so nobody can "
             "judge it: hand over with pto.tpush and pto.tpop, or launch it without a trace",
             op);
    }
    if (flag < 0 || flag >= kCrossCoreFlags) {
        fail(line, "%s of flag %ld: a block has the flags 0 to %d", op, flag, kCrossCoreFlags - 1);
    }
    for (const Fifo& fifo : core.block.fifos()) {
        if (static_cast<uint64_t>(flag) - fifo.spec.flag_base < static_cast<uint64_t>(kFlagsPerFifo)) {
            fail(line, "%s of flag %ld, which FIFO %d uses for its signals: take another one", op, flag,
                 core.block.fifo_id(fifo));
        }
    }
    return core;
}

}  // namespace

void set_cross_flag(int mode, int64_t flag, int line) {
    constexpr char kOp[] = "ffts_cross_core_sync";
    Core& core = begin(kOp, flag, line);
    if (mode != kBlockMode) {
        fail(line,
             "%s in mode %d: the host runs mode %d only, between the cube core of a block and its vector cores; what "
             "the others wait for is not published",
             kOp, mode, kBlockMode);
    }
    core.checkpoint();
    CrossFlags& flags = core.block.cross_flags();
    const int id = static_cast<int>(flag);
    flags.set(core.kind, core.subblock, id);
    for (int subblock = 0; subblock < kSubblocks; ++subblock) {
        const CoreKind other = core.kind == CoreKind::Cube ? CoreKind::Vec : CoreKind::Cube;
        if (flags.pending(other, other == CoreKind::Cube ? 0 : subblock, id) > kMaxFlagCount) {
            fail(line, "%s of flag %d, which is set %d times already: its counter has 4 bits", kOp, id, kMaxFlagCount);
        }
    }
}

void wait_cross_flag(int64_t flag, int line) {
    Core& core = begin("wait_flag_dev", flag, line);
    core.wait_for_flag(static_cast<int>(flag), line);
}

}  // namespace pto::host
