"""All unordered conflicts of a program, also those that ordering others would order. Slower: for broken programs."""

from __future__ import annotations

from sim.program import BlockProgram
from sim.replay import FindingKind, Replay
from sim.vector_repeats import VRule

Access = tuple[int, int]
"""Queue and C++ line."""


class ExhaustiveReplay(Replay):
    """Keeps, per region, the last access of every line on every queue, and compares with all of them.

    The last one is enough: if an earlier access of the same line and queue is not ordered before an op, neither is it.
    """

    def __init__(self, program: BlockProgram, *, v_rule: VRule = VRule.STRICT) -> None:
        """Prepare; nothing runs yet."""
        super().__init__(program, v_rule=v_rule)
        self._writers: list[dict[Access, int]] = [{} for _ in program.regions]
        self._readers: list[dict[Access, int]] = [{} for _ in program.regions]

    def _check_op(self, core: int, position: int, queue: int, row: list[int], pattern: int) -> None:
        reads, writes, _ = self._patterns[pattern]
        # Conflicts only: reads of what nobody wrote, or of scratch, Replay itself has found.
        compared = (
            (FindingKind.RAW, reads, self._writers),
            (FindingKind.WAW, writes, self._writers),
            (FindingKind.WAR, writes, self._readers),
        )
        for kind, regions, accesses in compared:
            for region in regions:
                for (other, _), earlier in accesses[region].items():
                    if earlier >= row[other]:
                        self._conflict(kind, other, earlier, core, position, region)
        access = queue, self._lines[core][position]
        for region in reads:
            self._readers[region][access] = position
        for region in writes:
            self._writers[region][access] = position
