"""Predictions: the model's own numbers, seen against the roof of as many cores as are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cases import Case
from bench.flops import PEAK_TFLOPS, attention_flops
from bench.prediction import BuiltKernels, Launch, columns, predictions, title, trace_library
from bench.variant import Variant
from flash_atten.config import KernelConfig
from kernels.library import LibraryError
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import Hypothesis, Workload, microseconds
from sim.timeline.parameters import load_fits
from sim.timeline.testing import block_times
from sim.timeline.times import Scale


class Made:
    """A kernel whose blocks are those of the made pipeline."""

    parts = 1

    def combining(self, scale: Scale) -> tuple[float, float]:
        """Nothing is split."""
        raise AssertionError

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes:
        """Return them; `several` is what the launch has."""
        assert several
        return block_times(s1 // 256)


LAUNCH = Launch(Case("x", 6400, 2048), Variant(KernelConfig()))


@pytest.mark.parametrize("cores", [8, 24])
def test_a_prediction_is_the_models_and_its_roof_is_of_the_cores_asked_for(cores: int) -> None:
    (found,) = predictions([LAUNCH], lambda *_: Made(), cores)
    fits = load_fits()
    for hypothesis in Hypothesis:
        time = microseconds(block_times(8), Workload(6400, 2048, cores), fits[hypothesis].fitted, hypothesis)
        assert found.microseconds[hypothesis] == pytest.approx(time)
        rate = attention_flops(6400, 2048) / time / 1e6
        assert found.tflops(hypothesis) == pytest.approx(rate)
        assert found.percent_of_roof(hypothesis) == pytest.approx(100 * rate / (PEAK_TFLOPS * cores / 24))


def test_the_table_and_the_data_say_the_same_and_the_title_that_it_is_predicted() -> None:
    (found,) = predictions([LAUNCH], lambda *_: Made())
    shown = {column.name: column.cells[0] for column in columns([found])}
    data = found.to_json()
    assert shown["case"] == "x"
    assert shown["contention us"] == f"{data['contention']['microseconds']:,.1f}"
    assert shown["of the roof"] == f"{data['slowdown']['percent_of_roof']:.1f} %"
    assert title(24, load_fits()).startswith("Predicted, not measured")
    assert "roof 353.9 TFLOP/s" in title(24, load_fits())


def test_a_library_that_was_not_built_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="the barriers gu or none removed, not proved"):
        trace_library(KernelConfig(), "proved")
    monkeypatch.setattr("bench.prediction.WORKSPACE", tmp_path)
    with pytest.raises(LibraryError, match="--//flash_atten:kernels=fa_s1tile512_preload4"):
        BuiltKernels()(KernelConfig(512, 4), "none")
