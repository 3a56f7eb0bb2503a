"""All examples, and which one a library is of."""

from __future__ import annotations

from kernels.signature import Knobs
from ptodsl.examples import elementwise, linear, matmul, norms, pipes, rows, selection, tails, tile_fifo, transforms
from ptodsl.examples.example import Example

EXAMPLES = (
    *elementwise.EXAMPLES,
    *tails.EXAMPLES,
    *rows.EXAMPLES,
    *norms.EXAMPLES,
    *transforms.EXAMPLES,
    *selection.EXAMPLES,
    *matmul.EXAMPLES,
    *linear.EXAMPLES,
    *pipes.EXAMPLES,
    *tile_fifo.EXAMPLES,
)
"""The examples of every file."""


def kernel_of(knobs: Knobs) -> Example:
    """Return the example that the knobs name. Raises ValueError if there is none."""
    for example in EXAMPLES:
        if example.name == knobs["example"]:
            return example
    names = ", ".join(example.name for example in EXAMPLES)
    raise ValueError(f"there is no example {knobs['example']!r}: use one of {names}")
