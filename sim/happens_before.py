"""The clock model: what is known to be complete when an operation starts.

A core issues in program order to queues (one per pipe) that run concurrently. Every queue has a vector clock
with one component per queue of all cores of the block: component r of queue q is the number of events of r's
core, so that every op of queue r issued before that event is complete before anything which q starts from now
on. The rules:

- a queue other than V finishes an op before it starts the next: its own component is always "everything before";
- V issues in order without interlock: its own component moves only at `pipe_barrier(PIPE_V)`, or when something that
  waited for V (a flag from V) signals back;
- `set_flag(src, dst)` carries what src waited for, and everything issued to src; `wait_flag` joins that into dst;
- a wait of the scalar unit holds back all queues: it issues to them. So do TPOP, TALLOC and `pipe_barrier(PIPE_ALL)`.

An op at position p of queue r happens before an op of queue q exactly if ``p < rows[q][r]`` when q issues it.
"""

from __future__ import annotations

from isa.pipes import QUEUES, Pipe

Token = list[int]
"""A clock that a signal carries."""


def queue_number(core: int, pipe: int) -> int:
    """Return the queue of `pipe` of core number `core` of the block."""
    return core * QUEUES + pipe


class Clocks:
    """The vector clocks of all queues of one block."""

    def __init__(self, n_cores: int) -> None:
        """Start with nothing issued on `n_cores` cores."""
        n_queues = n_cores * QUEUES
        self.rows: list[list[int]] = [[0] * n_queues for _ in range(n_queues)]

    def signal(self, core: int, pipe: int, position: int) -> Token:
        """Return what a signal sent by `pipe` at `position` carries."""
        queue = queue_number(core, pipe)
        token = self.rows[queue].copy()
        # The own component of V lags behind what was issued to it, but a signal is sent when all of that is complete.
        token[queue] = position
        return token

    def receive(self, core: int, pipe: int, token: Token) -> None:
        """Let later ops of `pipe` start after `token`; if it is the scalar unit, later ops of the whole core."""
        if pipe == Pipe.S:
            self.receive_everywhere(core, token)
        else:
            queue = queue_number(core, pipe)
            self.rows[queue][:] = [a if a > b else b for a, b in zip(self.rows[queue], token, strict=True)]

    def receive_everywhere(self, core: int, token: Token) -> None:
        """Let everything that `core` issues later start after `token`."""
        first = core * QUEUES
        for row in self.rows[first : first + QUEUES]:
            row[:] = [a if a > b else b for a, b in zip(row, token, strict=True)]

    def drain(self, core: int, pipe: int, position: int) -> None:
        """`pipe_barrier(pipe)` at `position`: later ops of the pipe start after all its earlier ones."""
        if pipe == Pipe.ALL:
            self._drain_all(core, position)
        else:
            queue = queue_number(core, pipe)
            self.rows[queue][queue] = position

    def _drain_all(self, core: int, position: int) -> None:
        first = core * QUEUES
        own = self.rows[first : first + QUEUES]
        joined = [max(column) for column in zip(*own, strict=True)]
        # The maximum is not enough: what was issued last to a queue, none of them has waited for.
        joined[first : first + QUEUES] = [position] * QUEUES
        for row in own:
            row[:] = joined
