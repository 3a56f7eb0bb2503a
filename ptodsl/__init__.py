"""A Python DSL for tile kernels on Ascend, compatible with pto-dsl 0.1.2.

`from ptodsl import pto, tile, scalar, to_ir_module`: `pto` has types, functions, memory, control flow and FIFOs, `tile`
the operations on tiles, `scalar` those on scalars. They are submodules and load when they are imported, so the dialect
can be used without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptodsl.decorators import to_ir_module
    from ptodsl.device import do_bench, jit

__all__ = ["do_bench", "jit", "to_ir_module"]


def __getattr__(name: str) -> object:
    """Load the decorator or the device functions on first use."""
    if name == "to_ir_module":
        from ptodsl.decorators import to_ir_module

        return to_ir_module
    if name in ("do_bench", "jit"):
        from ptodsl import device

        return getattr(device, name)
    raise AttributeError(f"module 'ptodsl' has no attribute {name!r}")
