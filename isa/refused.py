"""Operations that the real assembler reads and this one refuses: why, and what does instead.

What the device or its headers do not have is no silent guess, and no unknown name either.
"""

from __future__ import annotations

from collections.abc import Mapping

_NO_HEADER = "the C++ that ptoas 0.48 prints for it does not compile against the device's headers"

REFUSED: Mapping[str, str] = {
    "mgather": f"{_NO_HEADER}: load rows with pto.tload in a loop, with pto.load_scalar for the indices",
    "mscatter": f"{_NO_HEADER}: store rows with pto.tstore in a loop, with pto.load_scalar for the indices",
    "tconcatidx": "what it computes is not published: pto.tconcat",
    "tpartargmax": "what it does with ties is not published: pto.tcmp and pto.tsel",
    "tpartargmin": "what it does with ties is not published: pto.tcmp and pto.tsel",
    "tprefetch": "it leaves no defined bytes in its tile, and only warms a cache: leave it out, or pto.tload",
    "tsync": "ptoas 0.48 prints a call that does nothing: pto.set_flag and pto.wait_flag, or FIFOs between cores",
    "castptr": "ptoas 0.48 fails on it, too: pass the pointer twice, once for each type",
    "trap": "a launch that ends by it cannot be told from a fault: return from the kernel, and say so in its output",
    "syncall": "all blocks of a launch meet only if all of them run at once: use a launch for each phase",
}
"""By the names in the dialect, without `pto.`."""

DSL_NAMES: Mapping[str, str] = {
    "mgather": "mgather",
    "mscatter": "mscatter",
    "prefetch": "tprefetch",
}
"""What `ptodsl.tile` would call them."""
