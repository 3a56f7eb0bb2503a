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
