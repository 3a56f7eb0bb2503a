"""All examples."""

from __future__ import annotations

from ptodsl.examples import elementwise, linear, matmul, norms, pipes, rows, tails, tile_fifo

EXAMPLES = (
    *elementwise.EXAMPLES,
    *tails.EXAMPLES,
    *rows.EXAMPLES,
    *norms.EXAMPLES,
    *matmul.EXAMPLES,
    *linear.EXAMPLES,
    *pipes.EXAMPLES,
    *tile_fifo.EXAMPLES,
)
"""The examples of every file."""
