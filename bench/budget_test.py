"""Estimates follow what was measured, and count all that a case holds and runs."""

import pytest

from bench.budget import FIRST_GUESS, REFERENCE, Rates, estimate, probe_operations
from bench.cases import Case
from bench.flops import attention_flops
from bench.row import KERNEL
from flash_atten.config import KernelConfig

SMALL, LARGE = Case("small", 1024, 1024), Case("large", 16384, 16384)


def test_a_rate_is_that_of_the_largest_run() -> None:
    rates = Rates()
    assert rates.seconds(KERNEL, int(FIRST_GUESS)) == 1
    rates.learn(KERNEL, 1000, 1.0)
    rates.learn(KERNEL, 4000, 2.0)
    rates.learn(KERNEL, 100, 10.0)
    assert rates.seconds(KERNEL, 6000) == pytest.approx(3.0)


def test_an_estimate_scales_with_the_work() -> None:
    rates = Rates()
    rates.learn(KERNEL, attention_flops(1024, 1024), 0.05)
    rates.learn(REFERENCE, attention_flops(1024, 1024), 0.02)
    small, large = (estimate(case, [KernelConfig()], rates, ()) for case in (SMALL, LARGE))
    assert small.least == pytest.approx(0.05 + 0.05 + 0.02)
    assert large.least == pytest.approx(256 * small.least, rel=0.01)


def test_baselines_cost_time_and_memory() -> None:
    rates = Rates()
    alone, beside = (estimate(SMALL, [KernelConfig()], rates, names) for names in ((), ("sdpa_fp16",)))
    assert beside.least == pytest.approx(2 * alone.least - rates.seconds(REFERENCE, probe_operations(SMALL)))
    assert beside.memory > alone.memory


def test_every_kernel_that_takes_turns_is_counted() -> None:
    one, two = (estimate(SMALL, [KernelConfig()] * count, Rates(), ()) for count in (1, 2))
    assert two.once[KERNEL] == 2 * one.once[KERNEL]
    assert two.memory > one.memory


def test_a_sampled_probe_costs_no_more_than_a_full_one() -> None:
    assert probe_operations(Case("huge", 131072, 131072)) == pytest.approx(probe_operations(LARGE), rel=0.01)


def test_every_case_of_the_suite_fits_into_4_gib() -> None:
    assert estimate(Case("case8", 131072, 131072), [KernelConfig(s1_tile=512)], Rates(), ("a", "b")).memory < 4 << 30
