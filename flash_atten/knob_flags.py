"""The flags of programs that choose a kernel by its knobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from absl import flags

from flash_atten.config import SCHEDULES
from flash_atten.knobs import BY_RULE, Asked


def define_knobs() -> Callable[[], Asked]:
    """Define --s1_tile, --qk_preload, --kv_split and --schedule; return what reads them."""
    s1_tile = flags.DEFINE_string("s1_tile", BY_RULE, "Rows of K per tile: auto (by s1), 256 or 512.")
    qk_preload = flags.DEFINE_integer(
        "qk_preload",
        None,
        "Tiles that QK runs ahead of PV: 3 or 4. Default: what --library has, if there is one, else 3.",
    )
    kv_split = flags.DEFINE_string(
        "kv_split", BY_RULE, "Parts of S1 that are computed apart: auto (by shape and cube cores), 1, 2 or 4."
    )
    schedule = flags.DEFINE_enum(
        "schedule",
        None,
        [*SCHEDULES, BY_RULE],
        "Order of the work: recipe, the reference's; fast, or single, which depends on less (docs/schedules.md: "
        "predicted, not measured); auto: recipe or fast, by s1. "
        "Default: what --library has, if there is one, else recipe.",
    )
    return lambda: Asked(s1_tile.value, qk_preload.value, kv_split.value, schedule.value)


def given_knobs() -> list[str]:
    """Return the names of those of `define_knobs`' flags that are on the command line."""
    return [knob.name for knob in dataclasses.fields(Asked) if flags.FLAGS[knob.name].present]
