"""How long the pass takes: CPU seconds by length of program, `tools/bazel run //tools/ptoas:sync_benchmark`."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence

from absl import app
from xdsl.dialects.builtin import ModuleOp

from tools.ptoas.insert_sync.insert import insert_sync
from tools.ptoas.insert_sync.long_modules import ifs, nested_loops, sibling_loops, straight_groups
from tools.ptoas.plan_memory import plan_memory

SIZES: tuple[tuple[Callable[[int], ModuleOp], tuple[int, ...]], ...] = (
    (straight_groups, (20, 200, 2000)),
    (ifs, (80, 160, 320, 800)),
    (nested_loops, (9, 11, 13)),
    (sibling_loops, (4, 40, 400)),
)
"""Programs, and how long: groups of four operations, ifs of five, depth, loops of three operations."""


def seconds(module: ModuleOp) -> float:
    """CPU time of the pass on a module, which it changes."""
    plan = plan_memory(module)
    start = time.process_time()
    insert_sync(module, plan)
    return time.process_time() - start


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    if len(arguments) > 1:
        raise app.UsageError(f"there are no arguments, but {arguments[1]!r} is given")
    # As the assembler does.
    gc.disable()
    for build, sizes in SIZES:
        for size in sizes:
            print(f"{build.__name__:16} {size:6} {seconds(build(size)):8.2f} s", flush=True)


if __name__ == "__main__":
    app.run(main)
