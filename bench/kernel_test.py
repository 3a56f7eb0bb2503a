"""What is said of a timed kernel; the program itself is tested in any_kernel_test."""

from __future__ import annotations

from dataclasses import replace

from bench.kernel import Measured
from bench.stats import Timing
from kernels.kernel import Judgement

FOUND = Measured(
    "softmax",
    {"rows": 64},
    Judgement(True, "y as the reference"),
    Timing(0.01, (0.002, 0.003, 0.004)),
    "wall",
    6000000,
    {},
)


def test_the_paragraph_has_median_spread_and_rate() -> None:
    assert FOUND.text() == (
        "softmax, rows = 64: median 3.000 ms of 3 runs (2.000 to 4.000; first run 10.000; wall clock), 6.00 MB of "
        "operands, 2.00 GB/s; y as the reference"
    )
    busy = replace(FOUND, shape={}, load={"others": 1.5})
    assert busy.text().startswith("softmax: median")
    assert busy.text().endswith("; other programs used 1.5 CPUs meanwhile")


def test_the_data_have_every_run_and_the_verdict() -> None:
    data = FOUND.to_json()
    assert (data["ok"], data["check"], data["seconds"]) == (True, "y as the reference", (0.002, 0.003, 0.004))
    assert "versions" in data["environment"]
