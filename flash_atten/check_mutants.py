"""Print which kinds of inputs show which numeric faults: `check_broken`'s mutants, judged as `check` judges a kernel.

    tools/bazel run //flash_atten:check_mutants -- --s1=1024
    tools/bazel run //flash_atten:check_mutants -- --s1=131072 --kinds=normal,rising

A cell says how many times larger the error is than what is allowed; a dot is a mutant that passes. One Q block of each
is computed in NumPy; no kernel is needed. Exit code 1 if no kind shows a mutant, or the right algorithm is called
wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from absl import flags

from cli.program import EXIT_FAILED, integers, run
from flash_atten.check_broken import Mutant, Subject, edge_mutants, mutants
from flash_atten.check_compare import Comparison
from flash_atten.check_inputs import INPUT_KINDS, known_kinds
from flash_atten.check_model import TiledAttention
from flash_atten.check_split import SplitAttention, split_mutants
from flash_atten.config import S0, KernelConfig
from flash_atten.knobs import BY_RULE, Asked, choose_config

S1 = flags.DEFINE_list("s1", ["1024"], "Rows of K and V; a list.")
S1_TILE = flags.DEFINE_string("s1_tile", BY_RULE, "Rows of K per tile: auto, 256 or 512.")
QK_PRELOAD = flags.DEFINE_integer("qk_preload", 3, "Tiles that QK runs ahead of PV: 3 or 4.")
KV_SPLIT = flags.DEFINE_integer(
    "kv_split", 1, "Parts that S1 is cut into: 1; with 2 or 4 what is broken is how the parts are combined."
)
KINDS = flags.DEFINE_list("kinds", list(INPUT_KINDS), "Kinds of inputs.")
SEED = flags.DEFINE_integer("seed", 0, "Seed of the inputs.", lower_bound=0)

NAME_WIDTH = 28
CELL_WIDTH = 13
RIGHT = "the algorithm itself"


@dataclass(frozen=True)
class Options:
    """A checked request."""

    configs: Sequence[tuple[int, KernelConfig]]
    kinds: Sequence[str]
    seed: int


def options() -> Options:
    """Read the flags. Raises ValueError for a request that cannot be served."""
    asked = Asked(S1_TILE.value, QK_PRELOAD.value, str(KV_SPLIT.value))
    configs = [(s1, choose_config(asked, q_rows=S0, s1=s1, cores=lambda: 1)) for s1 in integers("s1", S1.value)]
    return Options(configs, known_kinds(KINDS.value), SEED.value)


def _line(name: str, cells: Sequence[str]) -> str:
    return (name.ljust(NAME_WIDTH) + "".join(cell.rjust(CELL_WIDTH) for cell in cells)).rstrip()


def _cell(found: Comparison) -> str:
    return "." if found.ok else f"{found.excess:.3g}"


def print_table(s1: int, config: KernelConfig, kinds: Sequence[str], seed: int) -> bool:
    """Print the table of one s1; return whether the algorithm is right on all kinds and no mutant is."""
    subjects = [Subject.draw(kind, s1, seed) for kind in kinds]
    algorithm = TiledAttention if config.kv_split == 1 else SplitAttention
    right = [subject.judge(Mutant(RIGHT, algorithm), config) for subject in subjects]
    knobs = f"tiles of {config.s1_tile}, preload {config.qk_preload}, split {config.kv_split}"
    print(f"s1 {s1}, {knobs}: error as a multiple of what is allowed")
    print(_line("", kinds))
    print(_line(RIGHT, [f"{found.excess:.2f}" for found in right]), flush=True)
    # Where S1 is split, a part is the whole algorithm, judged without a split: only the combining is broken.
    of_tiles = [*mutants(config.tiles_in(s1)), *edge_mutants()]
    caught, everyone = np.zeros(len(kinds), int), of_tiles if config.kv_split == 1 else split_mutants()
    missed = []
    for mutant in everyone:
        found = [subject.judge(mutant, config) for subject in subjects]
        print(_line(mutant.name, [_cell(item) for item in found]), flush=True)
        caught += [not item.ok for item in found]
        if all(item.ok for item in found):
            missed.append(mutant.name)
    print(_line(f"caught, of {len(everyone)}", [str(count) for count in caught]))
    print(f"caught by any: {len(everyone) - len(missed)} of {len(everyone)}\n")
    return not missed and all(found.ok for found in right)


def work(chosen: Options) -> int:
    """Print the tables; return 1 if one has a mutant that no kind shows."""
    good = [print_table(s1, config, chosen.kinds, chosen.seed) for s1, config in chosen.configs]
    return 0 if all(good) else EXIT_FAILED


if __name__ == "__main__":
    run(options, work)
