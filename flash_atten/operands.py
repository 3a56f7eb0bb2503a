"""What a launch demands of its operands, whoever owns them: NumPy arrays or torch tensors, host or device.

Both kinds are described as `Operand`s first, so that there is one set of rules and one wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flash_atten.config import HEAD, KernelConfig, LaunchShape

FLOAT16 = "float16"


@dataclass(frozen=True)
class Operand:
    """What the checks need to know of one array."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    contiguous: bool
    device: str
    writable: bool = True

    def in_words(self) -> str:
        """Describe it for messages."""
        order = "contiguous" if self.contiguous else "not contiguous"
        return f"{self.dtype} {list(self.shape)} on {self.device}, {order}{'' if self.writable else ', read-only'}"

    def check(self) -> None:
        """Raise ValueError unless this is a C-contiguous FP16 [rows, 128]."""
        self.check_dtype()
        if len(self.shape) != 2 or self.shape[1] != HEAD:
            raise ValueError(
                f"{self.name} has shape {list(self.shape)}; the kernel takes [rows, {HEAD}]: one head, head dimension "
                f"{HEAD}"
            )
        self.check_order()

    def check_memory(self) -> None:
        """Raise ValueError unless this is C-contiguous FP16, of any shape."""
        self.check_dtype()
        self.check_order()

    def check_dtype(self) -> None:
        """Raise ValueError unless this is FP16."""
        if self.dtype != FLOAT16:
            raise ValueError(
                f"{self.name} is {self.dtype}; the kernel takes float16 only. Convert it, for example "
                f"{self.name}.astype('float16')"
            )

    def check_order(self) -> None:
        """Raise ValueError unless this is C-contiguous."""
        if not self.contiguous:
            raise ValueError(
                f"{self.name} is not contiguous in row-major order; the kernel reads rows of {HEAD} values that follow "
                "each other. Make a contiguous copy (numpy.ascontiguousarray, or .contiguous() in torch)"
            )


def numpy_operand(name: str, array: object) -> Operand:
    """Describe a NumPy array. Raises ValueError if it is anything else."""
    if not isinstance(array, np.ndarray):
        raise ValueError(
            f"{name} is a {type(array).__name__}; the host backend takes numpy.ndarray (or torch CPU tensors)"
        )
    # The kernel reads the array's memory as it lies.
    native = array.dtype.isnative and array.flags.aligned
    dtype = array.dtype.name if native else f"{array.dtype.name} in foreign byte order or unaligned"
    return Operand(name, dtype, array.shape, bool(array.flags.c_contiguous), "cpu", bool(array.flags.writeable))


def torch_operand(name: str, tensor: Any) -> Operand:
    """Describe a torch tensor."""
    return Operand(
        name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), tensor.is_contiguous(), str(tensor.device)
    )


def check_operands(config: KernelConfig, q: Operand, k: Operand, v: Operand, *, heads: int = 1) -> LaunchShape:
    """Return the launch shape of q, k and v. Raises ValueError, naming the operand, if a kernel built with `config`
    cannot run them.

    Of several heads the rows are one below the other; there are as many rows of q for each, and of k and v.
    """
    for operand in (q, k, v):
        operand.check()
        if operand.shape[0] % heads:
            raise ValueError(f"{operand.name} has {operand.shape[0]} rows; of {heads} heads each must have as many")
    if k.shape != v.shape:
        raise ValueError(
            f"k has shape {list(k.shape)} and v has {list(v.shape)}; they must be the same: one row per key"
        )
    if len({q.device, k.device, v.device}) != 1:
        raise ValueError(f"q is on {q.device}, k on {k.device}, v on {v.device}; all three must be on one device")
    shape = LaunchShape(q_rows=q.shape[0] // heads, s1=k.shape[0] // heads, heads=heads)
    shape.check(config)
    return shape


def check_out(given: Operand, needed: Operand) -> None:
    """Raise ValueError unless the array given for the result is as needed."""
    if given != needed:
        raise ValueError(f"out is {given.in_words()}; the result needs {needed.in_words()}")
