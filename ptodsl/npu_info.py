"""How many cores a launch has, for kernels that choose their block count by it."""

from __future__ import annotations

import importlib.util
from importlib import import_module
from typing import Any

from isa.a3 import CUBE_CORES, SUBBLOCKS


def get_num_cube_cores() -> int:
    """Return the cube cores of the device in use; those of an A3 die on a computer without one."""
    if importlib.util.find_spec("torch_npu") is None:
        return CUBE_CORES
    torch: Any = import_module("torch")
    import_module("torch_npu")  # registers torch.npu
    return int(torch.npu.get_device_properties(get_test_device()).cube_core_num)


def get_num_vec_cores() -> int:
    """Return the vector cores of the device: two for each cube core."""
    return SUBBLOCKS * get_num_cube_cores()


def get_test_device() -> str:
    """Return the torch device that arrays of a launch live on: "npu:0", or "cpu" on a computer without an NPU."""
    return "cpu" if importlib.util.find_spec("torch_npu") is None else "npu:0"
