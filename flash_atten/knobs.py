"""Which configuration serves a shape: what the user asked for, and the rules for what was left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flash_atten.config import (
    FAST_PRELOAD,
    KV_SPLITS,
    RECIPE,
    S0,
    S1_TILES,
    KernelConfig,
    LaunchShape,
    auto_kv_split,
    auto_s1_tile,
    auto_schedule,
    may_split,
)
from kernels.library import KernelLibrary, LibraryError

BY_RULE = "auto"
"""Value of --s1_tile and --kv_split that leaves the choice to `auto_s1_tile` and `auto_kv_split`."""

CoreCount = Callable[[], int]
"""Returns the cube cores of a launch. It is asked only where the choice depends on them: a device may have to tell."""


@dataclass(frozen=True)
class Asked:
    """What a user asks of a kernel: numbers, or what leaves them open."""

    s1_tile: str = BY_RULE
    qk_preload: int | None = None
    kv_split: str = BY_RULE
    schedule: str | None = None
    """One of SCHEDULES, or BY_RULE; None: the recipe, or what the library has."""


DEFAULT_ASKED = Asked()
"""Everything by rule."""


def choose_config(
    asked: Asked, *, q_rows: int, s1: int, cores: CoreCount, heads: int | None = None, library: Path | None = None
) -> KernelConfig:
    """Return the configuration for a shape; with `heads` that of a kernel of heads. Raises ValueError for what cannot
    run.

    Knobs that are left open are those of `library`, if the user names one. The rules for s1 come first: where q_rows
    follows s1, they are what the user can mend.
    """
    keys_only = LaunchShape(q_rows=S0, s1=s1)
    built = {} if library is None else _knobs_of(library)
    schedule = auto_schedule(keys_only) if asked.schedule == BY_RULE else asked.schedule
    schedule = schedule or str(built.get("schedule", RECIPE))
    # The rules first, then what the library has, then, below, what the user gives: what comes later counts.
    knobs: dict[str, Any] = {"s1_tile": auto_s1_tile(keys_only, schedule), "heads": heads is not None, **built}
    knobs["schedule"] = schedule
    if schedule != RECIPE:
        # The only values that other schedules have; what a library says of itself goes before.
        knobs = {"qk_preload": FAST_PRELOAD, "kv_split": 1, **knobs}
    if asked.s1_tile != BY_RULE:
        knobs["s1_tile"] = _whole("s1_tile", asked.s1_tile, S1_TILES)
    if asked.qk_preload is not None:
        knobs["qk_preload"] = asked.qk_preload
    if asked.kv_split != BY_RULE:
        knobs["kv_split"] = _whole("kv_split", asked.kv_split, KV_SPLITS)
    config = KernelConfig(**knobs)
    keys_only.check(config)
    shape = LaunchShape(q_rows=q_rows, s1=s1, heads=heads or 1)
    shape.check(config)
    # Neither user nor library nor schedule has said it.
    if "kv_split" not in knobs and may_split(shape, config):
        config = replace(config, kv_split=auto_kv_split(shape, config, cores()))
    return config


def _knobs_of(library: Path) -> Mapping[str, Any]:
    """Return the knobs that a library says it has; none if it cannot be asked: `open_backend` will say why."""
    try:
        found = KernelLibrary(library).info.knobs
    except LibraryError:
        return {}
    return {name: found[name] for name in KernelConfig().knobs if name in found}


def _whole(name: str, text: str, choices: Sequence[int]) -> int:
    try:
        return int(text)
    except ValueError:
        allowed = " or ".join(map(str, choices))
        raise ValueError(f"{name} = {text!r} is not supported: use {BY_RULE}, {allowed}") from None
