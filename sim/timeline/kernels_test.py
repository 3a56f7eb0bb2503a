"""Tests on the shipped kernels: extrapolation, labels, Perfetto's format, pictures, origins."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from flash_atten.stage_names import STAGES, stage_of
from isa.pipes import Pipe
from sim.figures import picture
from sim.timeline.blocks import BlockTimes
from sim.timeline.origins import read_origins
from sim.timeline.perfetto import CYCLES_PER_US
from sim.timeline.perfetto_json import perfetto_json
from sim.timeline.plot import draw, steady_window
from sim.timeline.recorded import RECORDED_TILES, RecordedKernel
from sim.timeline.stages import Label, labels
from sim.timeline.times import Scale, Timeline, timeline

FOLDER = Path(__file__).parent.parent.parent / "flash_atten"
TILES = 12


@pytest.fixture(scope="module")
def kernel() -> RecordedKernel:
    return RecordedKernel.load(FOLDER / "fa_s1tile256.trace.so")


@pytest.fixture(scope="module")
def run(kernel: RecordedKernel) -> Timeline:
    return timeline(kernel.program(1, 256 * TILES))


@pytest.fixture(scope="module")
def named(kernel: RecordedKernel, run: Timeline) -> list[Label | None]:
    return labels(run, kernel.origins, stage_of)


@pytest.mark.parametrize("name", ["fa_s1tile256", "fa_s1tile512_preload4"])
@pytest.mark.parametrize("contention", [1.0, 1.9])
def test_extrapolation_is_within_a_thousandth_of_the_full_run(name: str, contention: float) -> None:
    kernel, scale = RecordedKernel.load(FOLDER / f"{name}.trace.so"), Scale(contention)
    s1 = 3 * RECORDED_TILES * kernel.config.s1_tile
    short = kernel.blocks(s1)
    assert isinstance(short, BlockTimes)
    assert short.s1 == s1 // 3
    full = BlockTimes(kernel.program(1, s1), kernel.program(2, s1))
    assert short.cycles(s1, scale) == pytest.approx(full.cycles(s1, scale), rel=1e-3)


def test_every_operation_of_the_kernel_has_a_stage_and_a_tile(named: list[Label | None], run: Timeline) -> None:
    assert None not in named
    tiles = Counter(label for label in named if label)
    assert {label.stage for label in tiles} == set(STAGES)
    assert {label.tile for label in tiles} == set(range(TILES))
    matmuls = [label for bar, label in zip(run.bars, named, strict=True) if bar.pipe == Pipe.M and label]
    # Two sub-tiles of a tile of 256: two products of QK and two of PV for each tile.
    assert Counter(matmuls) == {
        Label(stage, tile): 2 for stage in ("compute_qk", "compute_pv") for tile in range(TILES)
    }


@pytest.mark.parametrize("name", ["fa_s1tile256_single", "fa_s1tile512_fast"])
def test_every_operation_of_other_schedules_has_a_stage_and_a_tile(name: str) -> None:
    kernel = RecordedKernel.load(FOLDER / f"{name}.trace.so")
    s1_tile, lanes = kernel.config.s1_tile, kernel.config.lanes
    named = labels(timeline(kernel.program(lanes, s1_tile * TILES)), kernel.origins, stage_of)
    assert None not in named
    assert {label for label in named if label} == {
        Label(stage, tile) for stage in STAGES for tile in range(lanes * TILES)
    }


def test_a_tile_passes_through_the_stages_in_order(named: list[Label | None], run: Timeline) -> None:
    for tile in range(TILES):
        ends = [
            max(bar.done for bar, label in zip(run.bars, named, strict=True) if label == Label(stage, tile))
            for stage in STAGES
        ]
        assert ends == sorted(ends)


def test_perfetto_gets_cores_pipes_slices_and_matching_arrows(
    kernel: RecordedKernel, run: Timeline, named: list[Label | None]
) -> None:
    events = json.loads(perfetto_json(run, named, kernel.origins))["traceEvents"]
    processes = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert list(processes.values()) == ["cube", "vec0", "vec1"]
    threads = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    slices = [event for event in events if event["ph"] == "X"]
    assert len(slices) == len(run.bars)
    assert {(event["pid"], event["tid"]) for event in slices} == threads
    assert max(event["ts"] + event["dur"] for event in slices) <= run.cycles / CYCLES_PER_US
    by_thread: dict[tuple[int, int], float] = {}
    for event in slices:  # slices of a thread must not overlap, or viewers nest them
        key = event["pid"], event["tid"]
        assert event["ts"] >= by_thread.get(key, 0) - 1e-9
        by_thread[key] = event["ts"] + event["dur"]
    begins = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert begins.keys() == ends.keys()
    assert len(begins) > TILES
    for number, begin in begins.items():
        assert begin["pid"] != ends[number]["pid"]
        assert begin["ts"] < ends[number]["ts"]
    assert any("flash_atten/kernel_vector.py:" in event["args"].get("Python", "") for event in slices)


def test_the_picture_shows_a_few_tiles_of_all_cores_and_is_the_same_every_time(
    run: Timeline, named: list[Label | None]
) -> None:
    first, last = steady_window(run)
    assert 2 * run.cycles / TILES < last - first < 3 * run.cycles / TILES
    svg = [picture(draw(run, named, STAGES, "a title"), ".svg") for _ in range(2)]
    assert svg[0] == svg[1]
    text = svg[0].decode()
    for shown in ("a title", "cube FIX", "vec1 V", "compute_gu", "waits for data", "barrier drains"):
        assert f">{shown}<" in text
    assert picture(draw(run, named, STAGES, "a title"), ".png").startswith(b"\x89PNG")


def test_a_library_without_a_side_table_has_no_origins(tmp_path: Path) -> None:
    assert read_origins(tmp_path / "none.json") == {}
    garbled = tmp_path / "x.json"
    garbled.write_text("[[1, 2]]")
    with pytest.raises(ValueError, match="is not what the assembler writes with --origins"):
        read_origins(garbled)
