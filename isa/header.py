"""The facts of this room for C++: the text of runtime/include/pto/machine/isa.hpp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from isa import a3, pipes
from isa.conversions import CONVERSIONS, Conversion
from isa.elements import BY_MLIR, ELEMENTS
from isa.op import Family, Op
from isa.sync import free_batch_of

PATH = "runtime/include/pto/machine/isa.hpp"

CONSTANTS: Mapping[str, tuple[str, int]] = {
    "kTileAlignment": ("uint64_t", a3.TILE_ALIGNMENT),
    "kLibraryScratchStart": ("uint64_t", a3.LIBRARY_SCRATCH.start),
    "kLibraryScratchBytes": ("uint64_t", a3.LIBRARY_SCRATCH.size),
    "kFastScratchBytes": ("size_t", a3.FAST_SCRATCH_BYTES),
    "kMaxVecRows": ("int", a3.MAX_VEC_ROWS),
    "kMaxCubeRowStride": ("int64_t", a3.MAX_CUBE_ROW_STRIDE),
    "kSubblocks": ("int", a3.SUBBLOCKS),
    "kCrossCoreFlags": ("int", a3.CROSS_CORE_FLAGS),
    "kFlagsPerFifo": ("int", a3.FLAGS_PER_FIFO),
    "kFirstSyncAllFlag": ("int", a3.SYNCALL_FLAGS[0]),
    "kLastSyncAllFlag": ("int", a3.SYNCALL_FLAGS[-1]),
    "kMaxFlagCount": ("int", a3.FLAG_COUNT_MAX),
}
"""C++ constants with their types and values."""

_TOP = """// Generated from isa/ by `tools/bazel run //isa:generate`: change it there.
// The machine's facts: operations, element types, memories, pipes, and their numbers in traces.
#pragma once

#include <cstddef>
#include <cstdint>

// clang-format off

/// Hardware queues of one core, in the order of the trace format.
enum pipe_t : uint8_t {{ {pipes} }};

/// Event ids of one (source, destination) pair of pipes.
enum event_t : uint8_t {{ {events} }};

namespace pto::host {{
"""

_TYPE_SETS = """
/// A bit per DTypeId.
using TypeSet = uint32_t;

/// The element types that each operation exists for, by OpId; none for those that do not work element by element.
inline constexpr TypeSet kTypes[] = {"""


def header(ops: Sequence[Op]) -> str:
    """Return the text of the header for a table of operations."""
    names = ", ".join(f"PIPE_{pipe.name}" for pipe in pipes.Pipe)
    events = ", ".join(f"EVENT_ID{number}" for number in range(pipes.EVENT_IDS))
    parts = [_TOP.format(pipes=names, events=events)]
    parts += [f"inline constexpr {ty} {name} = {value};" for name, (ty, value) in CONSTANTS.items()]
    shapes = ", ".join(f"{{{rows}, {cols}}}" for rows, cols in a3.FAST_ROW_REDUCTIONS)
    # The flag "full" counts the slots in use, so no FIFO has more of them than a flag counts.
    batches = ", ".join(str(free_batch_of(slots)) for slots in range(a3.FLAG_COUNT_MAX + 1))
    parts.append(
        f"inline constexpr uint32_t kReleaseBatches[] = {{{batches}}};  ///< slots given back at a time, by slots"
    )
    parts.append(f"inline constexpr int kFastRowReductions[][2] = {{{shapes}}};\n")
    parts.append("/// Memories in the numbering of the trace format: X(enumerator, name, bytes).")
    parts.append(_macro("MEMORIES", (f'{m.cpp}, "{m.name}", {a3.size_of(m)}' for m in a3.Memory)))
    parts.append("/// Element types in the numbering of the trace format, from 1 on: X(enumerator, C++ type, name).")
    parts.append(_macro("ELEMENTS", (f'{e.trace.upper()}, {e.cpp}, "{e.trace}"' for e in ELEMENTS)))
    parts.append("/// X(from, to, a letter for RINT, ROUND, FLOOR, CEIL, TRUNC, ODD and NONE,")
    parts.append("/// which saturation, whether the device works in the library's scratch).")
    parts.append(_macro("CONVERSIONS", map(_conversion, CONVERSIONS.items())))
    parts.append("/// Operations in the numbering of OpId: X(name).")
    parts.append(_macro("OPERATIONS", (op.cpp for op in ops)))
    for family, members in _with_functors(ops).items():
        parts.append(f"/// Where {family.rule.format('f(...)')}: X(name, functor).")
        parts.append(_macro(f"{family.name}_OPS", (f"{op.cpp}, {op.function}" for op in members)))
    parts.append(_TYPE_SETS)
    parts += [f"    {_type_set(op)},  // {op.cpp}" for op in ops]
    parts.append("};\n\n// clang-format on\n\n}  // namespace pto::host")
    return "\n".join(parts) + "\n"


def _macro(name: str, rows: Iterable[str]) -> str:
    return f"#define PTO_{name}(X) \\\n" + " \\\n".join(f"    X({row})" for row in rows) + "\n"


def _with_functors(ops: Sequence[Op]) -> dict[Family, list[Op]]:
    """Operations that are an instance of a template of the runtime, by family."""
    found: dict[Family, list[Op]] = {}
    for op in ops:
        if op.function is not None:
            found.setdefault(op.family, []).append(op)
    return found


def _conversion(item: tuple[tuple[str, str], Conversion]) -> str:
    (source, target), one = item
    ids = ", ".join(BY_MLIR[name].trace.upper() for name in (source, target))
    saturates = "".join(word.capitalize() for word in one.saturation.value.split())
    return f'{ids}, "{one.rounding}", {saturates}, {str(one.uses_library_scratch).lower()}'


def _type_set(op: Op) -> str:
    return " | ".join(f"1u << {BY_MLIR[dtype].code}" for dtype in op.types) or "0"
