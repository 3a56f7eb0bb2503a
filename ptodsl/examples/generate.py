"""//ptodsl/examples:generate: write one of the examples as MLIR.

generate --example=softmax [--generic] -o out.mlir
"""

from __future__ import annotations

import sys

from kernels.generator import Knob, Source, main
from ptodsl.examples.catalogue import EXAMPLES, kernel_of

SOURCE = Source(
    knobs=(Knob("example", EXAMPLES[0].name, "name of the example"),),
    check=kernel_of,
    build=lambda knobs: kernel_of(knobs).build(),
)

if __name__ == "__main__":
    sys.exit(main(SOURCE, __doc__))
