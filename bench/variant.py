"""Which of our kernels: its knobs, the barriers that the patcher removed from it, and its library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench import fields
from flash_atten.config import KernelConfig

HEADINGS: Mapping[str, tuple[str, bool]] = {
    "s1_tile": ("tile", True),
    "qk_preload": ("preload", True),
    "kv_split": ("split", True),
    "schedule": ("schedule", False),
}
"""The knobs by which the benchmark's kernels differ, none of which is one of heads: what a table calls each, and
whether its values are numbers."""

NO_BARRIERS = "none"
"""Value of `Variant.barriers` when the patcher removed nothing."""


class Variant(NamedTuple):
    """One of our kernels."""

    config: KernelConfig
    barriers: str = "gu"
    """Which barriers the patcher removed, of `bench.barrier_sets`."""

    library: str = ""
    """Name of the library; empty where it is not loaded."""

    @property
    def knobs(self) -> dict[str, int | str]:
        """The knobs in HEADINGS."""
        return {name: self.config.knobs[name] for name in HEADINGS}

    @property
    def flags(self) -> str:
        """The flags that choose it."""
        return " ".join(f"--{name}={value}" for name, value in {**self.knobs, "remove_barriers": self.barriers}.items())

    @property
    def facts(self) -> dict[str, int | str]:
        """All of it as JSON values."""
        return {**self.knobs, "barriers": self.barriers, "library": self.library}

    def label(self, others: Sequence[Variant] = ()) -> str:
        """Return the knobs in words: all, or those by which this one differs from some of `others`."""
        words = {
            **{name: f"{HEADINGS[name][0]} {value}" for name, value in self.knobs.items()},
            "schedule": self.config.schedule,
            "barriers": f"without {self.barriers}" if self.barriers != NO_BARRIERS else "all barriers",
            "library": self.library,
        }
        differing = [name for name in words if any(self.facts[name] != other.facts[name] for other in others)]
        if set(differing) - {"library"}:
            differing = [name for name in differing if name != "library"]  # it follows from the knobs
        return ", ".join(words[name] for name in differing or words)

    @classmethod
    def take(cls, found: dict[str, Any], where: str) -> Variant:
        """Take out of `found`, which was read with REQUIRED and OPTIONAL, what is a variant's.

        Raises ValueError for knobs that no kernel has together.
        """
        knobs = {name: found.pop(name) for name in HEADINGS if name in found}
        try:
            config = KernelConfig.of(knobs)
        except ValueError as error:
            raise ValueError(f"{where}: {str(error).partition('. ')[0]}") from None  # the reason is no reader's concern
        return cls(config, **{name: found.pop(name) for name in ("barriers", "library") if name in found})


REQUIRED: Mapping[str, fields.Reader[Any]] = {
    "s1_tile": fields.whole,
    "qk_preload": fields.whole,
    "library": fields.text,
}
OPTIONAL: Mapping[str, fields.Reader[Any]] = {
    "kv_split": fields.whole,
    "schedule": fields.text,
    "barriers": fields.text,
}
"""How `facts` are read. Files of before there were several schedules and splits do not have the last ones."""
