"""The flag `--v_rule` of the judge's programs."""

from __future__ import annotations

from absl import flags

from sim.vector_repeats import VRule


def define_v_rule() -> flags.FlagHolder[VRule]:
    """Define the flag; a program calls this once."""
    text = (
        "What orders two dependent operations on V: barriers and flags (strict), or the vendor's repeat rule besides."
    )
    return flags.DEFINE_enum_class("v_rule", VRule.STRICT, VRule, text)
