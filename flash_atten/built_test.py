"""Open knobs take the library of the rules, or the nearest that is there; knobs that are given are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from flash_atten.built import Served, serve
from flash_atten.config import KernelConfig, LaunchShape
from flash_atten.knobs import DEFAULT_ASKED, Asked
from flash_atten.stand_in import build_stand_in

SMALL, AHEAD, LARGE = KernelConfig(), KernelConfig(qk_preload=4), KernelConfig(512)
SHAPE = LaunchShape(128, 16384)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the libraries of SMALL and AHEAD."""
    directory = tmp_path_factory.mktemp("built")
    for config in (AHEAD, SMALL):
        build_stand_in(directory, config)
    return directory


def test_what_the_rules_choose_is_taken_if_it_is_there(built: Path) -> None:
    assert serve(AHEAD, DEFAULT_ASKED, SHAPE, built) == Served(AHEAD)


def test_else_the_nearest_is_taken_and_the_user_is_told(built: Path) -> None:
    served = serve(LARGE, DEFAULT_ASKED, SHAPE, built)
    assert served.config == SMALL
    (note,) = served.notes
    assert note.startswith("fa_s1tile256 runs what the rules for open knobs give to fa_s1tile512, which is not built")
    assert "--//flash_atten:kernels=auto" in note


@pytest.mark.parametrize(
    ("by_rule", "asked", "shape"),
    [
        (LARGE, Asked(s1_tile="512"), SHAPE),
        (KernelConfig(kv_split=2), Asked(kv_split="2"), SHAPE),
        (KernelConfig(512, 4, schedule="fast"), Asked(schedule="fast"), SHAPE),
        (KernelConfig(heads=True), DEFAULT_ASKED, SHAPE),
    ],
)
def test_a_knob_that_is_given_is_kept(built: Path, by_rule: KernelConfig, asked: Asked, shape: LaunchShape) -> None:
    """Whoever opens the library then says that it is not there."""
    assert serve(by_rule, asked, shape, built) == Served(by_rule)


def test_a_preload_that_is_given_chooses_among_those_that_have_it(built: Path) -> None:
    asked = Asked(qk_preload=4)
    assert serve(KernelConfig(512, 4), asked, SHAPE, built).config == AHEAD


def test_one_that_cannot_run_the_shape_is_none(built: Path, tmp_path: Path) -> None:
    build_stand_in(tmp_path, AHEAD)
    assert serve(SMALL, DEFAULT_ASKED, LaunchShape(128, 768), tmp_path) == Served(SMALL)
    assert serve(SMALL, DEFAULT_ASKED, SHAPE, tmp_path).config == AHEAD


def test_what_is_no_library_of_ours_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "fa_s1tile256.so").write_text("no library")
    assert serve(LARGE, DEFAULT_ASKED, SHAPE, tmp_path) == Served(LARGE)
    assert serve(LARGE, DEFAULT_ASKED, SHAPE, tmp_path / "not there") == Served(LARGE)
