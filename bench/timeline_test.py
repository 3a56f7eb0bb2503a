"""Tests of //bench:timeline: what it says, and what it writes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bench.timeline_report import analyse, report_json, verdict
from cli.testing import run_program
from sim.timeline.launch import Hypothesis, Workload
from sim.timeline.recorded import RecordedKernel

FOLDER = Path(__file__).parent.parent / "flash_atten"


def test_the_report_is_marked_as_a_prediction_and_names_what_binds_the_kernel(tmp_path: Path) -> None:
    outputs = {name: tmp_path / name for name in ("plot.svg", "trace.json", "x.perfetto-trace", "x.json")}
    done = run_program(
        "bench.timeline",
        "--s1=2048",
        f"--plot={outputs['plot.svg']}",
        f"--trace_json={outputs['trace.json']}",
        f"--trace_pb={outputs['x.perfetto-trace']}",
        f"--json={outputs['x.json']}",
    )
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "predicted" in text
    assert "the model's mean error is" in text
    for words in ("If cores contend for GM, it is bound by", "If everything slows down, it is bound by"):
        assert words in text
    assert "A measurement that would: this kernel and S1 with one Q block per core" in text
    assert "flash_atten/kernel_vector.py:" in text
    assert all(path.stat().st_size for path in outputs.values())
    data = json.loads(outputs["x.json"].read_text())
    assert data["predicted"] is True
    assert set(data["views"]) == {hypothesis.value for hypothesis in Hypothesis}
    for view in data["views"].values():
        assert len(view["lines"]) == 10
        assert all(line["python"] for line in view["lines"])


def test_without_a_picture_nothing_that_draws_is_loaded() -> None:
    program = "import sys; import bench.timeline; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_suite_is_one_table_of_eight_shapes_in_seconds(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = run_program("bench.timeline", "--suite", "--json=x.json", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Predicted, not measured: device time on an A3, 24 cube cores, roof 353.9 TFLOP/s")
    assert [line.split()[0] for line in lines[-8:]] == [f"case{i}" for i in range(1, 9)]
    data = json.loads((tmp_path / "x.json").read_text())
    assert data["predicted"] is True
    for hypothesis in Hypothesis:
        shares = [case[hypothesis.value]["percent_of_roof"] for case in data["cases"]]
        assert shares == sorted(shares)
        assert 0 < shares[0] < shares[-1] < 100
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert usage.ru_utime - before < 20
    assert usage.ru_maxrss < 1024 * 1024  # KiB


def test_fewer_cores_take_longer_and_contend_less() -> None:
    kernel = RecordedKernel.load(FOLDER / "fa_s1tile256.trace.so")
    few, many = (analyse(kernel, Workload(3072, 2048, cores)) for cores in (2, 24))
    for slow, fast in zip(few.views, many.views, strict=True):
        assert slow.microseconds > 6 * fast.microseconds
        assert slow.run.cycles < fast.run.cycles
    assert "on 2 cores: predicted" in verdict(few)
    assert report_json(few)["cores"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "--s1=2048", "--plot=x.svg"], "as one table: leave out --s1, --plot"),
        (["--suite", "--s1_tile=512"], "s1 = 1024 is not supported with s1_tile = 512"),
        (["--suite", "--cores=0"], "cores = 0 is not possible"),
        (["--s1=1000"], "s1 = 1000 is not supported"),
        (["--s1=2048", "--plot=x.jpg"], "--plot=x.jpg must end in .svg or .png"),
        (["--s1=2048", "--trace_pb=x.pb"], "--trace_pb=x.pb must end in .perfetto-trace"),
        (["--suite", "--trace_pb=x.perfetto-trace"], "as one table: leave out --trace_pb"),
        (["--s1=2048", "--cores=0"], "cores = 0 is not possible"),
        (["--s1=2048", "--library=x.so", "--s1_tile=512"], "leave out --s1_tile"),
        (["--s1=2048", "--library=x.so"], "x.so does not load as a kernel library"),
        (["--s1=2048", "--q_rows=100"], "q_rows = 100 is not supported"),
    ],
)
def test_mistakes_are_sentences(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = run_program("bench.timeline", *arguments, directory=tmp_path)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
