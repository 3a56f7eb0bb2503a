"""For tests: as much of torch with torch_npu as the npu backend uses, on host memory, and a log of what was called."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

STREAM = 0x5EED
"""Handle of the stream that is current at first."""


@dataclass(eq=False)
class FakeTensor:
    """A tensor in host memory that says it is on a device."""

    array: npt.NDArray[Any]
    log: list[str]
    device: str = "npu:0"
    label: str = ""

    @property
    def dtype(self) -> str:
        """As str() of torch's dtypes."""
        return f"torch.{self.array.dtype.name}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes."""
        return self.array.shape

    def is_contiguous(self) -> bool:
        """Whether rows follow each other."""
        return bool(self.array.flags.c_contiguous)

    def data_ptr(self) -> int:
        """Address."""
        return int(self.array.ctypes.data)

    def record_stream(self, stream: Any) -> None:
        """Note that the allocator was told."""
        self.log.append(f"record {self.label or self.dtype} on {stream.npu_stream:#x}")

    def fill_(self, value: float) -> None:
        """Fill in place."""
        self.array.fill(value)

    def npu(self) -> FakeTensor:
        """Copy to the device."""
        return FakeTensor(self.array.copy(), self.log)

    def cpu(self) -> FakeTensor:
        """Copy to the host; waits."""
        self.log.append("cpu")
        return FakeTensor(self.array.copy(), self.log, "cpu")

    def numpy(self) -> npt.NDArray[Any]:
        """View as an array; host only."""
        assert self.device == "cpu"
        return self.array


@dataclass
class FakeNpu:
    """torch.npu."""

    log: list[str]
    stream: int = STREAM
    available: bool = True
    properties: Any = field(default_factory=lambda: SimpleNamespace(cube_core_num=20))

    def is_available(self) -> bool:
        """Whether there is a device."""
        return self.available

    def current_device(self) -> int:
        """Index of the device."""
        return 0

    def get_device_name(self) -> str:
        """Name of the device."""
        return "Fake910"

    def get_device_properties(self, device: int) -> Any:
        """Facts of the device."""
        assert device == 0
        return self.properties

    def current_stream(self) -> Any:
        """The stream that launches go to."""
        return SimpleNamespace(npu_stream=self.stream)

    def synchronize(self) -> None:
        """Wait for everything."""
        self.log.append("synchronize")


class FakeTorch:
    """torch with torch_npu loaded. `log` has the calls in order."""

    uint8 = "uint8"
    float32 = "float32"

    def __init__(self) -> None:
        """Start with one stream and an empty log."""
        self.log: list[str] = []
        self.npu = FakeNpu(self.log)

    def empty(self, size: Any, *, dtype: str, device: str) -> FakeTensor:
        """Allocate; noted."""
        self.log.append(f"empty {size} {dtype} on {device}")
        label = "slots" if dtype == self.uint8 else "out"
        return FakeTensor(np.zeros(size, dtype), self.log, "npu:0", label)

    def from_numpy(self, array: npt.NDArray[Any]) -> FakeTensor:
        """Take an array of the host."""
        return FakeTensor(array, self.log, "cpu")
