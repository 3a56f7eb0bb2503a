// Core identity, pipe flags and barriers: functions of the device compiler, in the global namespace as there.
// Execution is in program order, so flags and barriers only matter to trace mode.
#pragma once

#include <cstdint>

#include "pto/machine/operations.hpp"
#include "pto/tile/gm_pointer.hpp"

inline int64_t get_block_idx(int line = __builtin_LINE()) { return pto::host::block_index(line); }
inline int64_t get_block_num(int line = __builtin_LINE()) { return pto::host::block_count(line); }
inline int64_t get_subblockid(int line = __builtin_LINE()) { return pto::host::subblock(line); }
inline int64_t get_subblockdim() { return pto::host::kSubblocks; }
inline int64_t get_subblock_idx(int line = __builtin_LINE()) { return get_subblockid(line); }
inline int64_t get_subblock_num() { return get_subblockdim(); }

inline void set_mask_norm() {}
inline void set_mask_count() {}
inline void set_vector_mask(uint64_t, uint64_t) {}
inline void set_ffts_base_addr(uint64_t) {}

// The scalar unit writes to GM through a cache of its own, which a kernel that does so writes back at its end. On the
// host its stores are in memory at once.
enum cache_line_t : uint8_t { SINGLE_CACHE_LINE, ENTIRE_DATA_CACHE };
enum dcci_dst_t : uint8_t { CACHELINE_ALL, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };
enum mem_dsb_t : uint8_t { DSB_ALL, DSB_DDR, DSB_UB, DSB_SEQ };
inline void dcci(pto::host::GmPointer<void>, cache_line_t, dcci_dst_t) {}
inline void dsb(mem_dsb_t) {}

/// Raises a flag for `to` when everything issued to `from` is complete.
inline void set_flag(pipe_t from, pipe_t to, int event_id, int line = __builtin_LINE()) {
    pto::host::synchronise(pto::host::OpId::set_flag, pto::host::EventKind::SetFlag, from, to, event_id, line);
}

/// Holds back later operations of `to` until the flag from `from` is raised.
inline void wait_flag(pipe_t from, pipe_t to, int event_id, int line = __builtin_LINE()) {
    pto::host::synchronise(pto::host::OpId::wait_flag, pto::host::EventKind::WaitFlag, from, to, event_id, line);
}

/// Holds back later operations of a pipe (or of all) until the earlier ones are complete.
inline void pipe_barrier(pipe_t pipe, int line = __builtin_LINE()) {
    pto::host::synchronise(pto::host::OpId::pipe_barrier, pto::host::EventKind::Barrier, pipe, PIPE_S, 0, line);
}

/// How a flag between cores is encoded: in whose sight it is, and which of the 16.
inline constexpr uint16_t FFTS_MODE_VAL = 2;
inline uint16_t getFFTSMsg(uint16_t mode, uint16_t flag) {
    return static_cast<uint16_t>(1 | (mode & 3) << 4 | (flag & 15) << 8);
}

/// Sets a flag for the other cores when everything issued to `pipe` is complete.
inline void ffts_cross_core_sync(pipe_t, uint64_t message, int line = __builtin_LINE()) {
    pto::host::set_cross_flag(static_cast<int>(message >> 4 & 3), static_cast<int64_t>(message >> 8 & 15), line);
}

/// Holds back the core until the other cores have set a flag.
inline void wait_flag_dev(int64_t flag, int line = __builtin_LINE()) { pto::host::wait_cross_flag(flag, line); }

/// Ends the launch with an error.
[[noreturn]] inline void trap(int line = __builtin_LINE()) { pto::host::end_by_trap(line); }

/// Which cores meet.
enum class SyncCoreType : uint8_t { Mix, AIVOnly, AICOnly };

/// All cores of a launch meet, on the device.
template <SyncCoreType type>
[[noreturn]] void SYNCALL(int line = __builtin_LINE()) {
    pto::host::refuse_syncall(line);
}

/// As ptoas prints it: nothing waits.
template <typename Event>
void TSYNC(const Event&) {}
