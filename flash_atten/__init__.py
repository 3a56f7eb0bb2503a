"""Flash Attention forward for Ascend A3: configuration, kernel, launch and check.

`flash_atten.attention(q, k, v)` runs it on NumPy arrays and torch tensors (target //flash_atten:attention).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flash_atten.api import attention

__all__ = ["attention"]


def __getattr__(name: str) -> Any:
    """Import `attention` when it is asked for: building the kernel needs this package, too, but not NumPy."""
    if name != "attention":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flash_atten.api import attention

    return attention
