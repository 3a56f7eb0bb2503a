"""Every program for kernels takes those of kernel_library that are no Flash Attention: two examples go through all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ptodsl.examples
from cli.testing import run_program

FOLDER = Path(ptodsl.examples.__file__).parent
SHAPES = {"softmax": {"rows": 640}, "matmul": {"m": 256, "n": 128, "k": 192}}

kernels = pytest.mark.parametrize("name", SHAPES)

pytestmark = pytest.mark.skipif(
    not (FOLDER / "kernel_softmax.so").exists(), reason="Bazel builds the kernels: bazel test //bench:any_kernel_test"
)


def shape_flag(name: str) -> str:
    return "--shape=" + ",".join(f"{size}={value}" for size, value in SHAPES[name].items())


@kernels
def test_the_audit_names_the_shapes_of_the_kernel(name: str) -> None:
    audit = json.loads((FOLDER / f"kernel_{name}.audit.json").read_text(encoding="utf-8"))
    assert audit["patterns"] == []
    assert audit["operations"] > 0
    (shape,) = audit["shapes"]
    assert shape.keys() == {*SHAPES[name], "block_dim"}


@kernels
def test_hazards_takes_the_sizes_of_the_kernel(name: str) -> None:
    library = FOLDER / f"kernel_{name}.trace.so"
    done = run_program("sim.hazards_main", f"--so={library}", shape_flag(name), "--block_dim=2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"kernel_{name} {name}: no hazards")
    assert "of 2 blocks" in " ".join(done.stdout.split())


@kernels
def test_hazards_refuses_sizes_of_another_kernel(name: str) -> None:
    done = run_program("sim.hazards_main", f"--so={FOLDER / f'kernel_{name}.trace.so'}", "--s1=4096")
    assert done.returncode == 2
    assert f"{name} has no size s1: its sizes are {', '.join(SHAPES[name])}" in " ".join(done.stderr.split())


@kernels
def test_the_timeline_predicts_it_and_draws_it(name: str, tmp_path: Path) -> None:
    library = FOLDER / f"kernel_{name}.trace.so"
    outputs = ("--json=x.json", "--plot=x.svg", "--trace_json=x.perfetto.json")
    done = run_program(
        "bench.timeline", f"--library={library}", shape_flag(name), "--cores=2", *outputs, directory=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert f"{name} with " in done.stdout
    assert "on 2 cores: predicted" in " ".join(done.stdout.split())
    assert f"ptodsl/examples/{'rows' if name == 'softmax' else 'matmul'}.py:" in done.stdout
    data = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert (data["predicted"], data["kernel"], data["block_dim"]) == (True, name, 2)
    assert [launch["hypothesis"] for launch in data["launches"]] == ["contention", "slowdown"]
    assert all(launch["cycles_of_a_block"] > 100 for launch in data["launches"])
    assert all((tmp_path / file).stat().st_size for file in ("x.svg", "x.perfetto.json"))


def test_twice_the_rows_take_nearly_twice_the_cycles(tmp_path: Path) -> None:
    cycles = []
    for rows in (1280, 2560):
        arguments = (f"--library={FOLDER / 'kernel_softmax.trace.so'}", f"--shape=rows={rows}", "--cores=1")
        done = run_program("bench.timeline", *arguments, "--json=x.json", directory=tmp_path)
        assert done.returncode == 0, done.stderr
        data = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
        cycles.append(data["launches"][0]["cycles_of_a_block"])
    assert 1.8 < cycles[1] / cycles[0] < 2.1


@kernels
def test_the_benchmark_checks_and_times_it(name: str, tmp_path: Path) -> None:
    library = FOLDER / f"kernel_{name}.so"
    done = run_program(
        "bench.kernel", f"--library={library}", shape_flag(name), "--iterations=3", "--json=x.json", directory=tmp_path
    )
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert (data["kernel"], data["shape"], data["ok"]) == (name, SHAPES[name], True)
    assert len(data["seconds"]) == 3
    assert "as the reference" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--shape=rows=33",), "rows = 33 is not supported: give a positive multiple of 32"),
        (("--shape=columns=32",), "softmax has no size columns: its sizes are rows"),
        (("--shape=",), "--shape= is an empty list; give sizes such as rows=640"),
        (("--timing=event",), "--timing=event needs the device"),
        (("--cpu=i386",), "--cpu=i386 is no level that this machine has"),
    ],
)
def test_the_benchmark_refuses_what_cannot_be(arguments: tuple[str, ...], words: str) -> None:
    done = run_program("bench.kernel", f"--library={FOLDER / 'kernel_softmax.so'}", *arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
