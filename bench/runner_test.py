"""One run of cases: rows of right, wrong and failing kernels, baselines in turns, and what is skipped for time."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench import runner as runner_module
from bench.baselines import Baseline, BaselineError
from bench.budget import REFERENCE
from bench.cases import Case
from bench.flops import attention_flops
from bench.row import FAILED, KERNEL, OK, SKIPPED, WRONG
from bench.runner import Job, Runner, Settings
from flash_atten.check_inputs import AttentionInputs
from flash_atten.config import KernelConfig
from flash_atten.reference import attention_reference
from flash_atten.stand_in import build_stand_in

CONFIG = KernelConfig()
JOB = Job(Case("small", 128, 768), CONFIG)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(library=build_stand_in(tmp_path_factory.mktemp("so"), CONFIG), iterations=2, warmup=0)


def _runner(settings: Settings) -> Runner:
    return Runner(settings, lambda backend: ("sdpa_fp16", "sdpa_fp32"))


def _broken(directory: Path, switch: str) -> Settings:
    return Settings(library=build_stand_in(directory, CONFIG, switches={switch: 1}), iterations=1, warmup=0)


def test_a_right_kernel_is_a_timed_row(settings: Settings) -> None:
    row = _runner(settings).run_job(JOB)
    assert (row.status, row.note, row.reference) == (OK, "", "fp32")
    assert (row.backend, row.timing, row.library) == ("host", "wall", "fa_s1tile256")
    assert len(row.timings[KERNEL].samples) == 2
    assert 0 < row.errors[KERNEL] < 1e-5


def test_a_wrong_result_is_a_wrong_row_with_the_place(tmp_path: Path) -> None:
    row = _runner(_broken(tmp_path, "STAND_IN_NO_SCALE")).run_job(JOB)
    assert row.status == WRONG
    assert "against the FP32 reference" in row.note
    assert "are wrong; the worst value, at row" in row.note
    assert "(allowed 1.1e-03)" in row.note


def test_a_failing_kernel_is_a_failed_row_with_the_report(tmp_path: Path) -> None:
    row = _runner(_broken(tmp_path, "STAND_IN_FAILS")).run_job(JOB)
    assert row.status == FAILED
    assert "vec0 waits in TPOP at line 12" in row.note
    assert not row.timings


def test_a_failed_case_does_not_end_the_run(tmp_path: Path) -> None:
    jobs = [Job(JOB.case, KernelConfig(s1_tile=512)), JOB]
    settings = Settings(library=build_stand_in(tmp_path, CONFIG), iterations=1, warmup=0)
    rows = [_runner(settings).run_job(job) for job in jobs]
    assert [row.status for row in rows] == [FAILED, OK]
    assert "built with s1_tile = 256, but s1_tile = 512 is asked for" in rows[0].note


def _fake_baseline(name: str, inputs: AttentionInputs) -> Baseline:
    if name == "sdpa_fp32":
        raise BaselineError("no baseline: not here")
    result = attention_reference(inputs.q, inputs.k, inputs.v) + np.float32(0.25)
    return Baseline(name, lambda: result, lambda out: out)


def test_baselines_are_timed_and_compared_and_missing_ones_are_remembered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "make_baseline", _fake_baseline)
    runner = _runner(replace(settings, baselines=None))
    row = runner.run_job(JOB)
    assert list(row.timings) == [KERNEL, "sdpa_fp16"]
    assert row.errors["sdpa_fp16"] == pytest.approx(0.25, abs=1e-3)
    assert row.speedup is not None
    assert row.status == OK
    assert runner.missing == {"sdpa_fp32": "no baseline: not here"}
    assert runner.wanted_baselines("host") == ("sdpa_fp16",)


def test_a_baseline_that_fails_while_it_runs_costs_only_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(name: str, inputs: AttentionInputs) -> Baseline:
        def operation() -> object:
            raise BaselineError("no baseline: out of device memory")

        return Baseline(name, operation, lambda out: out)

    monkeypatch.setattr(runner_module, "make_baseline", failing)
    row = _runner(replace(settings, baselines=("npu_fused",))).run_job(JOB)
    assert (row.status, list(row.timings), row.note) == (OK, [KERNEL], "no baseline: out of device memory")


def test_the_fused_operator_judges_rows_that_the_reference_does_not_reach(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "make_baseline", _fake_baseline)
    monkeypatch.setattr(
        runner_module, "probe", lambda *args: __import__("bench.probe").probe.probe(*args, limit=128 * 768)
    )
    job = Job(Case("two blocks", 256, 768), CONFIG)
    row = _runner(replace(settings, baselines=("npu_fused",))).run_job(job)
    assert row.reference == "fp32, 160 rows + fused, all rows, at 4.5e-03"
    assert row.status == WRONG
    assert "against the fused operator 256 of 256 rows are wrong" in row.note
    assert "(allowed 4.5e-03)" in row.note


def test_a_fused_operator_that_gives_nan_is_no_reference(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def nan_baseline(name: str, inputs: AttentionInputs) -> Baseline:
        result = attention_reference(inputs.q, inputs.k, inputs.v)
        result[200, 3] = np.nan
        return Baseline(name, lambda: result, lambda out: out)

    monkeypatch.setattr(runner_module, "make_baseline", nan_baseline)
    monkeypatch.setattr(
        runner_module, "probe", lambda *args: __import__("bench.probe").probe.probe(*args, limit=128 * 768)
    )
    row = _runner(replace(settings, baselines=("npu_fused",))).run_job(Job(Case("two blocks", 256, 768), CONFIG))
    assert row.status == WRONG
    assert "against the fused operator: the reference has values that are not finite" in row.note


def test_what_does_not_fit_in_the_time_is_skipped_and_says_why(settings: Settings) -> None:
    row = _runner(replace(settings, max_seconds=0.5)).run_job(Job(Case("case8", 131072, 131072), CONFIG))
    assert row.status == SKIPPED
    assert "needs about" in row.note
    assert "of --max_seconds are left" in row.note


def test_baselines_are_left_out_when_only_the_kernel_fits(settings: Settings) -> None:
    runner = _runner(replace(settings, max_seconds=60.0, baselines=None))
    runner.rates.learn(KERNEL, 10**9, 1e-3)
    runner.rates.learn("reference", 10**9, 1e-3)
    runner.rates.learn("sdpa_fp16", 10**9, 1e6)
    fit = runner.fit(JOB, ("sdpa_fp16",))
    assert (fit.baselines, fit.skip, fit.note) == ((), "", "no baselines: time")


def test_an_explicit_number_of_iterations_is_kept(settings: Settings) -> None:
    assert _runner(settings).fit(JOB, ()).seconds == float("inf")
    assert _runner(replace(settings, iterations=None)).fit(JOB, ()).seconds == runner_module.CASE_SECONDS


def test_calibration_teaches_a_rate(settings: Settings) -> None:
    runner = _runner(settings)
    runner.calibrate(JOB)
    assert set(runner.rates.seen) == {KERNEL, REFERENCE}


def test_the_expected_time_counts_iterations_up_to_a_limit(settings: Settings) -> None:
    runner = _runner(replace(settings, iterations=None, warmup=1))
    runner.rates.learn(KERNEL, attention_flops(128, 768), 0.5)
    assert runner.expected_seconds(JOB) == pytest.approx(12 * 0.5 + runner.estimate(JOB).probe)
    runner.rates.learn(KERNEL, attention_flops(128, 768), 2.0)
    assert runner.expected_seconds(JOB) == pytest.approx(10 + runner.estimate(JOB).probe)
    runner.rates.learn(KERNEL, attention_flops(128, 768), 20.0)
    assert runner.expected_seconds(JOB) == pytest.approx(20 + runner.estimate(JOB).probe)


def test_what_does_not_fit_in_memory_fails_before_it_is_tried(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "available_memory", lambda: 2**20)
    row = _runner(settings).run_job(JOB)
    assert row.status == FAILED
    assert "GiB are free; ask for a smaller shape" in row.note
    row = _runner(settings).run_job(Job(Case("huge", 2**40, 2**20), CONFIG))
    assert row.status == FAILED


def test_baselines_are_left_out_when_only_the_kernel_has_memory(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = _runner(settings)
    monkeypatch.setattr(runner_module, "available_memory", lambda: runner.estimate(JOB, ()).memory)
    fit = runner.fit(JOB, ("sdpa_fp16",))
    assert (fit.baselines, fit.skip, fit.note) == ((), "", "no baselines: memory")


def test_the_host_has_only_the_wall_clock(settings: Settings) -> None:
    row = _runner(replace(settings, timing="event")).run_job(JOB)
    assert row.status == FAILED
    assert "--timing=event needs the device" in row.note


def test_the_host_has_no_cache_to_choose(settings: Settings) -> None:
    row = _runner(replace(settings, cache="cold")).run_job(JOB)
    assert (row.status, row.clock) == (FAILED, "auto")
    assert "--cache=cold needs device events" in row.note


def test_torch_is_not_imported_without_a_baseline(settings: Settings) -> None:
    _runner(settings).run_job(JOB)
    assert "torch" not in sys.modules
