"""What was asked for is taken, what was left open follows the rules, and the device is asked only if it matters."""

import re

import pytest

from flash_atten.config import KernelConfig
from flash_atten.knobs import DEFAULT_ASKED, Asked, choose_config


def _no_device() -> int:
    raise AssertionError("nothing here depends on the number of cores")


@pytest.mark.parametrize(
    ("asked", "q_rows", "s1", "config"),
    [
        (DEFAULT_ASKED, 1024, 1024, KernelConfig()),
        (Asked(s1_tile="512"), 128, 2048, KernelConfig(512)),
        (Asked(qk_preload=4, kv_split="4"), 128, 8192, KernelConfig(256, 4, kv_split=4)),
        (Asked(kv_split="1"), 16384, 16384, KernelConfig(512)),
        (Asked(s1_tile="512"), 256, 16384 - 512, KernelConfig(512)),
    ],
)
def test_no_device_is_asked_where_the_cores_do_not_matter(
    asked: Asked, q_rows: int, s1: int, config: KernelConfig
) -> None:
    assert choose_config(asked, q_rows=q_rows, s1=s1, cores=_no_device) == config


@pytest.mark.parametrize(("cores", "split"), [(24, 2), (16, 1)])
def test_the_split_goes_by_the_cores(cores: int, split: int) -> None:
    config = choose_config(DEFAULT_ASKED, q_rows=16384, s1=16384, cores=lambda: cores)
    assert config == KernelConfig(512, kv_split=split)


def test_the_q_blocks_of_all_heads_count() -> None:
    """8 heads of 16 blocks fill the waves as one of 128 does."""

    def choose(heads: int | None) -> KernelConfig:
        return choose_config(DEFAULT_ASKED, q_rows=2048, s1=8192, heads=heads, cores=lambda: 24)

    assert choose(None) == KernelConfig()
    assert choose(8) == KernelConfig(kv_split=2, heads=True)
    assert choose(3) == KernelConfig(heads=True)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(s1_tile="x"), "s1_tile = 'x' is not supported: use auto, 256 or 512"),
        (Asked(kv_split="half"), "kv_split = 'half' is not supported: use auto, 1 or 2 or 4"),
        (Asked(kv_split="3"), "kv_split = 3 is not supported: use 1 or 2 or 4."),
        (Asked(kv_split="4"), "s1 must be at least s1_tile * kv_split * qk_preload = 3072"),
    ],
)
def test_what_cannot_be_is_refused(asked: Asked, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        choose_config(asked, q_rows=128, s1=1024, cores=_no_device)
