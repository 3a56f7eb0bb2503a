"""Operations that the real assembler reads and this one refuses: why, and what does instead.

What the device or its headers do not have is no silent guess, and no unknown name either.
"""

from __future__ import annotations

from collections.abc import Mapping

REFUSED: Mapping[str, str] = {
    "tconcatidx": "what it computes is not published: pto.tconcat",
    "castptr": "ptoas 0.48 fails on it, too: pass the pointer twice, once for each type",
}
"""By the names in the dialect, without `pto.`."""

DSL_NAMES: Mapping[str, str] = {"concatidx": "tconcatidx"}
"""What `ptodsl.tile` would call them."""
