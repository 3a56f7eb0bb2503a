"""Cycles of a core whose kernel takes its Q blocks in pairs: a pair shares the tiles of K and V, the last block of an
odd number is alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.timeline.blocks import BlockTimes, measure
from sim.timeline.program import TimedProgram
from sim.timeline.times import Scale, timeline

PAIR = 2
"""Q blocks of a pass."""


@dataclass(frozen=True)
class PairTimes:
    """Traces of one core with one to four Q blocks, at one S1."""

    pairs: BlockTimes
    """A pair, and two pairs in turn."""

    alone: BlockTimes
    """One block."""

    three: TimedProgram
    """A pair, then one block."""

    @classmethod
    def of(cls, programs: tuple[TimedProgram, TimedProgram, TimedProgram, TimedProgram]) -> PairTimes:
        """Take the traces of one, two, three and four Q blocks. Raises ValueError if they do not belong together."""
        one, two, three, four = programs
        if two.pushes != PAIR * one.pushes or three.pushes != 3 * one.pushes:
            raise ValueError(
                f"the traces have {', '.join(str(program.pushes) for program in programs)} tiles: they must be of one, "
                "two, three and four Q blocks at the same S1"
            )
        return cls(BlockTimes(two, four, lanes=PAIR), BlockTimes(one), three)

    @property
    def one(self) -> TimedProgram:
        """What a picture shows: a pair."""
        return self.pairs.one

    def core(self, blocks: int, s1: int, scale: Scale) -> float:
        """Return the cycles of a core with `blocks` Q blocks. Raises TooShort as `BlockTimes.cycles`."""
        pairs, odd = divmod(blocks, PAIR)
        cycles = self.alone.cycles(s1, scale)[0] if odd else 0.0
        if pairs:
            first, further = self.pairs.cycles(s1, scale)
            cycles += first + (pairs - 1) * further + (self._following(scale) if odd else 0.0)
        return cycles

    def _following(self, scale: Scale) -> float:
        """Return the cycles that a block alone takes more, behind a pair, than by itself; negative if they overlap."""
        three = measure(timeline(self.three, scale), 1).cycles
        s1 = self.pairs.s1
        return three - self.pairs.cycles(s1, scale)[0] - self.alone.cycles(s1, scale)[0]

    def launch(self, blocks: int, cores: int, s1: int, scale: Callable[[int], Scale]) -> float:
        """Return the cycles of the core with most Q blocks.

        Args:
            blocks: Q blocks of the launch.
            cores: cores that share them.
            s1: rows of K and V.
            scale: what so many active cores do to each other.

        The cores that have a block less end earlier, and leave the others among fewer.
        """
        most = -(-blocks // cores)
        heavy = blocks - (most - 1) * cores
        if most == 1 or heavy == cores:
            return self.core(most, s1, scale(heavy))
        # While all cores are active the heavy ones do others / all_of_it of their work, the rest at the pace of fewer.
        others, all_of_it = (self.core(count, s1, scale(cores)) for count in (most - 1, most))
        return others + (1 - others / all_of_it) * self.core(most, s1, scale(heavy))
