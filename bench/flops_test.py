"""The operation count against the convention written out term by term."""

import pytest

from bench.flops import PEAK_TFLOPS, attention_flops, tflops


def test_operation_count_is_the_sum_of_its_terms() -> None:
    sq, sk, h = 1024, 2048, 128
    terms = [4 * sq * sk * h, sq * sk, sq * (sk - 1), sq * sk, sq * sk, sq * (sk - 1), sq * sk]
    assert attention_flops(sq, sk) == sum(terms)


def test_published_latency_gives_the_published_rate() -> None:
    assert tflops(131072, 131072, 48380.71e-6) == pytest.approx(183.9, abs=0.1)


def test_peak() -> None:
    assert pytest.approx(353.9, abs=0.05) == PEAK_TFLOPS
