"""From what a kernel is called with to what an entry takes: NumPy and torch arrays, and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute

from ptodsl.dialect import FFTS_WORDS, PtrType, element_name
from runtime.host_kernel import Argument

Array = npt.NDArray[Any]

NUMPY_TYPES = {
    "f16": "float16",
    "bf16": "uint16",
    "f32": "float32",
    "i1": "bool",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "ui8": "uint8",
    "ui16": "uint16",
    "ui32": "uint32",
}
"""Element types as NumPy names them. It has no bfloat16: its bits are taken as uint16."""


_FLOATS = ("f16", "bf16", "f64")


def host_arguments(
    kernel: str, names: Sequence[str], types: Sequence[Attribute], given: Sequence[object]
) -> list[Argument]:
    """Return `given` as the arguments of an entry with parameters `names` of `types`.

    Arrays stay where they are, the kernel writes into them. A first parameter for the cross-core flags (pto.ffts_type)
    may be left out. Raises TypeError or ValueError naming the parameter.
    """
    values = list(given)
    if len(values) == len(types) - 1 and types and isinstance(types[0], MemRefType):
        # On the host nothing reads it.
        values.insert(0, np.zeros(FFTS_WORDS, np.int64))
    check_count(kernel, names, values)
    return [_argument(f"{kernel}: {name}", ty, value) for name, ty, value in zip(names, types, values, strict=True)]


def check_count(kernel: str, names: Sequence[str], values: Sequence[object]) -> None:
    """Raise TypeError if there are not as many values as parameters."""
    if len(values) != len(names):
        raise TypeError(f"{kernel} takes {len(names)} arguments ({', '.join(names)}), not {len(values)}")


def _argument(where: str, ty: Attribute, value: object) -> Argument:
    if isinstance(ty, PtrType):
        return _array(where, element_name(ty.dtype), value)
    if isinstance(ty, MemRefType):
        return _array(where, "i64", value)
    return number(where, str(ty), value)


def number(where: str, ty: str, value: object) -> float:
    """Return `value` as a scalar parameter of type `ty`, as MLIR calls it, takes it. Raises TypeError or ValueError."""
    # To Python True is an int.
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{where} is a number ({ty}), not {_in_words(value)}")
    if ty == "f32":
        return float(value)
    if ty in _FLOATS:
        raise TypeError(f"{where} is a {ty}: only f32 can be passed; take an f32 and use scalar.truncf")
    if isinstance(value, float | np.floating):
        raise TypeError(f"{where} is a whole number ({ty}), not {value!r}")
    bits, whole = int(ty.lstrip("ui")) if ty != "index" else 64, int(value)
    # Integers of MLIR have no sign, so that the bits may be meant as signed or as unsigned.
    if not -(1 << (bits - 1)) <= whole < 1 << bits:
        raise ValueError(f"{where} = {whole} does not fit into {ty}")
    return whole


def _array(where: str, dtype: str, value: object) -> Array:
    array = _numpy(where, value)
    wanted = NUMPY_TYPES[dtype]
    if array.dtype != np.dtype(wanted):
        raise TypeError(f"{where} points to {dtype}: pass an array of {wanted}, not of {array.dtype}")
    # The kernel gets a bare pointer and computes addresses from it: it never sees the strides of an array.
    if not array.flags.c_contiguous:
        raise ValueError(f"{where} is not contiguous: pass a contiguous copy of it")
    return array


def _numpy(where: str, value: object) -> Array:
    """Return an array of NumPy, or a view of the memory of a torch tensor on the CPU."""
    if isinstance(value, np.ndarray):
        return value
    # A tensor is known by what it has: torch need not be installed, and is not imported for arrays.
    if not hasattr(value, "data_ptr"):
        raise TypeError(f"{where} is an array of NumPy or torch, not {_in_words(value)}")
    tensor: Any = value
    if tensor.device.type != "cpu":
        raise ValueError(f"{where} is on {tensor.device}: the host launches on arrays in its own memory (tensor.cpu())")
    # NumPy has no such type, and Tensor.numpy() refuses it; the view has the same bytes.
    if str(tensor.dtype) == "torch.bfloat16":
        import torch

        tensor = tensor.view(torch.uint16)
    # Tensor.numpy() refuses a tensor that records gradients.
    array: Array = tensor.detach().numpy()
    return array


def _in_words(value: object) -> str:
    return repr(value) if isinstance(value, int | float | str | None) else f"a {type(value).__name__}"
