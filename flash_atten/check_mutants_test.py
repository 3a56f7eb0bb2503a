"""Every numeric mutant is seen, at every size; the right algorithm and the order of tiles are not called wrong."""

import numpy as np
import pytest

from cli.testing import run_program
from flash_atten.check_broken import Mutant, Subject, SwappedTiles, edge_mutants, mutants
from flash_atten.check_inputs import BENCHMARK_KIND, INPUT_KINDS
from flash_atten.check_model import TiledAttention
from flash_atten.check_split import SplitAttention, split_mutants
from flash_atten.config import KernelConfig, LaunchShape, auto_s1_tile

SIZES = [1024, 2048, 8192, 32768, 131072]
SIZES_OF_MUTANTS = SIZES[:-1]
"""The largest takes as long as all others: its table is //flash_atten:check_mutants_large_test, run by hand."""

HEADROOM = 4
"""How many times larger the errors of the right algorithm could be, at least."""

RIGHT = Mutant("right", TiledAttention)


def _config(s1: int) -> KernelConfig:
    """Return what a launch takes at this size, with the larger preload at every other one."""
    return KernelConfig(auto_s1_tile(LaunchShape(128, s1)), 3 + SIZES.index(s1) % 2)


@pytest.mark.parametrize("s1", SIZES_OF_MUTANTS)
def test_the_benchmarks_inputs_alone_show_every_mutant(s1: int) -> None:
    subject, config = Subject.draw(BENCHMARK_KIND, s1, seed=0), _config(s1)
    everyone = mutants(s1 // config.s1_tile)
    assert len(everyone) > 60
    assert [mutant.name for mutant in everyone if subject.judge(mutant, config).ok] == []


@pytest.mark.parametrize("s1", [2048, 8192])
def test_another_tile_hides_no_mutant(s1: int) -> None:
    config = KernelConfig(768 - auto_s1_tile(LaunchShape(128, s1)))
    subject = Subject.draw(BENCHMARK_KIND, s1, seed=1)
    everyone = mutants(s1 // config.s1_tile)
    assert [mutant.name for mutant in everyone if subject.judge(mutant, config).ok] == []


@pytest.mark.parametrize("s1", [1024, 8192])
def test_special_values_show_what_normal_ones_do_not(s1: int) -> None:
    config = _config(s1)
    subjects = [Subject.draw(kind, s1, seed=0) for kind in ("negative", "not_finite", "nan_key")]
    for mutant in edge_mutants():
        assert not all(subject.judge(mutant, config).ok for subject in subjects), mutant.name


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_the_right_algorithm_has_headroom_at_all_sizes(kind: str) -> None:
    for s1 in SIZES:
        found = Subject.draw(kind, s1, seed=0).judge(RIGHT, _config(s1))
        assert found.ok
        assert found.excess <= 1 / HEADROOM, s1


@pytest.mark.parametrize("split", [2, 4])
@pytest.mark.parametrize("s1", [8192, 32768])
def test_the_benchmarks_inputs_show_every_mutant_of_combining(s1: int, split: int) -> None:
    subject = Subject.draw(BENCHMARK_KIND, s1, seed=0)
    config = KernelConfig(auto_s1_tile(LaunchShape(128, s1)), 3, kv_split=split)
    right = subject.judge(Mutant("right", SplitAttention), config)
    assert right.excess <= 1 / HEADROOM
    assert [mutant.name for mutant in split_mutants() if subject.judge(mutant, config).ok] == []


@pytest.mark.parametrize("kind", INPUT_KINDS)
def test_the_right_split_has_headroom_on_all_kinds(kind: str) -> None:
    found = Subject.draw(kind, 8192, seed=0).judge(Mutant("right", SplitAttention), KernelConfig(kv_split=2))
    assert found.ok
    assert found.excess <= 1 / HEADROOM


def test_the_order_of_tiles_is_free() -> None:
    """K and V of two tiles exchanged is no fault; a check that called it one would be wrong itself."""
    config = KernelConfig()
    for kind in INPUT_KINDS:
        subject = Subject.draw(kind, 4096, seed=0)
        for at in (0, 8, 15):
            assert subject.judge(Mutant.of(SwappedTiles, at, 16), config).ok, kind


def test_each_mutant_changes_the_result() -> None:
    """So that none is caught for another reason, or is no mutant."""
    config, subject = KernelConfig(), Subject.draw(BENCHMARK_KIND, 1024, seed=0)
    right = TiledAttention(subject.inputs, config).result()
    results = {mutant.name: mutant.build(subject.inputs, config).result() for mutant in mutants(4)}
    assert [name for name, result in results.items() if np.array_equal(result, right)] == []


def test_the_program_prints_the_table_and_fails_if_a_mutant_is_missed() -> None:
    done = run_program("flash_atten.check_mutants", "--s1=1024", "--kinds=negative,large")
    assert done.returncode == 1
    assert "DroppedTile 1/4" in done.stdout
    assert "caught by any: 74 of 75" in done.stdout
    assert [line.split()[1:] for line in done.stdout.splitlines() if "NaNWithoutWeight" in line] == [[".", "."]]


def test_an_unknown_kind_is_a_paragraph() -> None:
    done = run_program("flash_atten.check_mutants", "--kinds=odd")
    assert done.returncode == 2
    assert "--kinds=odd is not supported" in done.stderr
