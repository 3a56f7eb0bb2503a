"""The pass on random DSL programs: the judge finds nothing in what runs, and the numbers are those of NumPy."""

import random
from pathlib import Path

from sim.random_kernels_run import wrong_kernels
from tools.ptoas.insert_sync.random_kernels import If, Kernel, Load, Loop, Peek, Poke, Source, Statement, random_kernel

SEEDS = range(8)
"""Few: `.ci/run` takes others each day, and many more by hand (docs/checks.md)."""


def test_random_programs_are_ordered_and_compute_what_numpy_does(tmp_path: Path) -> None:
    assert list(wrong_kernels(SEEDS, tmp_path)) == []


def statements(body: tuple[Statement, ...]) -> list[Statement]:
    """All statements of a body, those inside of others too."""
    found = list(body)
    for item in body:
        match item:
            case Loop(_, inner):
                found += statements(inner)
            case If(then, other):
                found += [*statements(then), *statements(other)]
    return found


def features(kernel: Kernel) -> set[str]:
    """What a kernel has."""
    found = {"sections"} if kernel.in_sections and len(kernel.scopes) > 1 else set()
    if kernel.has_fifo:
        found |= {"a FIFO back"} if kernel.ahead else {"a FIFO"}
    for item in (item for scope in kernel.scopes for item in statements(scope.body)):
        match item:
            case Load(source=source):
                found.add(f"a load of {source.value}")
            case Peek() | Poke() | Loop() | If():
                found.add(type(item).__name__)
    return found


def test_the_programs_have_all_that_a_program_can_have() -> None:
    wanted = {"sections", "a FIFO", "a FIFO back", *(f"a load of {source.value}" for source in Source)}
    found: set[str] = set().union(*(features(random_kernel(random.Random(seed))) for seed in SEEDS))
    assert found == wanted | {"Peek", "Poke", "Loop", "If"}
