"""The FIFOs between a cube core and its vector cores: rings of slots in GM.

Each core has a region of `gm_slots` for itself: the slots of QK, then of PV, then of P.
"""

from __future__ import annotations

from dataclasses import dataclass

from flash_atten.config import HEAD, S0, KernelConfig
from isa.elements import BY_MLIR

DTYPE_BYTES = {dtype: BY_MLIR[dtype].bytes for dtype in ("f16", "f32")}
"""Bytes per element of the kernel's element types."""

FIFO_SLOTS = 8
"""Slots of each FIFO. Eight is what the FIFO library's batched free signals (every 4 slots) are made for."""

FLAGS_PER_FIFO = 2
"""Cross-core flags that one FIFO uses, "full" and "free", counted from its flag base."""


@dataclass(frozen=True)
class Fifo:
    """One ring of FIFO_SLOTS slots in GM. A slot is a row-major [rows, cols] matrix, half of it per vector core."""

    name: str
    dtype: str
    rows: int
    cols: int
    cube_to_vector: bool
    flag_base: int
    """First of its FLAGS_PER_FIFO cross-core flags."""

    offset: int
    """Bytes from the start of the core's region."""

    @property
    def slot_bytes(self) -> int:
        """Bytes of one slot."""
        return self.rows * self.cols * DTYPE_BYTES[self.dtype]

    @property
    def ring_bytes(self) -> int:
        """Bytes of all slots."""
        return FIFO_SLOTS * self.slot_bytes

    @property
    def end(self) -> int:
        """First byte after its slots, from the start of the core's region."""
        return self.offset + self.ring_bytes


@dataclass(frozen=True)
class Fifos:
    """The three FIFOs of a cube core and its vector cores, in the order of their offsets."""

    qk: Fifo
    """Scores, cube to vector: [S0, s1_tile] fp32."""

    pv: Fifo
    """Unscaled partial outputs, cube to vector: [S0, HEAD] fp32."""

    p: Fifo
    """Probabilities, vector to cube: [S0, s1_tile] fp16."""

    @classmethod
    def of(cls, config: KernelConfig) -> Fifos:
        """Lay the FIFOs out for `config`."""
        qk = Fifo("qk", "f32", S0, config.s1_tile, cube_to_vector=True, flag_base=0, offset=0)
        pv = Fifo("pv", "f32", S0, HEAD, cube_to_vector=True, flag_base=FLAGS_PER_FIFO, offset=qk.end)
        p = Fifo("p", "f16", S0, config.s1_tile, cube_to_vector=False, flag_base=2 * FLAGS_PER_FIFO, offset=pv.end)
        return cls(qk, pv, p)

    @property
    def bytes_per_core(self) -> int:
        """GM bytes of one cube core's FIFOs; `gm_slots` of a launch has this many for each of its blocks."""
        return self.p.end


def fifo_bytes_per_core(config: KernelConfig) -> int:
    """Return the GM bytes that a launch must provide for each of its blocks."""
    return Fifos.of(config).bytes_per_core
