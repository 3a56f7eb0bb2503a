"""//flash_atten:generate: write the kernel of a configuration as MLIR.

generate --s1_tile=256 --qk_preload=3 [--kv_split=2] [--heads] [--generic] -o out.mlir
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from absl import flags

from cli.files import marked, output_file, write_file
from cli.program import EXIT_FAILED, run
from flash_atten.config import KernelConfig
from flash_atten.kernel import build_module
from ptodsl.errors import failure_text
from ptodsl.printing import module_text

_DEFAULT = KernelConfig()


@dataclass(frozen=True)
class Request:
    """What to generate, and where to."""

    config: KernelConfig
    output: Path
    generic: bool


def write(request: Request) -> int:
    """Build the module and write it. Returns the exit code: 1 if there is a mistake in the kernel's code."""
    try:
        module = build_module(request.config)
    except Exception as error:  # whatever the kernel's code raises, its author needs the line and no library's frames
        print(failure_text(error), file=sys.stderr)
        return EXIT_FAILED
    write_file(request.output, module_text(module, generic=request.generic))
    return 0


def main() -> None:
    """Run the binary."""
    s1_tile = flags.DEFINE_integer("s1_tile", _DEFAULT.s1_tile, "K rows per tile: 256 or 512.")
    qk_preload = flags.DEFINE_integer("qk_preload", _DEFAULT.qk_preload, "Tiles that QK runs ahead of PV: 3 or 4.")
    kv_split = flags.DEFINE_integer("kv_split", _DEFAULT.kv_split, "Parts that S1 is cut into: 1, 2 or 4.")
    heads = flags.DEFINE_bool("heads", _DEFAULT.heads, "A kernel of many heads, which leaves log-sum-exps too.")
    generic = flags.DEFINE_bool("generic", False, "Print the generic form, which any MLIR tool parses.")
    output = flags.DEFINE_string("output", None, "File to write.", short_name="o")

    def request() -> Request:
        if not output.value:
            raise ValueError("no output file is given: say where to write the module with -o FILE.")
        config = KernelConfig(s1_tile.value, qk_preload.value, kv_split=kv_split.value, heads=heads.value)
        return Request(config, output_file("output", output.value, ours=marked("builtin.module")), generic.value)

    run(request, write)


if __name__ == "__main__":
    main()
