"""All examples."""

from __future__ import annotations

from ptodsl.examples import elementwise, matmul, pipes, rows

EXAMPLES = (*elementwise.EXAMPLES, *rows.EXAMPLES, *matmul.EXAMPLES, *pipes.EXAMPLES)
"""The examples of every file."""
