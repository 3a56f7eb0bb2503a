"""Which kernel a row is about: as JSON and back, as flags, in words."""

from __future__ import annotations

import pytest

from bench import fields
from bench.variant import OPTIONAL, REQUIRED, Variant
from flash_atten.config import KernelConfig

FAST = Variant(KernelConfig(512, 4, schedule="fast"), "none", "fa_s1tile512_fast")


def test_facts_are_read_as_they_were_written() -> None:
    found = fields.read_object(FAST.facts, "row", REQUIRED, OPTIONAL)
    assert Variant.take(found, "row") == FAST
    assert found == {}


def test_knobs_that_no_kernel_has_together_are_refused_with_their_place() -> None:
    with pytest.raises(ValueError, match=r"rows\[3\]: schedule = fast with kv_split = 2 is not supported"):
        Variant.take({**FAST.facts, "kv_split": 2}, "rows[3]")


def test_flags_choose_the_kernel() -> None:
    assert FAST.flags == "--s1_tile=512 --qk_preload=4 --kv_split=1 --schedule=fast --remove_barriers=none"


def test_a_label_leaves_out_the_library_where_it_follows_from_the_knobs() -> None:
    other = FAST._replace(config=KernelConfig(256, 4, schedule="fast"), library="fa_s1tile256_fast")
    assert FAST.label([other]) == "tile 512"
    assert FAST.label() == "tile 512, preload 4, split 1, fast, all barriers, fa_s1tile512_fast"
