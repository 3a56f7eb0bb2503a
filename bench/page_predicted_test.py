"""Predictions of a report: one per launch, apart from what was measured, and a reason where there is none."""

from bench.page import page
from bench.page_predicted import predicted, predicted_section
from bench.report import sections
from bench.sample_rows import row, run
from flash_atten.config import KernelConfig
from kernels.library import LibraryError
from sim.timeline.blocks import BlockTimes
from sim.timeline.launch import Hypothesis
from sim.timeline.testing import block_times
from sim.timeline.times import Scale


class Made:
    """A kernel whose blocks are those of the made pipeline, of tiles of 256."""

    parts = 1

    def combining(self, scale: Scale) -> tuple[float, float]:
        """Nothing is split."""
        raise AssertionError

    def blocks(self, s1: int, *, several: bool = True) -> BlockTimes:
        """Return them; `several` is what the launch has."""
        assert several
        return block_times(s1 // 256)


def made(config: KernelConfig, barriers: str) -> Made:
    """Return a kernel for tiles of 256 with `gu` removed; there is no other."""
    if config.s1_tile != 256 or barriers != "gu":
        raise LibraryError("that one was not built")
    return Made()


def test_predictions_stand_apart_from_what_was_measured_and_say_so() -> None:
    """Two rows of one launch are one prediction; what cannot be predicted is a note with its reason."""
    rows = [row(8192), row(8192, backend="npu"), row(16384, knobs={"s1_tile": 512}), row(8192, barriers="none")]
    found = predicted(rows, made)
    assert [one.launch.case.s1 for one in found.found] == [8192]
    assert [note for _, note in found.notes] == ["is not predicted: that one was not built"] * 2
    measured, section = page(sections([run(*rows)]), found).split("<h2>Predicted for an A3</h2>")
    assert "predicted" not in measured
    assert "Predicted, not measured: device time on an A3, 24 cube cores, roof 353.9 TFLOP/s" in section
    for hypothesis in Hypothesis:
        assert f">{found.found[0].percent_of_roof(hypothesis):.1f}</td>" in section
    assert section.count("% of 353.9</th>") == 2
    assert section.split("<h2>")[0].count("<svg") == 1


def test_launches_come_by_size_and_a_reason_is_told_once() -> None:
    rows = [row(s) for s in (16384, 8192)] + [row(1024, knobs={"s1_tile": 512})] * 2
    found = predicted(rows, made)
    assert [one.launch.case.s1 for one in found.found] == [8192, 16384]
    assert found.notes == [("1024x1024", found.notes[0][1])]
    assert found.notes[0][1].startswith("is not predicted: ")


def test_a_report_without_predictions_says_only_why() -> None:
    text = predicted_section(predicted([row(barriers="none")], made))
    assert "<table" not in text
    assert "<svg" not in text
    assert "is not predicted: that one was not built" in text
