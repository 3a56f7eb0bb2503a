"""Flash Attention on a backend: operands checked, planned and bound; and the choice of a library for a shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flash_atten.config import S0, S1_TILES, KernelConfig, LaunchShape, auto_s1_tile
from flash_atten.libraries import DEFAULT_QK_PRELOAD, library_path
from flash_atten.operands import Operand, check_operands, check_out, numpy_operand, torch_operand
from flash_atten.plan import block_dim, launch_plan
from kernels.backend import DEFAULT_CHOICE, Backend, BoundLaunch, Choice, open_library
from kernels.library import HOST, KernelLibrary, LibraryError

AUTO_TILE = "auto"
"""Value of --s1_tile that leaves the choice to `auto_s1_tile`."""


@dataclass(frozen=True)
class BoundAttention:
    """A checked launch with its buffers. `out` is the result's array."""

    launch: BoundLaunch
    out: Any

    def run(self) -> None:
        """Launch. The host returns when the result is there; the device when the launch is queued on the current
        stream.
        """
        self.launch.run()

    def poison(self) -> None:
        """Fill FIFO slots and result with NaN, so that nothing of an earlier run can pass for the next one's."""
        self.launch.poison()


class AttentionBackend:
    """Launches one Flash Attention library. Arrays are NumPy's on the host, torch_npu tensors on the device."""

    def __init__(self, backend: Backend, config: KernelConfig) -> None:
        """Take the backend of a library that is built for `config`."""
        self.backend = backend
        self.config = config

    @property
    def name(self) -> str:
        """Of the backend."""
        return self.backend.name

    @property
    def library(self) -> KernelLibrary:
        """What is launched."""
        return self.backend.library

    def bind(self, q: Any, k: Any, v: Any, out: Any = None) -> BoundAttention:
        """Check q [q rows, 128], k and v [s1, 128] (FP16, contiguous, on one device), allocate what the launch needs.

        `out` [q rows, 128] FP32 receives the result; without it a new array does. Nothing is copied. Raises ValueError.
        """
        describe = numpy_operand if self.name == HOST else torch_operand
        operands = [describe(name, array) for name, array in (("q", q), ("k", k), ("v", v))]
        shape = check_operands(self.config, *operands)
        if self.name != HOST and not operands[0].device.startswith(self.name):
            raise ValueError(
                f"q, k and v are on {operands[0].device}; the npu backend takes tensors on the device (tensor.npu())"
            )
        if out is None:
            out = self.empty_like(q)
        check_out(describe("out", out), Operand("out", "float32", operands[0].shape, True, operands[0].device))
        plan = launch_plan(self.config, shape, block_dim(self.config, shape, self.backend.cube_cores(q)))
        return BoundAttention(self.backend.bind(plan, {"q": q, "k": k, "v": v, "o": out}), out)

    def launch(self, q: Any, k: Any, v: Any, out: Any = None) -> Any:
        """Bind and run once; return the result's array. Raises ValueError or KernelError."""
        bound = self.bind(q, k, v, out)
        bound.run()
        return bound.out

    def empty_like(self, q: Any) -> Any:
        """Return a new FP32 array of this backend in the shape of q, on its device."""
        return self.backend.empty(tuple(q.shape), "float32", q)

    def from_numpy(self, array: npt.NDArray[np.float16]) -> Any:
        """Return the array as this backend takes it."""
        return self.backend.from_numpy(array)

    def to_numpy(self, out: Any) -> npt.NDArray[np.float32]:
        """Return a result as a NumPy array, after everything queued before is done."""
        return self.backend.to_numpy(out)

    def synchronize(self) -> None:
        """Wait until everything that was queued is done."""
        self.backend.synchronize()


@dataclass(frozen=True)
class OpenedAttention:
    """A backend and, in a few words, why it is this one."""

    backend: AttentionBackend
    why: str


def choose_config(
    s1_tile: str, qk_preload: int | None, *, q_rows: int, s1: int, library: Path | None = None
) -> KernelConfig:
    """Return the configuration for a shape; `s1_tile` is a number or `auto`. Raises ValueError for what cannot run.

    Knobs that are left open (`auto`, None) are those of `library`, if the user names one. The rules for s1 come first:
    where q_rows follows s1, they are what the user can mend.
    """
    keys_only = LaunchShape(q_rows=S0, s1=s1)
    knobs: dict[str, Any] = {"s1_tile": auto_s1_tile(keys_only), "qk_preload": DEFAULT_QK_PRELOAD}
    knobs |= {} if library is None else _knobs_of(library)
    if s1_tile != AUTO_TILE:
        try:
            knobs["s1_tile"] = int(s1_tile)
        except ValueError:
            raise ValueError(
                f"s1_tile = {s1_tile!r} is not supported: use {AUTO_TILE}, {' or '.join(map(str, S1_TILES))}"
            ) from None
    if qk_preload is not None:
        knobs["qk_preload"] = qk_preload
    config = KernelConfig(**knobs)
    keys_only.check(config)
    LaunchShape(q_rows=q_rows, s1=s1).check(config)
    return config


def _knobs_of(library: Path) -> Mapping[str, Any]:
    """Return the knobs that a library says it has; none if it cannot be asked: `open_backend` will say why."""
    try:
        found = KernelLibrary(library).info.knobs
    except LibraryError:
        return {}
    return {name: found[name] for name in KernelConfig().knobs if name in found}


def open_backend(config: KernelConfig, choice: Choice = DEFAULT_CHOICE, *, path: Path | None = None) -> OpenedAttention:
    """Load the library for `config` (or the one at `path`) and return the backend for it.

    Raises LibraryError if the library is missing, is not built for `config`, or cannot run here, or not as chosen.
    """
    opened = open_library(KernelLibrary(path or library_path(config), config.knobs), choice)
    return OpenedAttention(AttentionBackend(opened.backend, config), opened.why)
