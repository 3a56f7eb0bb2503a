"""For tests: as much of torch with torch_npu as the npu backend uses, on host memory, and a log of what was called."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

STREAM = 0x5EED
"""Handle of the stream that is current at first, on every device."""

DEVICES = 2
"""The dies of one A3."""


@dataclass(eq=False)
class FakeTensor:
    """A tensor in host memory that says it is on a device; what its methods do is as in torch."""

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
        return self.array.shape

    def is_contiguous(self) -> bool:
        return bool(self.array.flags.c_contiguous)

    def data_ptr(self) -> int:
        return int(self.array.ctypes.data)

    def record_stream(self, stream: Any) -> None:
        """Note that the allocator was told."""
        assert stream.device == self.device, "a stream of another device does not guard this memory"
        self.log.append(f"record {self.label or self.dtype} on {stream.npu_stream:#x}")

    def fill_(self, value: float) -> None:
        self.array.fill(value)

    def zero_(self) -> None:
        self.array.fill(0)

    def view(self, shape: Any) -> FakeTensor:
        """See the same memory in another shape, or with another dtype."""
        array = self.array.view(shape) if isinstance(shape, str) else self.array.reshape(shape)
        return FakeTensor(array, self.log, self.device, self.label)

    def __getitem__(self, part: slice) -> FakeTensor:
        return FakeTensor(self.array[part], self.log, self.device, self.label)

    def clone(self) -> FakeTensor:
        return FakeTensor(self.array.copy(), self.log, self.device)

    def npu(self, device: int = 0) -> FakeTensor:
        return FakeTensor(self.array.copy(), self.log, f"npu:{device}")

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
    streams: list[int] = field(default_factory=lambda: [STREAM] * DEVICES)
    """Device -> handle of its current stream."""
    available: bool = True
    cube_cores: list[int] = field(default_factory=lambda: [20] * DEVICES)
    """Device -> its number of cube cores; 0 for a torch_npu that does not tell."""
    current: int = 0

    def is_available(self) -> bool:
        return self.available

    def current_device(self) -> int:
        return self.current

    @contextlib.contextmanager
    def device(self, device: str) -> Iterator[None]:
        """Make a device the current one for a while; noted when it is another."""
        before, self.current = self.current, _index(device)
        if before != self.current:
            self.log.append(f"device {self.current}")
        try:
            yield
        finally:
            self.current = before

    def device_count(self) -> int:
        return len(self.streams)

    def get_device_name(self, device: int | None = None) -> str:
        return "Fake910"

    def get_device_properties(self, device: str) -> Any:
        cores = self.cube_cores[_index(device)]
        return SimpleNamespace(cube_core_num=cores) if cores else SimpleNamespace()

    def current_stream(self) -> Any:
        return SimpleNamespace(npu_stream=self.streams[self.current], device=f"npu:{self.current}")

    def synchronize(self) -> None:
        self.log.append("synchronize")


def _index(device: str) -> int:
    return int(device.removeprefix("npu:"))


class FakeTorch:
    """torch with torch_npu loaded. `log` has the calls in order."""

    uint8 = "uint8"
    float32 = "float32"

    def __init__(self) -> None:
        self.log: list[str] = []
        self.npu = FakeNpu(self.log)

    def empty(self, size: Any, *, dtype: str, device: str) -> FakeTensor:
        """Allocate; noted."""
        self.log.append(f"empty {size} {dtype} on {device}")
        label = "slots" if dtype == self.uint8 else "out"
        # As in torch, a device without a number is the current one.
        where = f"npu:{self.npu.current}" if device == "npu" else device
        return FakeTensor(np.zeros(size, dtype), self.log, where, label)

    def from_numpy(self, array: npt.NDArray[Any]) -> FakeTensor:
        return FakeTensor(array, self.log, "cpu")
