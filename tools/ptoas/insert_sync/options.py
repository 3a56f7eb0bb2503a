"""What may be chosen about the pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from isa.repeats import VRule


class Scope(Enum):
    """What event ids are of."""

    PAIR = "pair"
    """Each pair of pipes has ids of its own."""
    SOURCE = "source"
    """All flags from one pipe share their ids: one report holds that the hardware does it so."""


@dataclass(frozen=True)
class SyncOptions:
    """What may be chosen about the pass."""

    scope: Scope = Scope.PAIR
    v_rule: VRule = VRule.STRICT
    """What spares a barrier between dependent operations on V."""
    hidden_scratch: bool = True
    """Whether the scratch counts that the device library works in unasked. Without it results are nonsense: only
    for measuring what it costs."""
