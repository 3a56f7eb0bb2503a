#include "runtime/machine/spoil.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/machine/core.hpp"
#include "runtime/machine/granules.hpp"

namespace pto::host {

void spoil(Operand& tile, size_t limit, int line) {
    if (!Core::current(line).fills()) return;
    const size_t size = size_of(tile.info().dtype);
    const size_t row_bytes = tile.info().cols * size, bytes = tile.valid_cols() * size;
    for (size_t r = 0; r < size_t(tile.valid_rows()) && r * row_bytes < limit; ++r) {
        std::memset(tile.bytes() + r * row_bytes, kNotANumber, std::min(bytes, limit - r * row_bytes));
    }
}

std::byte* spoil_library_scratch(Core& core, int line) {
    std::byte* scratch = core.place(Buffer::Ub, kLibraryScratchStart, kLibraryScratchBytes, line);
    constexpr uint64_t kEnd = kLibraryScratchStart + kLibraryScratchBytes;
    core.lazy.write(OnChipBytes::of(Buffer::Ub, kLibraryScratchStart, kEnd),
                    granules_of(Buffer::Ub, kLibraryScratchStart, kEnd));
    if (!kTrace && core.fills()) std::memset(scratch, kNotANumber, kLibraryScratchBytes);
    return scratch;
}

}  // namespace pto::host
