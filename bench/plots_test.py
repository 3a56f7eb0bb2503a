"""Which rows become which curves, and that a picture is the same every time."""

from typing import Any

from bench.plots import curves, plots, roof_of
from bench.row import FAILED
from bench.sample_rows import row

FAILED_ROW = row(4096, status=FAILED, timings={}, speedups={}, errors={})


def test_variants_of_a_shape_are_curves_of_their_own() -> None:
    wide: dict[str, Any] = {"knobs": {"s1_tile": 512}, "library": "fa_s1tile512"}
    rows = [row(), row(**wide), row(2048), row(2048, **wide)]
    assert [curve.label for curve in curves(rows)][:3] == [
        "this kernel, tile 256",
        "this kernel, tile 512",
        "torch SDPA FP16 (host CPU)",
    ]
    assert [len(curve.rows) for curve in curves(rows)] == [2, 2, 2, 2]


def test_only_right_square_shapes_are_drawn() -> None:
    assert plots([FAILED_ROW]) == []
    assert plots([row(q_rows=256)]) == []


def test_a_tile_that_follows_from_the_size_is_one_curve() -> None:
    rows = [row(), row(65536, knobs={"s1_tile": 512}, library="fa_s1tile512")]
    assert curves(rows)[0].label == "this kernel"


def test_the_roof_is_the_devices_peak_or_what_the_host_reached() -> None:
    labels = {}
    for backend in ("host", "npu"):
        picture = plots([row(65536, backend=backend, samples=(0.012,))], roof_of(backend, 90.0))[1]
        legend = picture.figure.axes[0].get_legend()
        assert legend is not None
        labels[backend] = legend.get_texts()[-1].get_text()
    assert labels["host"] == "an FP32 matrix product here (NumPy): 90"
    assert labels["npu"] == "FP16 peak of 24 cube cores: 353.9"


def test_the_same_rows_give_the_same_bytes() -> None:
    first, second = plots([row(), row(2048)]), plots([row(), row(2048)])
    assert [plot.svg() for plot in first] == [plot.svg() for plot in second]
    assert [plot.png() for plot in first] == [plot.png() for plot in second]
