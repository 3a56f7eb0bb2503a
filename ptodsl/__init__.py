"""A Python DSL for tile kernels on Ascend, compatible with pto-dsl 0.1.2.

`from ptodsl import pto, tile, scalar, to_ir_module`: `pto` has types, functions, memory, control flow and FIFOs, `tile`
the operations on tiles, `scalar` those on scalars. All load on first use, so that importing the package costs nothing
and the dialect can be used without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ptodsl import pto, scalar, tile
    from ptodsl.decorators import to_ir_module
    from ptodsl.device import do_bench, jit
    from ptodsl.npu_info import get_num_cube_cores, get_num_vec_cores, get_test_device

__all__ = [
    "do_bench",
    "get_num_cube_cores",
    "get_num_vec_cores",
    "get_test_device",
    "jit",
    "pto",
    "scalar",
    "tile",
    "to_ir_module",
]

_HOMES = {
    "do_bench": "ptodsl.device",
    "get_num_cube_cores": "ptodsl.npu_info",
    "get_num_vec_cores": "ptodsl.npu_info",
    "get_test_device": "ptodsl.npu_info",
    "jit": "ptodsl.device",
    "to_ir_module": "ptodsl.decorators",
}
"""The modules of the names that are not modules themselves."""


def __getattr__(name: str) -> object:
    """Load a module, the decorator or a function on first use."""
    if name not in __all__:
        raise AttributeError(f"module 'ptodsl' has no attribute {name!r}")
    home = _HOMES.get(name)
    return import_module(f"ptodsl.{name}") if home is None else getattr(import_module(home), name)
