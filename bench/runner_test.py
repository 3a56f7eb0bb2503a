"""One run of cases: rows of right, wrong and failing kernels, baselines in turns, and what is skipped for time."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import runner as runner_module
from bench.baselines import Baseline, BaselineError
from bench.budget import REFERENCE
from bench.cases import Case
from bench.flops import attention_flops
from bench.jobs import Job, Kernel, Settings
from bench.row import FAILED, KERNEL, OK, SKIPPED, WRONG, Row
from bench.runner import Runner
from flash_atten.check_inputs import AttentionInputs
from flash_atten.config import KernelConfig
from flash_atten.reference import attention_reference
from flash_atten.stand_in import build_stand_in

CONFIG = KernelConfig()
SMALL = Case("small", 128, 768)
SETTINGS = Settings(iterations=2, warmup=0)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return Job(SMALL, (Kernel(CONFIG, library=build_stand_in(tmp_path_factory.mktemp("so"), CONFIG)),))


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        runner_module, "load_between", lambda before, after: {"before": 0.1, "after": 0.2, "others": 0.0}
    )


def _runner(settings: Settings = SETTINGS) -> Runner:
    return Runner(settings, lambda backend: ("sdpa_fp16", "sdpa_fp32"))


def _row(job: Job, settings: Settings = SETTINGS) -> Row:
    (row,) = _runner(settings).run_job(job)
    return row


def _broken(directory: Path, switch: str) -> Kernel:
    directory.mkdir(exist_ok=True)
    return Kernel(CONFIG, library=build_stand_in(directory, CONFIG, switches={switch: 1}))


def test_a_right_kernel_is_a_timed_row(job: Job) -> None:
    row = _row(job)
    assert (row.status, row.note, row.reference) == (OK, "", "fp32")
    assert (row.backend, row.timing, row.variant.library) == ("host", "wall", "fa_s1tile256")
    assert len(row.timings[KERNEL].samples) == 2
    assert 0 < row.errors[KERNEL] < 1e-5


def test_a_wrong_result_is_a_wrong_row_with_the_place(tmp_path: Path) -> None:
    row = _row(Job(SMALL, (_broken(tmp_path, "STAND_IN_NO_SCALE"),)))
    assert row.status == WRONG
    assert "against the FP32 reference" in row.note
    assert "are wrong; the worst value, at row" in row.note
    assert "(allowed 1.1e-03)" in row.note


def test_a_failing_kernel_is_a_failed_row_with_the_report(tmp_path: Path) -> None:
    row = _row(Job(SMALL, (_broken(tmp_path, "STAND_IN_FAILS"),)))
    assert row.status == FAILED
    assert "vec0 waits in TPOP at line 12" in row.note
    assert not row.timings


def test_a_failed_case_does_not_end_the_run(tmp_path: Path) -> None:
    path = build_stand_in(tmp_path, CONFIG)
    kernels = [Kernel(config, library=path) for config in (KernelConfig(s1_tile=512), CONFIG)]
    rows = [_row(Job(SMALL, (kernel,))) for kernel in kernels]
    assert [row.status for row in rows] == [FAILED, OK]
    assert "built with s1_tile = 256, but s1_tile = 512 is asked for" in rows[0].note


def _fake_baseline(name: str, inputs: AttentionInputs) -> Baseline:
    if name == "sdpa_fp32":
        raise BaselineError("no baseline: not here")
    result = attention_reference(inputs.q, inputs.k, inputs.v) + np.float32(0.25)
    return Baseline(name, lambda: result, lambda out: out)


def test_baselines_are_timed_and_compared_and_missing_ones_are_remembered(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "make_baseline", _fake_baseline)
    runner = _runner(replace(SETTINGS, baselines=None))
    (row,) = runner.run_job(job)
    assert list(row.timings) == [KERNEL, "sdpa_fp16"]
    assert row.errors["sdpa_fp16"] == pytest.approx(0.25, abs=1e-3)
    assert row.speedup is not None
    assert row.status == OK
    assert runner.missing == {"sdpa_fp32": "no baseline: not here"}
    assert runner.wanted_baselines("host") == ("sdpa_fp16",)


def test_a_baseline_that_fails_while_it_runs_costs_only_itself(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(name: str, inputs: AttentionInputs) -> Baseline:
        def operation() -> object:
            raise BaselineError("no baseline: out of device memory")

        return Baseline(name, operation, lambda out: out)

    monkeypatch.setattr(runner_module, "make_baseline", failing)
    row = _row(job, replace(SETTINGS, baselines=("npu_fused",)))
    assert (row.status, list(row.timings), row.note) == (OK, [KERNEL], "no baseline: out of device memory")


def test_the_fused_operator_judges_rows_that_the_reference_does_not_reach(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "make_baseline", _fake_baseline)
    monkeypatch.setattr(
        runner_module, "probe", lambda *args: __import__("bench.probe").probe.probe(*args, limit=128 * 768)
    )
    row = _row(replace(job, case=Case("two blocks", 256, 768)), replace(SETTINGS, baselines=("npu_fused",)))
    assert row.reference == "fp32, 160 rows + fused, all rows, at 4.5e-03"
    assert row.status == WRONG
    assert "against the fused operator 256 of 256 rows are wrong" in row.note
    assert "(allowed 4.5e-03)" in row.note


def test_a_fused_operator_that_gives_nan_is_no_reference(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def nan_baseline(name: str, inputs: AttentionInputs) -> Baseline:
        result = attention_reference(inputs.q, inputs.k, inputs.v)
        result[200, 3] = np.nan
        return Baseline(name, lambda: result, lambda out: out)

    monkeypatch.setattr(runner_module, "make_baseline", nan_baseline)
    monkeypatch.setattr(
        runner_module, "probe", lambda *args: __import__("bench.probe").probe.probe(*args, limit=128 * 768)
    )
    row = _row(replace(job, case=Case("two blocks", 256, 768)), replace(SETTINGS, baselines=("npu_fused",)))
    assert row.status == WRONG
    assert "against the fused operator: the reference has values that are not finite" in row.note


def test_what_does_not_fit_in_the_time_is_skipped_and_says_why(job: Job) -> None:
    row = _row(replace(job, case=Case("case8", 131072, 131072)), replace(SETTINGS, max_seconds=0.5))
    assert row.status == SKIPPED
    assert "needs about" in row.note
    assert "of --max_seconds are left" in row.note


def test_baselines_are_left_out_when_only_the_kernel_fits(job: Job) -> None:
    runner = _runner(replace(SETTINGS, max_seconds=60.0, baselines=None))
    runner.rates.learn(KERNEL, 10**9, 1e-3)
    runner.rates.learn("reference", 10**9, 1e-3)
    runner.rates.learn("sdpa_fp16", 10**9, 1e6)
    fit = runner.fit(SMALL, job.kernels, ("sdpa_fp16",))
    assert (fit.baselines, fit.skip, fit.note) == ((), "", "no baselines: time")


def test_an_explicit_number_of_iterations_is_kept(job: Job) -> None:
    assert _runner().fit(SMALL, job.kernels, ()).seconds == float("inf")
    assert _runner(replace(SETTINGS, iterations=None)).fit(SMALL, job.kernels, ()).seconds == runner_module.CASE_SECONDS


def test_calibration_teaches_a_rate(job: Job) -> None:
    runner = _runner()
    runner.calibrate(job)
    assert set(runner.rates.seen) == {KERNEL, REFERENCE}


def test_the_expected_time_counts_iterations_up_to_a_limit(job: Job) -> None:
    runner = _runner(replace(SETTINGS, iterations=None, warmup=1))
    runner.rates.learn(KERNEL, attention_flops(128, 768), 0.5)
    assert runner.expected_seconds(job) == pytest.approx(12 * 0.5 + runner.estimate(job).probe)
    runner.rates.learn(KERNEL, attention_flops(128, 768), 2.0)
    assert runner.expected_seconds(job) == pytest.approx(10 + runner.estimate(job).probe)
    runner.rates.learn(KERNEL, attention_flops(128, 768), 20.0)
    assert runner.expected_seconds(job) == pytest.approx(20 + runner.estimate(job).probe)


def test_what_does_not_fit_in_memory_fails_before_it_is_tried(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "available_memory", lambda: 2**20)
    row = _row(job)
    assert row.status == FAILED
    assert "GiB are free; ask for a smaller shape" in row.note
    row = _row(replace(job, case=Case("huge", 2**40, 2**20)))
    assert row.status == FAILED


def test_baselines_are_left_out_when_only_the_kernel_has_memory(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = _runner()
    monkeypatch.setattr(runner_module, "available_memory", lambda: runner.estimate(job, ()).memory)
    fit = runner.fit(SMALL, job.kernels, ("sdpa_fp16",))
    assert (fit.baselines, fit.skip, fit.note) == ((), "", "no baselines: memory")


def test_the_host_has_only_the_wall_clock(job: Job) -> None:
    row = _row(job, replace(SETTINGS, timing="event"))
    assert row.status == FAILED
    assert "--timing=event needs the device" in row.note


def test_the_host_has_no_cache_to_choose(job: Job) -> None:
    row = _row(job, replace(SETTINGS, cache="cold"))
    assert (row.status, row.clock) == (FAILED, "auto")
    assert "--cache=cold needs device events" in row.note


def test_torch_is_not_imported_without_a_baseline(job: Job) -> None:
    _row(job)
    assert "torch" not in sys.modules


def test_kernels_take_turns_and_are_compared_pair_by_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    kernels = []
    for number in range(2):
        directory = tmp_path / str(number)
        directory.mkdir()
        kernels.append(Kernel(CONFIG, library=build_stand_in(directory, CONFIG)))
    runner = _runner(replace(SETTINGS, iterations=6))
    for number, kernel in enumerate(kernels):
        backend = runner.open(kernel).backend
        bind = backend.bind
        monkeypatch.setattr(backend, "bind", lambda *args, bind=bind, number=number: _Noted(bind(*args), calls, number))
    first, second = runner.run_job(Job(SMALL, tuple(kernels)))
    timed = calls[:-2]  # the last two are of the probe
    assert timed == [0, 1] * (len(timed) // 2)
    assert (first.turns, first.status, second.status) == (None, OK, OK)
    assert second.turns is not None
    assert 0.2 < second.turns.ratio.value < 5
    assert second.turns.first == str(kernels[0].library)
    assert first.key != second.key


class _Noted:
    """A bound launch that notes its runs."""

    def __init__(self, launch: Any, calls: list[int], number: int) -> None:
        self._launch, self._calls, self._number = launch, calls, number
        self.out, self.poison = launch.out, launch.poison

    def run(self) -> None:
        self._calls.append(self._number)
        self._launch.run()


def test_a_kernel_that_fails_costs_only_its_own_row(tmp_path: Path, job: Job) -> None:
    broken = _broken(tmp_path, "STAND_IN_FAILS")
    rows = _runner().run_job(replace(job, kernels=(broken, *job.kernels)))
    assert [row.status for row in rows] == [FAILED, OK]
    assert "vec0 waits in TPOP" in rows[0].note


def test_a_wrong_kernel_beside_a_right_one_is_the_wrong_row(tmp_path: Path, job: Job) -> None:
    rows = _runner().run_job(replace(job, kernels=(*job.kernels, _broken(tmp_path, "STAND_IN_NO_SCALE"))))
    assert [row.status for row in rows] == [OK, WRONG]


@pytest.mark.parametrize(("others", "note"), [(0.1, ""), (1.0, "other programs used 1.0 CPUs meanwhile: too long")])
def test_a_row_says_that_other_programs_ran(
    job: Job, monkeypatch: pytest.MonkeyPatch, others: float, note: str
) -> None:
    monkeypatch.setattr(runner_module, "load_between", lambda before, after: {"others": others})
    row = _row(job)
    assert (row.note, row.busy, row.load) == (note, bool(note), {"others": others})
