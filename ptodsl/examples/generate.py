"""//ptodsl/examples:generate: write one of the examples as MLIR.

generate --example=softmax [--generic] -o out.mlir
"""

from __future__ import annotations

import sys

from kernels.generator import Knob, Source, main
from kernels.signature import Knobs
from ptodsl.examples.catalogue import EXAMPLES
from ptodsl.examples.example import Example


def example_of(knobs: Knobs) -> Example:
    """Return the example that the knobs name. Raises ValueError if there is none."""
    for example in EXAMPLES:
        if example.name == knobs["example"]:
            return example
    names = ", ".join(example.name for example in EXAMPLES)
    raise ValueError(f"there is no example {knobs['example']!r}: use one of {names}")


SOURCE = Source(
    knobs=(Knob("example", EXAMPLES[0].name, "name of the example"),),
    check=example_of,
    build=lambda knobs: example_of(knobs).build(),
)

if __name__ == "__main__":
    sys.exit(main(SOURCE, __doc__))
